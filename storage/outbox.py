"""What waits to be sent: handed out by urgency, each chat in order, and recorded when it has gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import and_, case, exists, func, literal_column, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.messages import Message
from storage.database import Database
from storage.envelopes import AddressKey
from storage.moments import as_ms, from_ms
from storage.outbox_outcomes import Failed, Gone, Outcome, Retry, Sent, Uncertain, write_outcomes
from storage.outbox_states import SENT_AGAIN, OutboxState, Priority
from storage.tables import address, outbox
from storage.tables.base import AnyRow

__all__ = [
    "Failed",
    "Gone",
    "Outbox",
    "OutboxRow",
    "Outcome",
    "Priority",
    "Retry",
    "Sent",
    "Uncertain",
]

IS_WAITING = text("outbox.state = 0")
"""Written out: SQLite uses a partial index only where its condition stands in the query word for word."""
_decode = msgspec.json.Decoder(Message).decode


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message to be sent."""

    id: int
    address: AddressKey
    address_id: int
    message: Message
    priority: Priority
    attempts: int
    """How often sending it was put off."""
    is_uncertain: bool
    """Perhaps it was sent already, before a crash."""
    created_at: datetime


class Outbox:
    """The messages that wait."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, at: datetime, *, limit: int, lease: timedelta, busy: Collection[int] = frozenset()
    ) -> list[OutboxRow]:
        """Hand out what is due, the most urgent first, at most one message a chat.

        A message waits while an older one of its chat and of the same or higher urgency is under way or put off.
        What was handed out and not recorded within its lease comes again as uncertain; a reminder or
        broadcast does not: it becomes uncertain for good.
        """
        now = as_ms(at)
        async with self._database.writing("Handing out messages") as connection:
            has_changed = await _end_leases(connection, now)
            rows = (await connection.execute(_due(now, limit, busy))).all()
            if rows:
                leased = {"state": OutboxState.LEASED, "lease_until": as_ms(at + lease)}
                await connection.execute(update(outbox).where(outbox.c.id.in_([row.id for row in rows])).values(leased))
            if rows or has_changed:
                await connection.commit()
        return [_read(row) for row in rows]

    async def record(self, outcomes: Sequence[Outcome], at: datetime) -> None:
        """Keep what became of messages that were handed out; one that was recorded before stays as it is."""
        if not outcomes:
            return
        async with self._database.writing("Recording what was sent") as connection:
            await write_outcomes(connection, outcomes, as_ms(at))
            await connection.commit()

    async def next_due(self, at: datetime) -> datetime | None:
        """Tell the first moment after ``at`` when a message becomes due or a lease ends; ``None``: there is none."""
        now = as_ms(at)
        later = select(func.min(outbox.c.not_before)).where(IS_WAITING, outbox.c.not_before > now)
        leased = select(func.min(outbox.c.lease_until)).where(text("outbox.state = 1"), outbox.c.lease_until > now)
        async with self._database.reading("Looking for the next message") as connection:
            moments = [await connection.scalar(later), await connection.scalar(leased)]
        return min((from_ms(each) for each in moments if each is not None), default=None)

    async def counts(self) -> dict[OutboxState, int]:
        """Count the messages by how far they have come."""
        statement = select(outbox.c.state, func.count().label("many")).group_by(outbox.c.state)
        async with self._database.reading("Counting messages") as connection:
            found = {row.state: row.many for row in await connection.execute(statement)}
        return {state: found.get(state, 0) for state in OutboxState}


async def _end_leases(connection: AsyncConnection, now: int) -> bool:
    """Take back what was handed out to a process that is gone."""
    again = outbox.c.priority.in_(SENT_AGAIN)
    ended = await connection.execute(
        update(outbox)
        .where(text("state = 1"), outbox.c.lease_until <= now)
        .values(
            state=case((again, int(OutboxState.WAITING)), else_=int(OutboxState.UNCERTAIN)),
            is_uncertain=True,
            done_at=case((again, None), else_=now),
        )
    )
    return ended.rowcount > 0


def _due(now: int, limit: int, busy: Collection[int]) -> Any:
    """Give the query for the first message of each chat that may be sent now.

    ``+ 0`` keeps SQLite off the index by moment: it reads in the order of sending, and stops at the limit.
    """
    ahead = outbox.alias("ahead")
    before = or_(
        ahead.c.priority < outbox.c.priority,
        and_(ahead.c.priority == outbox.c.priority, ahead.c.id < outbox.c.id),
    )
    is_in_line = and_(before, ahead.c.not_after > now, or_(ahead.c.not_before <= now, ahead.c.attempts > 0))
    blocked = exists(literal_column("1")).where(
        text("ahead.state <= 1"),
        ahead.c.address_id == outbox.c.address_id,
        or_(ahead.c.state == OutboxState.LEASED, is_in_line),
    )
    statement = (
        select(outbox, address.c.channel, address.c.account, address.c.user)
        .join(address, address.c.id == outbox.c.address_id)
        .where(IS_WAITING, outbox.c.not_before + 0 <= now, outbox.c.not_after > now, ~blocked.select_from(ahead))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(limit)
    )
    return statement.where(outbox.c.address_id.not_in(busy)) if busy else statement


def _read(row: AnyRow) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        address=AddressKey(row.channel, row.account, row.user),
        address_id=row.address_id,
        message=_decode(row.body),
        priority=Priority(row.priority),
        attempts=row.attempts,
        is_uncertain=row.is_uncertain,
        created_at=from_ms(row.created_at),
    )

"""What waits to be sent: handed out by urgency, each chat in order, and recorded when it has gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, assert_never

import msgspec
from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from conversations.messages import Message
from conversations.purposes import Purpose
from storage.database import Database
from storage.envelopes import AddressKey
from storage.judging.judge import judge
from storage.judging.verdicts import Drop, Go, PutOff, Verdict
from storage.moments import as_ms, from_ms, from_optional_ms
from storage.outbox_outcomes import (
    Closed,
    Dropped,
    Failed,
    Gone,
    Later,
    OptedOut,
    Outcome,
    Retry,
    Sent,
    Uncertain,
    UntilHeard,
    write_outcomes,
)
from storage.outbox_states import SENT_AGAIN, UNHURRIED, UNTIL_HEARD, OutboxState, Priority
from storage.statements import Statement, given
from storage.tables import address, outbox
from storage.tables.base import AnyRow
from storage.turn_state import Shared
from storage.ways import Notice, Stuck, find_ways

__all__ = [
    "Closed",
    "Dropped",
    "Failed",
    "Gone",
    "Later",
    "OptedOut",
    "Outbox",
    "OutboxRow",
    "Outcome",
    "Priority",
    "Retry",
    "Room",
    "Sender",
    "Sent",
    "Uncertain",
    "UntilHeard",
]

IS_WAITING = text("outbox.state = 0")
"""Written out: SQLite uses a partial index only where its condition stands in the query word for word. A parameter that
is compared with a column of such a condition would make it plan the whole query anew each time (180 us)."""
GOES_LATER = text("outbox.state = 0 AND outbox.not_before > 0")
"""Written out for the same reason."""
LONGEST_PUT_OFF = timedelta(hours=1)
"""Longer than any wait between two attempts; where a platform asks for a longer silence, its account keeps silent."""
UNWRITTEN = Message("")
_decode = msgspec.json.Decoder(Message).decode
_decode_purpose = msgspec.json.Decoder(Purpose).decode


class Sender(NamedTuple):
    """The one who sends for an account, as long as nobody else holds the lease for it."""

    via: str
    """The channel and account: ``telegram:7712345678``."""
    tenure: int
    """Of the lease (``storage.leases``): rows that were handed out in an older one were cut off."""


class Room(NamedTuple):
    """How many messages may be started."""

    total: int
    unhurried: int
    """Of these, reminders and broadcasts at most."""


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
    phone: str = ""
    """The reader's phone number, digits only; empty while it is not known."""
    heard_at: datetime | None = None
    """The reader's last message there, on channels with a window (``storage.windows``)."""
    chosen_because: str = ""
    """Why it goes there and nowhere else (``storage.reaching``); empty: it answers what came from there."""
    is_template: bool = False
    """The chat is closed: only the message's template may go."""
    edits: str | None = None
    """The channel's id of the message whose text it replaces; empty: not known. None: it is a message of its own."""
    purpose: Purpose | None = None
    """What it is for, where that is judged when it is sent: until then the message says nothing."""


class Handed(NamedTuple):
    """What a sender is handed."""

    rows: list[OutboxRow]
    next_due: datetime | None
    """When the next message becomes due; None: no other one waits for a moment."""


class Outbox:
    """The messages that wait."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self._database = database
        self._shared = shared

    async def sweep(self, at: datetime, *, sender: Sender, mine: Collection[int] = ()) -> None:
        """Take back what was handed out and never recorded, but for ``mine``: the ids that are still under way.

        What an older tenure had under way comes again as uncertain; a reminder or broadcast does not: it becomes
        uncertain for good. What this tenure never began to send simply waits again. So does what was put off to a
        moment further ahead than anything is put off: the clock has been set back since.
        """
        async with self._database.writing("Taking messages back") as connection:
            ours = {"via": sender.via, "number": sender.tenure, "now": as_ms(at)}
            swept = await SWEEP.fetch(connection, {"id": list(mine)}, **ours)
            again = await NOW_AGAIN.fetch(connection, via=sender.via, furthest=as_ms(at + LONGEST_PUT_OFF))
            if swept or again:
                await connection.commit()

    async def exchange(
        self,
        ended: Sequence[Outcome],
        at: datetime,
        *,
        sender: Sender,
        room: Room,
        busy: Collection[int] = frozenset(),
    ) -> Handed:
        """Record what has ended, hand out what is due, and tell when more will be: all that a sender asks, at once.

        It is what ``record``, ``claim`` and ``next_due`` do, in one transaction.
        """
        async with self._database.writing("Handing out messages") as connection:
            await write_outcomes(connection, ended, as_ms(at), tenure=sender.tenure)
            next_due = await _next_due(connection, at, sender.via)
            rows = await _claim(connection, at, sender=sender, room=room, busy=busy) if room.total > 0 else []
            if ended or rows:
                await connection.commit()
        return Handed(rows, next_due)

    async def claim(
        self, at: datetime, *, sender: Sender, room: Room, busy: Collection[int] = frozenset()
    ) -> list[OutboxRow]:
        """Hand out what is due for this account, the most urgent first, at most one message a chat.

        As many as there is room for: fewer mean that no more are due that would find any.
        A message waits while an older one of its chat and of the same or higher urgency is under way or put off.
        It stays handed out until it is recorded, or taken back by ``sweep``.
        """
        async with self._database.writing("Handing out messages") as connection:
            rows = await _claim(connection, at, sender=sender, room=room, busy=busy)
            if rows:
                await connection.commit()
        return rows

    async def judge(self, rows: Sequence[OutboxRow], at: datetime, *, sender: Sender) -> list[OutboxRow]:
        """Judge those of these messages, all handed out, that have a purpose; give what is to be sent, as it is now.

        What is put off waits again; what is not needed any more is dropped.
        """
        judged = {row.id: row.purpose for row in rows if row.purpose}
        if not judged:
            return list(rows)
        async with self._database.writing("Judging messages") as connection:
            verdicts = await judge(connection, self._shared, judged, at)
            outcomes = [outcome for number, each in verdicts.items() if (outcome := _outcome(number, each))]
            await write_outcomes(connection, outcomes, as_ms(at), tenure=sender.tenure)
            await connection.commit()
        return [ready for row in rows if (ready := _written(row, verdicts))]

    async def find_ways(
        self, rows: Sequence[OutboxRow], at: datetime, *, sender: Sender, notice: Notice | None = None
    ) -> set[int]:
        """Find other ways for messages that were handed out for closed chats; give those that may go as templates.

        What goes elsewhere is seen by who sends there within seconds; what waits goes when its reader writes.
        """
        stuck = [
            Stuck(each.id, each.address_id, each.message.template, each.chosen_because, each.attempts) for each in rows
        ]
        async with self._database.writing("Finding other ways for messages") as connection:
            templates = await find_ways(connection, stuck, at, tenure=sender.tenure, notice=notice)
            await connection.commit()
        return templates

    async def record(self, outcomes: Sequence[Outcome], at: datetime, *, sender: Sender) -> None:
        """Keep what became of messages that were handed out to this sender; what was recorded before stays.

        Where somebody else has taken a message over, only that it was sent is still of interest.
        """
        if not outcomes:
            return
        async with self._database.writing("Recording what was sent") as connection:
            await write_outcomes(connection, outcomes, as_ms(at), tenure=sender.tenure)
            await connection.commit()

    async def next_due(self, at: datetime, *, via: str) -> datetime | None:
        """Tell the first moment after ``at`` when a message of this account becomes due; ``None``: there is none."""
        async with self._database.reading("Looking for the next message") as connection:
            return await _next_due(connection, at, via)

    async def counts(self) -> dict[OutboxState, int]:
        """Count the messages by how far they have come."""
        statement = select(outbox.c.state, func.count().label("many")).group_by(outbox.c.state)
        async with self._database.reading("Counting messages") as connection:
            found = {row.state: row.many for row in await connection.execute(statement)}
        return {state: found.get(state, 0) for state in OutboxState}


async def _claim(
    connection: AsyncConnection, at: datetime, *, sender: Sender, room: Room, busy: Collection[int]
) -> list[OutboxRow]:
    found = await DUE.fetch(
        connection,
        {"address_id": list(busy)},
        now=as_ms(at),
        via=sender.via,
        most=room.total,
        lowest=UNHURRIED[-1] if room.unhurried > 0 else UNHURRIED[0] - 1,
    )
    rows = _fitting([_DueRow(*each) for each in found], room)
    if not rows:
        return []
    await LEASED.execute(connection, {"id": [row.id for row in rows]}, number=sender.tenure)
    edited = await _edited(connection, {row.edits for row in rows if row.edits})
    return [_told(read_row(row), row, edited) for row in rows]


async def _next_due(connection: AsyncConnection, at: datetime, via: str) -> datetime | None:
    [(moment,)] = await NEXT_DUE.fetch(connection, now=as_ms(at), via=via)
    return None if moment is None else from_ms(moment)


def _outcome(number: int, verdict: Verdict) -> Outcome | None:
    match verdict:
        case Go():
            return None
        case PutOff():
            return Later(number, verdict.until, verdict.reason)
        case Drop():
            return Dropped(number, verdict.reason)
        case _:
            assert_never(verdict)


def _written(row: OutboxRow, verdicts: Mapping[int, Verdict]) -> OutboxRow | None:
    """Give a message as it is to be sent; ``None``: it is not."""
    if row.purpose is None:
        return row
    verdict = verdicts[row.id]
    return replace(row, message=verdict.message) if isinstance(verdict, Go) else None


async def _edited(connection: AsyncConnection, numbers: Collection[int]) -> Mapping[int, str]:
    """Give the channel's ids of messages that are to be edited."""
    if not numbers:
        return {}
    found = await connection.execute(select(outbox.c.id, outbox.c.message_id).where(outbox.c.id.in_(numbers)))
    return {row.id: row.message_id for row in found}


def _told(message: OutboxRow, row: _DueRow, edited: Mapping[int, str]) -> OutboxRow:
    return replace(message, edits=edited.get(row.edits, "")) if row.edits else message


def _sweep(dialect: str) -> ReturningUpdate[Any]:
    is_ours = outbox.c.tenure == bindparam("number")
    waits_again = or_(is_ours, *(outbox.c.priority == int(each) for each in SENT_AGAIN))
    return (
        update(outbox)
        .where(text("state = 1"), outbox.c.via == bindparam("via"), outbox.c.tenure <= bindparam("number"))
        .where(outbox.c.id.not_in(select(given(dialect, outbox.c.id))))
        .values(
            state=case((waits_again, int(OutboxState.WAITING)), else_=int(OutboxState.UNCERTAIN)),
            is_uncertain=or_(outbox.c.is_uncertain, ~is_ours),
            done_at=case((waits_again, None), else_=bindparam("now", type_=BigInteger)),
        )
        .returning(outbox.c.id)
    )


def _now_again(_dialect: str) -> ReturningUpdate[Any]:
    return (
        update(outbox)
        .where(GOES_LATER, outbox.c.via == bindparam("via"), outbox.c.attempts > 0)
        .where(outbox.c.not_before > bindparam("furthest", type_=BigInteger))
        .values(not_before=0)
        .returning(outbox.c.id)
    )


def _due(dialect: str) -> Select[Any]:
    """Give the query for the first message of each chat that may be sent now.

    ``+ 0`` keeps SQLite off the index by moment: it reads in the order of sending, and stops at the limit.
    """
    ahead, now = outbox.alias("ahead"), bindparam("now", type_=BigInteger)
    before = or_(
        ahead.c.priority < outbox.c.priority,
        and_(ahead.c.priority == outbox.c.priority, ahead.c.id < outbox.c.id),
    )
    is_in_line = and_(before, ahead.c.not_after > now, or_(ahead.c.not_before <= now, ahead.c.attempts > 0))
    blocked = exists(literal_column("1")).where(
        text("ahead.state <= 1"),
        ahead.c.address_id == outbox.c.address_id,
        or_(text("ahead.state = 1"), is_in_line),
    )
    return (
        select(*READ, *READER)
        .join(address, address.c.id == outbox.c.address_id)
        .where(IS_WAITING, outbox.c.via == bindparam("via"))
        .where(outbox.c.priority <= bindparam("lowest", type_=Integer))
        .where(outbox.c.not_before + 0 <= now, outbox.c.not_after > now)
        .where(~blocked.select_from(ahead))
        .where(outbox.c.address_id.not_in(select(given(dialect, outbox.c.address_id))))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(of=outbox, skip_locked=True)  # PostgreSQL: a turn that drops a message holds nobody up
    )


class _DueRow(NamedTuple):
    """A row with the columns ``READ`` and ``READER``."""

    id: int
    address_id: int
    body: str
    priority: int
    attempts: int
    is_uncertain: bool
    created_at: int
    chosen_because: str
    purpose: str
    edits: int | None
    channel: str
    account: str
    user: str
    phone: str
    heard_at: int | None


READ = tuple(outbox.c[name] for name in _DueRow._fields[:10])
READER = tuple(address.c[name] for name in _DueRow._fields[10:])
SWEEP, NOW_AGAIN, DUE = Statement(_sweep), Statement(_now_again), Statement(_due)
NEXT_DUE = Statement(
    lambda _dialect: (
        select(func.min(outbox.c.not_before))
        .where(GOES_LATER, outbox.c.via == bindparam("via"))
        .where(outbox.c.not_before > bindparam("now", type_=BigInteger), outbox.c.not_before < UNTIL_HEARD)
    )
)
LEASED = Statement(
    lambda dialect: (
        update(outbox)
        .where(outbox.c.id.in_(select(given(dialect, outbox.c.id))))
        .values(state=int(OutboxState.LEASED), tenure=bindparam("number"))
    )
)


def _fitting(rows: Sequence[_DueRow], room: Room) -> list[_DueRow]:
    """Leave out the reminders and broadcasts for which there is no room."""
    hurried = [row for row in rows if row.priority not in UNHURRIED]
    return hurried + [row for row in rows if row.priority in UNHURRIED][: room.unhurried]


def read_row(row: AnyRow | _DueRow) -> OutboxRow:
    """Make a message of a row with the columns ``READ`` and ``READER``."""
    return OutboxRow(
        id=row.id,
        address=AddressKey(row.channel, row.account, row.user),
        address_id=row.address_id,
        message=UNWRITTEN if row.purpose else _decode(row.body),
        priority=Priority(row.priority),
        attempts=row.attempts,
        is_uncertain=bool(row.is_uncertain),
        created_at=from_ms(row.created_at),
        phone=row.phone,
        heard_at=from_optional_ms(row.heard_at),
        chosen_because=row.chosen_because,
        purpose=_decode_purpose(row.purpose) if row.purpose else None,
    )

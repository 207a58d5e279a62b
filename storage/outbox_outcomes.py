"""What became of messages: how each ending is written, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Update, bindparam, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.inserting import upsert, write_many
from storage.locks import lock_rows
from storage.moments import as_ms
from storage.outbox_states import OutboxState
from storage.reaching import redirect
from storage.tables import address, message_topic, outbox

MOST_REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took it."""

    id: int
    message_id: str
    """The channel's id of the message; empty when it gives none."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now."""

    id: int
    not_before: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Never."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The reader has blocked us, or is no more: nothing is sent there unasked until they write again."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Perhaps it arrived, and it is not to be repeated."""

    id: int


Outcome = Sent | Retry | Failed | Gone | Uncertain


def _end(_dialect: str) -> Update:
    return (
        update(outbox)
        .where(outbox.c.id == bindparam("this_id"), text("state <= 1"))
        .where(or_(outbox.c.tenure == bindparam("in_tenure"), bindparam("was_sent", type_=Boolean)))
        .values(
            state=bindparam("to_state"),
            message_id=bindparam("as_message"),
            done_at=bindparam("ended_at"),
            reason=bindparam("because"),
            not_before=bindparam("earliest"),
            attempts=outbox.c.attempts + bindparam("tries"),
        )
    )


_asked = select(outbox.c.id, outbox.c.address_id, outbox.c.topic_assignment_id, outbox.c.topic_key).where(
    outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.topic_assignment_id.is_not(None)
)


async def write_outcomes(connection: AsyncConnection, outcomes: Sequence[Outcome], now: int, *, tenure: int) -> None:
    """Write the outcomes of messages that were handed out in this tenure, in few statements.

    Rows are taken in the order of every transaction, addresses before messages and messages by their numbers: two that
    write at the same time on PostgreSQL then wait for each other and not in a circle.
    """
    sent = {each.id: each.message_id for each in outcomes if isinstance(each, Sent) and each.message_id}
    if sent:
        await _remember_topics(connection, sent)
    gone = [each.id for each in outcomes if isinstance(each, Gone)]
    if gone:
        await _close_chats(connection, gone, now)
    rows = [_row(outcome, now) | {"in_tenure": tenure} for outcome in sorted(outcomes, key=attrgetter("id"))]
    await write_many(connection, _end, rows)


def _row(outcome: Outcome, now: int) -> dict[str, Any]:
    row = {
        "this_id": outcome.id,
        "to_state": int(OutboxState.FAILED),
        "as_message": "",
        "ended_at": now,
        "because": "",
        "earliest": 0,
        "tries": 1,
        "was_sent": isinstance(outcome, Sent),
    }
    match outcome:
        case Sent():
            row |= {"to_state": int(OutboxState.SENT), "as_message": outcome.message_id}
        case Retry():
            row |= {"to_state": int(OutboxState.WAITING), "ended_at": None, "earliest": as_ms(outcome.not_before)}
        case Uncertain():
            row |= {"to_state": int(OutboxState.UNCERTAIN)}
        case Failed() | Gone():
            pass
    if not isinstance(outcome, (Sent, Uncertain)):
        row["because"] = outcome.reason[:MOST_REASON_CHARACTERS]
    return row


async def _remember_topics(connection: AsyncConnection, sent: dict[int, str]) -> None:
    """A message that asked a question is found again by the channel's id of it."""
    rows = [
        {
            "address_id": row.address_id,
            "message_id": sent[row.id],
            "assignment_id": row.topic_assignment_id,
            "key": row.topic_key,
        }
        for row in (await connection.execute(_asked, {"ids": list(sent)})).all()
    ]
    if rows:
        await write_many(connection, upsert(message_topic, ("assignment_id", "key")), rows)


async def _close_chats(connection: AsyncConnection, gone: Sequence[int], now: int) -> None:
    chats = (await connection.scalars(select(outbox.c.address_id).where(outbox.c.id.in_(gone)))).all()
    await lock_rows(connection, address, set(chats))
    await connection.execute(update(address).where(address.c.id.in_(chats)).values(blocked_at=now))
    await redirect(connection, chats, at=now, reason="reader gone")

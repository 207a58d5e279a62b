"""What became of messages: how each ending is written, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, assert_never

from sqlalchemy import Boolean, SmallInteger, Update, bindparam, case, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.inserting import upsert, write_many
from storage.locks import lock_rows
from storage.moments import as_ms
from storage.outbox_states import UNTIL_HEARD, OutboxState
from storage.reaching import redirect
from storage.statements import Statement, given
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
class Later:
    """On another day, as if it had been planned for then: nothing else of the chat waits for it."""

    id: int
    not_before: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The channel takes nothing but templates for this reader, whatever we thought: it is to be judged again."""

    id: int
    at: datetime
    """When that was so; who wrote later has opened the chat again."""
    reason: str


@dataclass(frozen=True, slots=True)
class UntilHeard:
    """Not before the reader writes: no template of it can be used."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The reader wants nothing there that they did not ask for: it goes to another chat of theirs, if it can."""

    id: int
    reason: str
    is_reply: bool = False
    """It is given up instead."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Never."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Not needed any more."""

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


Outcome = Sent | Retry | Later | Closed | UntilHeard | OptedOut | Failed | Dropped | Gone | Uncertain


def _end(_dialect: str) -> Update:
    """Of a message that was reported as failed before it was noted as sent, that report stands."""
    was_sent, tried = bindparam("was_sent", type_=Boolean), bindparam("tried", type_=SmallInteger)
    return (
        update(outbox)
        .where(outbox.c.id == bindparam("this_id"), text("state <= 1"))
        .where(or_(outbox.c.tenure == bindparam("in_tenure"), was_sent))
        .where(or_(text("message_id = ''"), outbox.c.message_id != bindparam("as_message")))
        .values(
            state=bindparam("to_state"),
            message_id=case((was_sent, bindparam("as_message")), else_=outbox.c.message_id),
            done_at=bindparam("ended_at"),
            reason=bindparam("because"),
            not_before=bindparam("earliest"),
            attempts=outbox.c.attempts * tried + tried,
        )
    )


ASKED = Statement(
    lambda dialect: (
        select(outbox.c.id, outbox.c.address_id, outbox.c.topic_assignment_id, outbox.c.topic_key)
        .where(outbox.c.id.in_(select(given(dialect, outbox.c.id))), outbox.c.topic_assignment_id.is_not(None))
        .order_by(outbox.c.id)
    )
)


async def write_outcomes(connection: AsyncConnection, outcomes: Sequence[Outcome], now: int, *, tenure: int) -> None:
    """Write the outcomes of messages that were handed out in this tenure, in few statements.

    Rows are taken in the order of every transaction, addresses before messages and messages by their numbers: two that
    write at the same time on PostgreSQL then wait for each other and not in a circle.
    """
    sent = {each.id: each.message_id for each in outcomes if isinstance(each, Sent) and each.message_id}
    if sent:
        await remember_topics(connection, sent)
    closed = await _change_chats(connection, outcomes, now)
    rows = [_row(outcome, now) | {"in_tenure": tenure} for outcome in sorted(outcomes, key=attrgetter("id"))]
    await write_many(connection, _end, rows)
    if closed:
        await redirect(connection, closed, at=now, reason="reader gone or opted out")


def _row(outcome: Outcome, now: int) -> dict[str, Any]:
    row = {
        "this_id": outcome.id,
        "to_state": int(OutboxState.FAILED),
        "as_message": "",
        "ended_at": now,
        "because": "",
        "earliest": 0,
        "tried": int(not isinstance(outcome, Later | UntilHeard)),  # as one more attempt; otherwise it begins anew
        "was_sent": isinstance(outcome, Sent),
    }
    waits = {"to_state": int(OutboxState.WAITING), "ended_at": None}
    match outcome:
        case Sent():
            row |= {"to_state": int(OutboxState.SENT), "as_message": outcome.message_id}
        case Retry() | Later():
            row |= waits | {"earliest": as_ms(outcome.not_before)}
        case UntilHeard():
            row |= waits | {"earliest": UNTIL_HEARD}
        case OptedOut(is_reply=True) | Failed() | Gone():
            pass
        case Closed() | OptedOut():
            row |= waits
        case Uncertain():
            row |= {"to_state": int(OutboxState.UNCERTAIN)}
        case Dropped():
            row |= {"to_state": int(OutboxState.DROPPED)}
        case _:
            assert_never(outcome)
    if not isinstance(outcome, (Sent, Uncertain)):
        row["because"] = outcome.reason[:MOST_REASON_CHARACTERS]
    return row


async def remember_topics(connection: AsyncConnection, sent: dict[int, str]) -> None:
    """A message that asked a question is found again by the channel's id of it."""
    rows = [
        {"address_id": chat, "message_id": sent[number], "assignment_id": assignment, "key": key}
        for number, chat, assignment, key in await ASKED.fetch(connection, {"id": list(sent)})
    ]
    if rows:
        await write_many(connection, upsert(message_topic, ("assignment_id", "key")), rows)


async def _change_chats(connection: AsyncConnection, outcomes: Sequence[Outcome], now: int) -> set[int]:
    """Keep what the outcomes say about the readers; give the chats that take nothing unasked any more."""
    told = {each.id: each for each in outcomes if isinstance(each, Gone | OptedOut | Closed)}
    if not told:
        return set()
    where = select(outbox.c.id, outbox.c.address_id).where(outbox.c.id.in_(told))
    chats = {row.address_id: told[row.id] for row in await connection.execute(where)}
    await lock_rows(connection, address, chats)
    for chat, outcome in chats.items():
        this = update(address).where(address.c.id == chat)
        match outcome:
            case Gone():
                this = this.values(blocked_at=now)
            case OptedOut():
                this = this.values(opted_out_at=now)
            case Closed():
                this = this.where(address.c.heard_at <= as_ms(outcome.at)).values(heard_at=None)
        await connection.execute(this)
    return {chat for chat, outcome in chats.items() if not isinstance(outcome, Closed)}

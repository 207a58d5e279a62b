"""Puts messages into the outbox that nobody asked for, each once, where its reader is best reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.purposes import Purpose
from storage.inserting import insert_into
from storage.moments import as_ms
from storage.outbox_states import Priority
from storage.reaching import reach
from storage.rows import encode
from storage.tables import outbox

CHUNK = 500
"""Rows of one statement."""


@dataclass(frozen=True, slots=True)
class Unasked:
    """A message for somebody who did not just write; what it says is found out when it is sent."""

    person: int
    purpose: Purpose
    once: str
    """It is put there at most once under this name."""
    not_before: datetime
    not_after: datetime
    """Nobody wants to read it from this moment on."""
    priority: Priority = Priority.REMINDER


async def put(connection: AsyncConnection, messages: Sequence[Unasked], at: datetime) -> dict[str, int]:
    """Put these messages into the outbox; give the numbers of those that are new, by name.

    Whoever has blocked us or opted out everywhere gets none. Their senders find them at their next look.
    """
    found: dict[str, int] = {}
    for start in range(0, len(messages), CHUNK):
        found |= await _put(connection, messages[start : start + CHUNK], at)
    return found


async def _put(connection: AsyncConnection, messages: Sequence[Unasked], at: datetime) -> dict[str, int]:
    chosen = await reach(connection, {each.person for each in messages}, at=as_ms(at))
    rows = [
        {
            "address_id": to.address,
            "via": to.via,
            "chosen_because": to.because,
            "priority": int(each.priority),
            "body": "{}",
            "purpose": encode(each.purpose).decode(),
            "dedupe": each.once,
            "not_before": as_ms(each.not_before),
            "not_after": as_ms(each.not_after),
            "created_at": as_ms(at),
        }
        for each in sorted(messages, key=lambda one: one.once)  # two processes wait for each other in one order
        if (to := chosen.get(each.person))
    ]
    if not rows:
        return {}
    statement = insert_into(connection, outbox).on_conflict_do_nothing().returning(outbox.c.id, outbox.c.dedupe)
    return {row.dedupe: row.id for row in await connection.execute(statement, rows)}

"""The record of a message, for an administrator: where it goes and why, and what became of it. No text, no names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from storage.database import Database
from storage.moments import from_ms, from_optional_ms
from storage.outbox_states import UNTIL_HEARD, OutboxState, Priority
from storage.tables import outbox
from storage.tables.base import AnyRow

MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """What is kept of a message besides its text."""

    id: int
    via: str
    address: int
    priority: Priority
    state: OutboxState
    waits_for_reader: bool
    created_at: datetime
    not_before: datetime | None
    done_at: datetime | None
    attempts: int
    message_id: str
    delivered_at: datetime | None
    read_at: datetime | None
    chosen_because: str
    """See ``storage.reaching.Because``."""
    reason: str
    """Why it was put off or given up."""
    error_code: int
    """The platform's; 0: none was reported."""


class OutboxRecords:
    """Reads the records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, number: int) -> OutboxRecord | None:
        """Give the record of a message; None: there is none, or it was thrown away long after it ended."""
        found = await self._read(select(*COLUMNS).where(outbox.c.id == number))
        return found[0] if found else None

    async def newest(
        self, *, state: OutboxState | None = None, waits_for_reader: bool = False, most: int = 50
    ) -> list[OutboxRecord]:
        """Give the newest messages, at most ``MOST_LISTED``: all, those of a state, or those that wait for readers."""
        statement = select(*COLUMNS).order_by(outbox.c.id.desc()).limit(min(most, MOST_LISTED))
        if waits_for_reader:
            held = (outbox.c.state == OutboxState.WAITING) & (outbox.c.not_before == UNTIL_HEARD)
            return await self._read(statement.where(held))
        return await self._read(statement if state is None else statement.where(outbox.c.state == state))

    async def _read(self, statement: Select[Any]) -> list[OutboxRecord]:
        async with self._database.reading("Looking up messages") as connection:
            return [_record(row) for row in await connection.execute(statement)]


NAMES = ("id", "via", "address_id", "priority", "state", "created_at", "not_before", "done_at", "attempts")
TOLD = ("message_id", "delivered_at", "read_at", "chosen_because", "reason", "error_code")
COLUMNS = tuple(outbox.c[name] for name in (*NAMES, *TOLD))


def _record(row: AnyRow) -> OutboxRecord:
    is_held = row.not_before == UNTIL_HEARD
    return OutboxRecord(
        id=row.id,
        via=row.via,
        address=row.address_id,
        priority=Priority(row.priority),
        state=OutboxState(row.state),
        waits_for_reader=is_held and row.state == OutboxState.WAITING,
        created_at=from_ms(row.created_at),
        not_before=from_ms(row.not_before) if row.not_before and not is_held else None,
        done_at=from_optional_ms(row.done_at),
        attempts=row.attempts,
        message_id=row.message_id,
        delivered_at=from_optional_ms(row.delivered_at),
        read_at=from_optional_ms(row.read_at),
        chosen_because=row.chosen_because,
        reason=row.reason,
        error_code=row.error_code,
    )

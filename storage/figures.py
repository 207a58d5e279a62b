"""Figures of the database for whoever watches the program: what waits, for how long, and how large it all is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Table, TextClause, case, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.moments import as_ms
from storage.outbox_states import UNTIL_HEARD, Priority
from storage.tables import failed_event, job, outbox

NO_WAIT = timedelta(0)


@dataclass(frozen=True, slots=True)
class Queue:
    """The messages of one priority that could go now."""

    many: int = 0
    waited: timedelta = NO_WAIT
    """How long the first in line has waited; nothing when there is none."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one look at the database found."""

    queues: Mapping[Priority, Queue]
    planned: int
    """Messages whose moment is still to come, or that were put off."""
    held: int
    """Messages that wait until their reader writes."""
    messages_leased: int
    """Messages that were handed out and are being sent."""
    files_waiting: int
    """Files to be fetched, those under way included."""
    failed_events: int
    database_bytes: int


class FigureReader:
    """Reads the figures; each query stays within an index of what is not done yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, at: datetime) -> Figures:
        """Look at the database.

        Raises:
            StorageError: it does not answer.
        """
        now = as_ms(at)
        async with self._database.reading("Reading figures") as connection:
            lines = (await connection.execute(_lines(now))).all()
            since = {
                row.id: row.since for row in await connection.execute(_waiting_since([row.first for row in lines]))
            }
            queues = {Priority(row.priority): Queue(row.due, _wait(since.get(row.first), now)) for row in lines}
            return Figures(
                queues={each: queues.get(each, Queue()) for each in Priority},
                planned=sum(row.planned for row in lines),
                held=sum(row.held for row in lines),
                messages_leased=await _count(connection, outbox, text("outbox.state = 1")),
                files_waiting=await _count(connection, job),
                failed_events=await _count(connection, failed_event),
                database_bytes=await connection.scalar(SIZE[connection.dialect.name]) or 0,
            )


SIZE = {
    "sqlite": text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"),
    "postgresql": text("SELECT pg_database_size(current_database())"),
}


def _lines(now: int) -> Select[Any]:
    """Count for each priority what is due and what is planned; ``first`` is the first in line of what is due."""
    is_due, is_held = outbox.c.not_before <= now, outbox.c.not_before == UNTIL_HEARD
    return (
        select(
            outbox.c.priority,
            func.count().filter(is_due).label("due"),
            func.count().filter(~is_due & ~is_held).label("planned"),
            func.count().filter(is_held).label("held"),
            func.min(outbox.c.id).filter(is_due).label("first"),
        )
        .where(text("outbox.state = 0"))
        .group_by(outbox.c.priority)
    )


def _waiting_since(ids: Sequence[int | None]) -> Select[Any]:
    """A message that was put off has waited since it was made; one that was planned, since its moment."""
    planned = case((outbox.c.not_before > outbox.c.created_at, outbox.c.not_before), else_=outbox.c.created_at)
    since = case((outbox.c.attempts > 0, outbox.c.created_at), else_=planned)
    return select(outbox.c.id, since.label("since")).where(outbox.c.id.in_([each for each in ids if each is not None]))


def _wait(since: int | None, now: int) -> timedelta:
    return NO_WAIT if since is None else timedelta(milliseconds=max(now - since, 0))


async def _count(connection: AsyncConnection, counted: Table, *conditions: TextClause) -> int:
    return await connection.scalar(select(func.count()).select_from(counted).where(*conditions)) or 0

"""Everything that is kept in the end, for whoever compares it with what people have said and heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.sheets import Sheet
from storage.database import Database
from storage.form_rows import FormRows
from storage.outbox_states import OutboxState, Priority
from storage.tables import address, event_key, failed_event, history, job, outbox, region, score_total, sheet
from storage.totals import LEVELS, recounted

Answer = tuple[int, str]
"""Assignment and key of a question."""


class Change(NamedTuple):
    """One change of an answer; ``None``: there was none, or there is none any more."""

    old: str | None
    new: str | None


class KeptMessage(NamedTuple):
    """A message of the outbox, whatever became of it."""

    id: int
    user: str
    """Its chat, as its channel names it."""
    priority: Priority
    state: OutboxState
    body: str
    purpose: str
    dedupe: str | None
    attempts: int
    is_uncertain: bool
    """At least once nobody knew whether it had arrived."""
    reason: str
    not_before: int
    """Milliseconds (``storage.moments``), as in the next one."""
    not_after: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds."""

    events: frozenset[str]
    """Keys of all that ever took effect and is not forgotten yet."""
    answers: Mapping[Answer, str]
    changes: Mapping[Answer, Sequence[Change]]
    """In order."""
    photos: Sequence[str]
    """SHA-256 of what is kept as evidence, once for each place where it is."""
    messages: Sequence[KeptMessage]
    left: Mapping[str, int]
    """Rows of work that should come to an end."""
    miscounted: int
    """Totals that are not what a recount gives."""


class KeptReader:
    """Reads all of it, in one state of the database. For rehearsals and tests: it grows with everything."""

    def __init__(self, database: Database, form_rows: FormRows) -> None:
        self._database = database
        self._form_rows = form_rows

    async def read(self) -> Kept:
        """Look at everything.

        Raises:
            StorageError: the database does not answer.
        """
        await self._form_rows.prepare(self._database)
        async with self._database.reading("Looking at everything") as connection:
            sheets = [
                (row.assignment_id, msgspec.json.decode(row.body, type=Sheet))
                for row in await connection.execute(select(sheet.c.assignment_id, sheet.c.body))
            ]
            return Kept(
                events=frozenset(await connection.scalars(select(event_key.c.key))),
                answers={(number, key): said.value for number, kept in sheets for key, said in kept.answers.items()},
                changes=await _changes(connection),
                photos=[photo.sha256 for _, kept in sheets for photo in kept.evidence],
                messages=await _messages(connection),
                left={
                    table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
                    for table in (job, failed_event)
                },
                miscounted=await _miscounted(connection, self._form_rows),
            )


async def _changes(connection: AsyncConnection) -> Mapping[Answer, Sequence[Change]]:
    changes: defaultdict[Answer, list[Change]] = defaultdict(list)
    for row in await connection.execute(select(history).order_by(history.c.id)):
        changes[row.assignment_id, row.key].append(Change(row.old, row.new))
    return changes


async def _messages(connection: AsyncConnection) -> Sequence[KeptMessage]:
    columns = [address.c.user if name == "user" else outbox.c[name] for name in KeptMessage._fields]
    statement = select(*columns).join(address, address.c.id == outbox.c.address_id).order_by(outbox.c.id)
    rows = await connection.execute(statement)
    return [KeptMessage(*row)._replace(priority=Priority(row.priority), state=OutboxState(row.state)) for row in rows]


async def _miscounted(connection: AsyncConnection, form_rows: FormRows) -> int:
    kept = {tuple(row) for row in await connection.execute(select(score_total))}
    provinces = select(region.c.province_id, score_total.c.cycle_id).join(
        score_total, score_total.c.region_id == region.c.id
    )
    counted: set[tuple[Any, ...]] = set()
    for row in (await connection.execute(provinces.distinct())).all():
        for level in LEVELS:
            found = await recounted(connection, form_rows, row.cycle_id, (level, row.province_id))
            counted |= {tuple(each[column.name] for column in score_total.columns) for each in found}
    return len(kept ^ counted)

"""Moves an installation from SQLite to PostgreSQL: table by table, compared row by row, all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Table, false, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, address_of, connect, file_of, migrate
from storage.errors import StorageError
from storage.inserting import plain, write_many
from storage.leases import NOBODY
from storage.schema import newest_version, version_of
from storage.tables import METADATA, lease

ROWS_AT_ONCE = 2_000
BITS = 256
Rows = Sequence[Mapping[str, Any]]
Watch = Callable[[int, int], None]
"""Told now and then how many rows are done, of how many; each counts twice, once copied and once compared."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that is the same on both sides."""

    table: str
    rows: int


@dataclass(slots=True)
class Content:
    """What a table holds, in whatever order it is read: databases sort texts in different ways."""

    rows: int = 0
    digest: int = 0
    """The SHA-256 of every row, added up."""

    def add(self, rows: Rows) -> None:
        """Count rows in."""
        self.rows += len(rows)
        for row in rows:
            self.digest += int.from_bytes(hashlib.sha256(_encode(list(row.values()))).digest())
        self.digest %= 1 << BITS


async def copy_database(source: str, target: str, watch: Watch) -> Sequence[Copied]:
    """Copy everything from a SQLite database that nobody uses to a PostgreSQL database without rows.

    Leases are copied as held by nobody; the numbers of their tenures go on, as do all numbers that name something.

    Raises:
        StorageError: one of the two is of another kind, version or content than expected, or one side differs from
            the other; nothing was kept.
    """
    refuse_other_kinds(source, target)
    await migrate(target)
    async with _reading(source) as old, _writing(target) as new:
        await _refuse_other_version(old)
        await _refuse_rows(new)
        progress = _Progress(watch, 2 * sum([await _count(old, table) for table in METADATA.sorted_tables]))
        contents = {table: await _copy(old, new, table, progress) for table in METADATA.sorted_tables}
        for table, content in contents.items():
            await _compare(new, table, content, progress)
        await _continue_numbers(old, new)
        await new.execute(
            text("ANALYZE")
        )  # autovacuum does it in a minute; until then queries would be planned blindly
        await new.commit()
    return [Copied(table.name, content.rows) for table, content in contents.items()]


class _Progress:
    def __init__(self, watch: Watch, total: int) -> None:
        self._watch = watch
        self._total = total
        self._done = 0

    def advance(self, rows: int) -> None:
        self._done += rows
        self._watch(self._done, self._total)


def refuse_other_kinds(source: str, target: str) -> None:
    """Look at two addresses before anything is opened or made.

    Raises:
        StorageError: the first names no SQLite file that is there, or the second no PostgreSQL database.
    """
    file = file_of(source)
    if file is None or not file.is_file():
        raise StorageError(
            "The first address was expected to name a SQLite file, like sqlite+aiosqlite:///var/jemputbola.db; "
            f"{file or 'it'} is none. To copy a PostgreSQL database use pg_dump and pg_restore."
        )
    if address_of(target).get_backend_name() != "postgresql":
        raise StorageError(
            "The second address was expected to name a PostgreSQL database, like postgresql://user@host/jemputbola; "
            "it names another kind. To copy a SQLite file use jemputbola backup."
        )


@asynccontextmanager
async def _reading(url: str) -> AsyncIterator[AsyncConnection]:
    database = Database(connect(url))
    try:
        async with database.reading("Reading what is to be copied") as connection:
            yield connection
    finally:
        await database.engine.dispose()


@asynccontextmanager
async def _writing(url: str) -> AsyncIterator[AsyncConnection]:
    database = Database(connect(url))
    try:
        async with database.writing("Writing the copy") as connection:
            yield connection
    finally:
        await database.engine.dispose()


async def _refuse_other_version(connection: AsyncConnection) -> None:
    found, expected = await connection.run_sync(version_of), newest_version()
    if found != expected:
        raise StorageError(
            f"A SQLite database of version {expected} was expected; it is of version {found or '0'}. "
            "Run jemputbola db upgrade on it, with this version of the program, then copy again."
        )


async def _refuse_rows(connection: AsyncConnection) -> None:
    for table in METADATA.sorted_tables:
        if rows := await _count(connection, table):
            raise StorageError(
                f"A PostgreSQL database without rows was expected; its table {table.name} has {rows}. "
                "Make a new database (CREATE DATABASE) and give its address."
            )


async def _count(connection: AsyncConnection, table: Table) -> int:
    return await connection.scalar(select(func.count()).select_from(table)) or 0


async def _copy(old: AsyncConnection, new: AsyncConnection, table: Table, progress: _Progress) -> Content:
    content = Content()
    async for rows in _pages(old, table):
        copied = [row | {"holder": NOBODY} for row in rows] if table is lease else rows
        content.add(copied)
        _refuse_null_characters(table, copied)
        await write_many(new, plain(table), copied)
        progress.advance(len(rows))
    return content


def _refuse_null_characters(table: Table, rows: Rows) -> None:
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and "\0" in value:
                key = [row[each.name] for each in table.primary_key]
                raise StorageError(
                    f"Texts that PostgreSQL can hold were expected; {name} in the row {key} of {table.name} has the "
                    "character U+0000. Take it out, then copy again."
                )


async def _compare(connection: AsyncConnection, table: Table, expected: Content, progress: _Progress) -> None:
    found = Content()
    async for rows in _pages(connection, table):
        found.add(rows)
        progress.advance(len(rows))
    if found != expected:
        raise StorageError(
            f"The same {expected.rows} rows were expected in {table.name} on both sides; those that PostgreSQL holds "
            "differ. Nothing was kept. Look for triggers in the new database, and report this."
        )


async def _pages(connection: AsyncConnection, table: Table) -> AsyncIterator[list[dict[str, Any]]]:
    """Give all rows in the order of their keys, some at a time."""
    keys = tuple(table.primary_key)
    statement = select(table).order_by(*keys).limit(ROWS_AT_ONCE)
    page = statement
    while rows := [dict(row) for row in (await connection.execute(page)).mappings()]:
        yield rows
        last = [literal(rows[-1][key.name], key.type) for key in keys]
        page = statement.where(tuple_(*keys) > tuple_(*last))


async def _continue_numbers(old: AsyncConnection, new: AsyncConnection) -> None:
    """Let PostgreSQL go on numbering where SQLite would: a number is never given twice, not even after a deletion."""
    given = {row.name: row.seq for row in await old.execute(text("SELECT name, seq FROM sqlite_sequence"))}
    for table in METADATA.sorted_tables:
        key = table.autoincrement_column
        if key is not None:
            newest = await old.scalar(select(func.max(key))) or 0
            after = max(newest, given.get(table.name, 0)) + 1
            sequence = func.pg_get_serial_sequence(table.name, key.name)
            await new.execute(select(func.setval(sequence, after, false())))

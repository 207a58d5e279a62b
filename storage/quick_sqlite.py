"""A connection to SQLite with one thread hop a statement.

aiosqlite makes a cursor, executes, fetches and closes in four hops to its thread; a hop takes about 40 us, and more
when the machine is busy. SQLAlchemy reads all rows at once anyway, so one hop can do all four.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Self

import aiosqlite


class QuickCursor:
    """What SQLAlchemy asks of a cursor; the rows are there when ``execute`` returns."""

    def __init__(self, connection: QuickConnection) -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Execute a statement and fetch what it gives."""
        await self._connection.run_for(self, sql, parameters, is_many=False)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Execute a statement for many rows."""
        await self._connection.run_for(self, sql, parameters, is_many=True)
        return self

    async def fetchall(self) -> Sequence[Any]:
        """Give the rows."""
        return self._rows

    async def close(self) -> None:
        """Forget the rows; the real cursor is closed already."""
        self._rows = ()

    def run(self, connection: sqlite3.Connection, sql: str, parameters: Any, *, is_many: bool) -> None:
        """Do all of it; in the connection's thread."""
        cursor = connection.cursor()
        try:
            (cursor.executemany if is_many else cursor.execute)(sql, parameters)
            self.description, self.lastrowid = cursor.description, cursor.lastrowid
            self._rows = cursor.fetchall() if cursor.description else ()
            self.rowcount = cursor.rowcount
        finally:
            cursor.close()


class QuickConnection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors are quick."""

    def cursor(self) -> QuickCursor:  # type: ignore[override]
        """Give a cursor, without a hop."""
        return QuickCursor(self)

    async def run_for(self, cursor: QuickCursor, sql: str, parameters: Any, *, is_many: bool) -> None:
        """Run a cursor's statement in the thread."""
        await self._execute(cursor.run, self._conn, sql, parameters, is_many=is_many)  # type: ignore[no-untyped-call]

    async def fetch(self, sql: str, parameters: Iterable[Any]) -> Sequence[Any]:
        """Run a statement and give its rows."""
        cursor = QuickCursor(self)
        await self.run_for(cursor, sql, parameters, is_many=False)
        return await cursor.fetchall()

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> QuickCursor:  # type: ignore[override]
        """Run a statement for many rows."""
        return await QuickCursor(self).executemany(sql, parameters)

    async def rollback(self) -> None:
        """Roll back, when there is something to roll back."""
        if self.in_transaction:
            await super().rollback()


async def connect_quickly(database: str, **options: Any) -> QuickConnection:
    """Open a database file."""
    opened = QuickConnection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    opened._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does: a forgotten connection must not keep us alive
    _ = await opened
    return opened

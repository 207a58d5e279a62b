"""A connection to SQLite with few hops to its thread; a hop takes about 40 us, and more when the machine is busy.

aiosqlite makes a cursor, executes, fetches and closes in four hops. SQLAlchemy reads all rows at once anyway, so one
hop can do all four; and what gives nothing back, a ``BEGIN`` or a write, need not hop by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
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
    """An aiosqlite connection whose cursors are quick, and which puts off what can wait for the next hop."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)  # that many rows at a time: never asked for
        self._put_off: list[Callable[[sqlite3.Connection], object]] = []

    def cursor(self) -> QuickCursor:  # type: ignore[override]
        """Give a cursor, without a hop."""
        return QuickCursor(self)

    def put_off(self, sql: str, parameters: Iterable[Any] = (), *, is_many: bool = False) -> None:
        """Run a statement ahead of the next one or of the commit, in one hop with it; there its error is raised.

        A rollback forgets it.
        """
        self._put_off.append(partial(QuickCursor(self).run, sql=sql, parameters=parameters, is_many=is_many))

    async def run_for(self, cursor: QuickCursor, sql: str, parameters: Any, *, is_many: bool) -> None:
        """Run a cursor's statement in the thread, after what was put off."""
        await self._hop(partial(cursor.run, sql=sql, parameters=parameters, is_many=is_many))

    async def fetch(self, sql: str, parameters: Iterable[Any]) -> Sequence[Any]:
        """Run a statement and give its rows."""
        cursor = QuickCursor(self)
        await self.run_for(cursor, sql, parameters, is_many=False)
        return await cursor.fetchall()

    async def commit(self) -> None:
        """Run what was put off, and commit; when that fails, nothing of the transaction stays.

        SQLAlchemy takes a commit for the end, and would hand on the connection with a transaction that still lasts.
        """
        try:
            await self._hop(sqlite3.Connection.commit)
        except sqlite3.Error:
            await self.rollback()
            raise

    async def rollback(self) -> None:
        """Roll back, when there is something to roll back."""
        self._put_off.clear()
        if self.in_transaction:
            await super().rollback()

    async def _hop(self, last: Callable[[sqlite3.Connection], object]) -> None:
        todo, self._put_off = [*self._put_off, last], []
        await self._execute(_run_all, self._conn, todo)  # type: ignore[no-untyped-call]


def _run_all(connection: sqlite3.Connection, todo: Iterable[Callable[[sqlite3.Connection], object]]) -> None:
    """Do one after the other, up to the first that fails; in the connection's thread."""
    for each in todo:
        each(connection)


async def connect_quickly(database: str, **options: Any) -> QuickConnection:
    """Open a database file."""
    opened = QuickConnection(lambda: sqlite3.connect(database, **options))
    opened._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does: a forgotten connection must not keep us alive
    _ = await opened
    return opened

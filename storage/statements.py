"""Statements of the hot path: compiled once for each kind of database, and handed to the driver as they are.

SQLAlchemy's way of running a statement costs a lone turn more than the database does (140 us a statement), its rows
more than the statement (6 us for one with twelve names that are read), and a list in ``IN (...)`` is written out and
compiled for every batch. Here a list is one parameter however long it is, and rows are plain tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnClause, Executable, FromClause, Text, bindparam, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

GIVEN = "given"
Build = Callable[[str], Any]
"""Gives a statement for the dialect of this name."""
Lists = Mapping[str, Sequence[Any]]
"""Columns of given rows by name, all of one length; on SQLite in the order in which the statement names them."""

_as_json = msgspec.json.Encoder().encode


def given(dialect: str, *columns: ColumnClause[Any]) -> FromClause:
    """Give rows that come with the statement: an array for each column on PostgreSQL, one JSON text on SQLite.

    They are read in the order in which they are given.
    """
    if dialect == "postgresql":
        arrays = [bindparam(f"{GIVEN}__{each.name}", type_=ARRAY(each.type)) for each in columns]
        rows = func.unnest(*arrays).table_valued(*(column(each.name, each.type) for each in columns), name=GIVEN)
        return rows.render_derived()
    names = "__".join(each.name for each in columns)
    each_row = func.json_each(bindparam(f"{GIVEN}__{names}", type_=Text)).table_valued("value")
    values = ["value"] if len(columns) == 1 else [f"value ->> {place}" for place in range(len(columns))]
    labelled = [literal_column(value, each.type).label(each.name) for value, each in zip(values, columns, strict=True)]
    return select(*labelled).select_from(each_row).subquery(GIVEN)


class Statement:
    """A statement that is compiled when it is first run on a kind of database."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._compiled: dict[str, Compiled] = {}

    async def fetch(self, connection: AsyncConnection, lists: Lists | None = None, /, **values: Any) -> list[Any]:
        """Run it with these lists and values; give its rows as tuples in the order of its columns."""
        return await run(connection, *self.said(connection.dialect, lists or {}, values))

    async def execute(self, connection: AsyncConnection, lists: Lists | None = None, /, **values: Any) -> None:
        """Run one that gives no rows, with these lists and values."""
        sql, arguments = self.said(connection.dialect, lists or {}, values)
        driver = driver_of(connection)
        if connection.dialect.name == "postgresql":
            await driver.fetch(sql, *arguments)
        else:
            driver.put_off(sql, arguments)

    def said(self, dialect: Dialect, lists: Lists, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Give it in the words of this database, with its arguments in order."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = compile_once(dialect, self._build(dialect.name))
        return compiled.sql, compiled.arguments(dialect.name, lists, values)


class Compiled(NamedTuple):
    """A statement in the database's own words."""

    sql: str
    order: tuple[str, ...]
    """Names of its parameters, in the order in which the driver wants them."""
    constants: Mapping[str, Any]
    """Parameters whose values are part of the statement."""

    def arguments(self, dialect: str, lists: Lists, values: Mapping[str, Any]) -> list[Any]:
        """Give the values of all parameters in order."""
        found: list[Any] = []
        for name in self.order:
            if name.startswith(GIVEN):
                columns = [lists[each] for each in name.split("__")[1:]]
                found.append(columns[0] if dialect == "postgresql" else _json(columns))
            else:
                found.append(values[name] if name in values else self.constants[name])
        return found


def _json(columns: Sequence[Sequence[Any]]) -> str:
    rows = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    return _as_json(rows).decode()


def compile_once(dialect: Dialect, statement: Executable, names: Sequence[str] | None = None) -> Compiled:
    """Compile a statement; ``names`` are the columns that an insert of single rows has."""
    many = {} if names is None else {"column_keys": list(names), "for_executemany": True}
    compiled: Any = statement.compile(dialect=dialect, **many)  # type: ignore[attr-defined]
    return Compiled(str(compiled), tuple(compiled.positiontup or ()), compiled.params)


def driver_of(connection: AsyncConnection) -> Any:
    """Give the driver's own connection: ours over aiosqlite, or asyncpg's."""
    assert connection.sync_connection
    return connection.sync_connection.connection.driver_connection


async def run(connection: AsyncConnection, sql: str, arguments: Sequence[Any]) -> list[Any]:
    """Run a statement in the connection's transaction; give its rows, which are tuples or like tuples."""
    driver = driver_of(connection)
    rows: list[Any]
    if connection.dialect.name == "postgresql":
        assert driver.is_in_transaction()  # Database.writing and Database.reading begin one
        rows = await driver.fetch(sql, *arguments)
    else:
        rows = await driver.fetch(sql, arguments)
    return rows


async def run_for_each(connection: AsyncConnection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement that gives nothing once for each row of arguments."""
    driver = driver_of(connection)
    if connection.dialect.name == "postgresql":
        await driver.executemany(sql, rows)
    else:
        driver.put_off(sql, rows, is_many=True)

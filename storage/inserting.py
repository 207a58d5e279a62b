"""Writing many rows at once, and the one place where SQLite and PostgreSQL want different constructs.

SQLite takes a statement once for each row, which costs it least. PostgreSQL takes all rows with one statement, as an
array for each column: a statement a row costs it several times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Table, Update, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.statements import GIVEN, Build, Compiled, compile_once, given, run, run_for_each

DialectInsert = sqlite.Insert | postgresql.Insert


def insert_into(connection: AsyncConnection, table: Table) -> DialectInsert:
    """Give the dialect's insert, which knows ``ON CONFLICT``."""
    return dialect_insert(connection.dialect.name, table)


def dialect_insert(dialect: str, table: Table) -> DialectInsert:
    """Give the insert of the dialect of this name."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def plain(table: Table) -> Build:
    """Give an insert of new rows."""
    return lambda dialect: dialect_insert(dialect, table)


@cache
def upsert(table: Table, columns: tuple[str, ...]) -> Build:
    """Give an insert that takes these columns from the newer row where the key is there already."""

    def build(dialect: str) -> DialectInsert:
        statement = dialect_insert(dialect, table)
        return statement.on_conflict_do_update(
            index_elements=[column.name for column in table.primary_key],
            set_={column: statement.excluded[column] for column in columns},
        )

    return build


@cache
def add_up(table: Table, columns: tuple[str, ...]) -> Build:
    """Give an insert that adds these columns to what is there where the key is there already."""

    def build(dialect: str) -> DialectInsert:
        statement = dialect_insert(dialect, table)
        return statement.on_conflict_do_update(
            index_elements=[column.name for column in table.primary_key],
            set_={column: table.c[column] + statement.excluded[column] for column in columns},
        )

    return build


@cache
def change(table: Table, columns: tuple[str, ...]) -> Build:
    """Give an update by number: each row has ``this_id`` and the columns."""

    def build(dialect: str) -> Update:
        number: Column[Any] = Column("this_id", table.c.id.type)
        if dialect == "postgresql":
            rows = given(dialect, number, *(table.c[each] for each in columns))
            return update(table).where(table.c.id == rows.c.this_id).values({each: rows.c[each] for each in columns})
        values = {each: bindparam(each, type_=table.c[each].type) for each in columns}
        return update(table).where(table.c.id == bindparam("this_id", type_=number.type)).values(values)

    return build


async def write_many(connection: AsyncConnection, build: Build, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement for many rows that all have the same names; none is fine.

    PostgreSQL writes the rows of an insert, and takes their locks, in the order in which they are given.
    """
    if not rows:
        return
    compiled = _compiled(connection.dialect, build, tuple(rows[0]))
    if compiled.order[0].startswith(GIVEN):
        lists = {name: [row[name] for row in rows] for name in rows[0]}
        await run(connection, compiled.sql, compiled.arguments(connection.dialect.name, lists, {}))
    else:
        await run_for_each(connection, compiled.sql, list(map(_picker(compiled.order), rows)))


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    return itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)


_COMPILED: dict[tuple[str, Build, tuple[str, ...]], Compiled] = {}


def _compiled(dialect: Dialect, build: Build, names: tuple[str, ...]) -> Compiled:
    key = (dialect.name, build, names)
    if key not in _COMPILED:
        statement = build(dialect.name)
        if isinstance(statement, postgresql.Insert):
            rows = given(dialect.name, *(statement.table.c[each] for each in names))
            _COMPILED[key] = compile_once(dialect, statement.from_select(list(names), select(rows)))
        else:
            _COMPILED[key] = compile_once(dialect, statement, names)
    return _COMPILED[key]

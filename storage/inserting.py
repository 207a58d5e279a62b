"""Writing many rows at once, and the one place where SQLite and PostgreSQL want different constructs.

The statements of a batch of turns are compiled once and handed to the driver as they are: SQLAlchemy's own way of
preparing parameters costs about as much for each row as everything else in a turn together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table, Update, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

DialectInsert = sqlite.Insert | postgresql.Insert
Build = Callable[[str], Any]
"""Gives a statement for the dialect of this name."""


def insert_into(connection: AsyncConnection, table: Table) -> DialectInsert:
    """Give the dialect's insert, which knows ``ON CONFLICT``."""
    return dialect_insert(connection.dialect.name, table)


def dialect_insert(dialect: str, table: Table) -> DialectInsert:
    """Give the insert of the dialect of this name."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def plain(table: Table) -> Build:
    """Give an insert of new rows."""
    return lambda _dialect: insert(table)


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

    def build(_dialect: str) -> Update:
        values = {column: bindparam(column, type_=table.c[column].type) for column in columns}
        return update(table).where(table.c.id == bindparam("this_id", type_=table.c.id.type)).values(values)

    return build


async def write_many(connection: AsyncConnection, build: Build, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement for many rows that all have the same names; none is fine."""
    if not rows:
        return
    sql, order = _compiled(connection.dialect, build, tuple(rows[0]))
    await connection.exec_driver_sql(sql, [tuple([row[name] for name in order]) for row in rows])


@cache
def _compiled(dialect: Dialect, build: Build, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    statement: Executable = build(dialect.name)
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names), for_executemany=True)  # type: ignore[attr-defined]
    return str(compiled), tuple(compiled.positiontup)

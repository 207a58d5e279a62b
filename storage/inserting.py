"""The one place where SQLite and PostgreSQL want different constructs: inserting what may be there already."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table, Update, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Give the dialect's insert, which knows ``ON CONFLICT``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def upsert(connection: AsyncConnection, table: Table, columns: Sequence[str]) -> sqlite.Insert | postgresql.Insert:
    """Give an insert that takes these columns from the newer row where the key is there already."""
    statement = insert_into(connection, table)
    return statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={column: statement.excluded[column] for column in columns},
    )


def update_by_id(table: Table, columns: Sequence[str]) -> Update:
    """Give an update for many rows: each parameter set has ``this_id`` and the columns."""
    return (
        update(table)
        .where(table.c.id == bindparam("this_id"))
        .values({column: bindparam(column) for column in columns})
    )

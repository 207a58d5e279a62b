"""What keeps processes that share a PostgreSQL out of each other's way; the order is told in ``docs/storage.md``.

On SQLite there is one writer at a time, and nothing of this does anything.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from functools import cache

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.statements import Statement, given


class OneAtATime(IntEnum):
    """Work that one process does at a time: any numbers, the same in every process."""

    MIGRATIONS = 7_155_116
    ROSTER = 7_155_117


def writes_alone(connection: AsyncConnection) -> bool:
    """Tell whether nobody else can write while this transaction lasts."""
    return connection.dialect.name == "sqlite"


async def lock_rows(connection: AsyncConnection, table: Table, ids: Collection[int]) -> None:
    """Wait until nobody else changes these rows, in the order of their numbers, and keep others off to the commit.

    Who only refers to a row by a foreign key is not kept off.
    """
    if ids and not writes_alone(connection):
        await _locking(table).fetch(connection, {"id": sorted(ids)})


@cache
def _locking(table: Table) -> Statement:
    return Statement(
        lambda dialect: (
            select(table.c.id)
            .where(table.c.id.in_(select(given(dialect, table.c.id))))
            .order_by(table.c.id)
            .with_for_update(key_share=True)
        )
    )


async def lock_roster(connection: AsyncConnection) -> None:
    """Wait until no other process changes regions, posts or what is assigned, and keep others off to the commit."""
    if not writes_alone(connection):
        await connection.execute(select(func.pg_advisory_xact_lock(int(OneAtATime.ROSTER))))

"""Who plans what: each key is taken once, whoever looks and however often."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.inserting import insert_into
from storage.moments import as_ms
from storage.tables import planned

AT_ONCE = 500
"""Keys of one statement."""


async def unplanned(connection: AsyncConnection, keys: Collection[str]) -> set[str]:
    """Give those of these keys that nobody has taken yet."""
    wanted, taken = sorted(keys), set[str]()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        taken |= set(await connection.scalars(select(planned.c.key).where(planned.c.key.in_(some))))
    return set(keys) - taken


async def take(connection: AsyncConnection, keys: Collection[str], at: datetime) -> set[str]:
    """Take these keys with what is planned in the same transaction; give those that nobody else has taken before."""
    if not keys:
        return set()
    statement = insert_into(connection, planned).on_conflict_do_nothing().returning(planned.c.key)
    rows = [{"key": key, "at": as_ms(at)} for key in sorted(keys)]  # two processes wait for each other in one order
    return set((await connection.execute(statement, rows)).scalars())

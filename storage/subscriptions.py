"""Who wants the weekly summary, and when."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.subscriptions import Subscription
from storage.inserting import upsert, write_many
from storage.tables import subscription
from storage.tables.base import AnyRow

WANTED = ("is_on", "slot", "is_always")


async def keep_subscription(connection: AsyncConnection, person: int, wanted: Subscription) -> None:
    """Keep what a person wants from now on."""
    row = {"person_id": person, **{name: getattr(wanted, name) for name in WANTED}}
    await write_many(connection, upsert(subscription, WANTED), [row])


async def read_subscriptions(connection: AsyncConnection, people: Collection[int]) -> dict[int, Subscription]:
    """Give what those of these people want who have said so."""
    statement = select(subscription).where(subscription.c.person_id.in_(people))
    return {row.person_id: read_subscription(row) for row in await connection.execute(statement)}


def read_subscription(row: AnyRow) -> Subscription:
    """Make a subscription of a row of its table."""
    return Subscription(*(getattr(row, name) for name in WANTED))

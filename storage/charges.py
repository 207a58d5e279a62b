"""What messages were charged as, for whoever looks after the costs."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from storage.database import Database
from storage.tables import charge


class Charged(NamedTuple):
    """How many messages of an account were charged as one category, to one country, in a month."""

    via: str
    month: int
    """202603"""
    category: str
    market: str
    """Empty: not known."""
    messages: int
    billable: int


class Charges:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_month(self, month: int) -> list[Charged]:
        """Give what was charged in a month, by account, category and country."""
        names = ("via", "month", "category", "market", "messages", "billable")
        columns = [charge.c[name] for name in names]
        statement = select(*columns).where(charge.c.month == month).order_by(*columns[:4])
        async with self._database.reading("Reading what messages cost") as connection:
            return [Charged(*row) for row in await connection.execute(statement)]

"""The regions of the database, kept in memory: they are looked at in every turn and hardly ever change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Region, RegionKind
from storage.errors import StorageError
from storage.region_search import RegionIndex
from storage.tables import region as regions
from storage.tables.base import AnyRow

COLUMNS_BY_KIND = {
    "province": regions.c.province_id,
    "district": regions.c.district_id,
    "subdistrict": regions.c.subdistrict_id,
    "village": regions.c.id,
}
"""The column by which the regions in a region of this kind (and itself) are found."""


@dataclass(frozen=True, slots=True)
class Place:
    """A region and those around it."""

    region: Region
    ancestors: tuple[int, ...]
    """Ids of the regions whose totals it counts in: its kecamatan, district and province, itself among them."""


class RegionBook:
    """All regions by id, read when one is asked for that is not there."""

    def __init__(self) -> None:
        self._places: Mapping[int, Place] = {}
        self._newest = 0
        self.index = RegionIndex(())

    async def refresh(self, connection: AsyncConnection) -> None:
        """Read the table again when it has grown: another process may have added a district."""
        newest = await connection.scalar(select(func.coalesce(func.max(regions.c.id), 0)))
        if newest == self._newest:
            return
        rows = (await connection.execute(select(regions).order_by(regions.c.id))).all()
        names = {row.id: row.name for row in rows}
        self._places = {row.id: _place(row, names) for row in rows}
        self.index = RegionIndex(place.region for place in self._places.values())
        self._newest = newest or 0

    async def know(self, connection: AsyncConnection, ids: set[int]) -> None:
        """Make sure that these regions are in the book, as far as they exist."""
        if not ids <= self._places.keys():
            await self.refresh(connection)

    def find(self, region: int) -> Region | None:
        """Give a region that is in the book."""
        place = self._places.get(region)
        return place.region if place else None

    def region(self, region: int) -> Region:
        """Give a region that must exist.

        Raises:
            StorageError: it does not.
        """
        found = self.find(region)
        if found is None:
            raise StorageError(
                f"A known region was expected; number {region} is none. Load the regions of its district."
            )
        return found

    def ancestors(self, region: int) -> tuple[int, ...]:
        """Give the regions whose totals a region counts in."""
        return self._places[region].ancestors


def _place(row: AnyRow, names: Mapping[int, str]) -> Place:
    around = tuple(each for each in (row.subdistrict_id, row.district_id, row.province_id) if each is not None)
    found = Region(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=cast("RegionKind", row.kind),
        subdistrict=names.get(row.subdistrict_id, "") if row.kind == "village" else "",
        district=names.get(row.district_id, ""),
        district_id=row.district_id or 0,
    )
    return Place(found, around)

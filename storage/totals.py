"""What regions add up to, row by row: kept up as answers change, and counted anew where the roster changes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, cast, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.form_rows import FormRows
from storage.inserting import add_up, write_many
from storage.region_book import COLUMNS_BY_KIND
from storage.tables import assignment, region, score_total, sheet

FIGURES = ("answered", "claimed", "approved", "verified")
Figures = list[int]
"""The figures of a row in this order."""
LEVELS = ("subdistrict", "district", "province")


class Worth(msgspec.Struct, frozen=True, gc=False):
    """What one unit's row counts: the claimed and the approved share, in billionths; ``None`` where there is none."""

    share: int | None = None
    approved: int | None = None


@dataclass(slots=True)
class Deltas:
    """By how much totals change."""

    form_rows: FormRows
    _by_place: dict[tuple[int, tuple[int, ...], int], Figures] = field(default_factory=dict)
    """By cycle, the regions in which a unit counts, and the form's row."""

    def add(self, cycle: int, regions: tuple[int, ...], row: int, change: tuple[Worth, Worth]) -> None:
        """Count a row that was worth the first and is worth the second now, in each of the regions."""
        before, after = change
        if before == after or not self.form_rows.is_scored(row):
            return
        sums = self._by_place.setdefault((cycle, regions, row), [0] * len(FIGURES))
        sums[0] += (after.share is not None) - (before.share is not None)
        sums[1] += (after.share or 0) - (before.share or 0)
        sums[2] += (after.approved is not None) - (before.approved is not None)
        sums[3] += (after.approved or 0) - (before.approved or 0)

    def of(self, cycle: int, region: int) -> dict[int, Figures]:
        """Give the changes in a region by row."""
        found: defaultdict[int, Figures] = defaultdict(lambda: [0] * len(FIGURES))
        for (where, regions, row), sums in self._by_place.items():
            if where == cycle and region in regions:
                found[row] = _added(found[row], sums)
        return found

    async def write(self, connection: AsyncConnection) -> None:
        """Add the changes to the totals, in the order of their keys, and begin anew.

        Write them last: the totals of a province are everybody's, and whoever writes them holds up the others
        until the commit.
        """
        by_key: defaultdict[tuple[int, int, int], Figures] = defaultdict(lambda: [0] * len(FIGURES))
        for (cycle, regions, row), sums in self._by_place.items():
            for each in regions:
                by_key[cycle, each, row] = _added(by_key[cycle, each, row], sums)
        rows = [dict(zip(COLUMNS, (*key, *sums), strict=True)) for key, sums in sorted(by_key.items()) if any(sums)]
        await write_many(connection, add_up(score_total, FIGURES), rows)
        self._by_place.clear()


COLUMNS = ("cycle_id", "region_id", "form_row_id", *FIGURES)


def _added(some: Figures, more: Figures) -> Figures:
    return [one + other for one, other in zip(some, more, strict=True)]


async def recount(connection: AsyncConnection, form_rows: FormRows, cycle: int, province: int) -> None:
    """Replace the totals of a province and all regions in it by what its sheets add up to."""
    inside = select(region.c.id).where(region.c.province_id == province)
    here = (score_total.c.cycle_id == cycle) & score_total.c.region_id.in_(inside)
    in_order = select(score_total.c.units).where(here).order_by(*score_total.primary_key)
    await connection.execute(in_order.with_for_update())  # whoever adds to them has committed, or comes after us
    await connection.execute(delete(score_total).where(here))
    rows = [row for level in LEVELS for row in await recounted(connection, form_rows, cycle, (level, province))]
    if rows:
        await connection.execute(insert(score_total), rows)


async def recounted(
    connection: AsyncConnection, form_rows: FormRows, cycle: int, where: tuple[str, int]
) -> list[dict[str, Any]]:
    """Add up the sheets of a cycle for the regions of a level in a province: ``where`` is both."""
    level, province = where
    around = COLUMNS_BY_KIND[level]
    condition = (assignment.c.cycle_id == cycle) & (region.c.province_id == province) & around.is_not(None)
    units = await connection.execute(
        select(around.label("region_id"), assignment.c.form, func.count().label("units"))
        .join(region, region.c.id == assignment.c.region_id)
        .where(condition)
        .group_by(around, assignment.c.form)
    )
    totals = {
        (each.region_id, row): {"cycle_id": cycle, "region_id": each.region_id, "form_row_id": row, "units": each.units}
        for each in units
        for row in form_rows.scored(each.form)
    }
    return await _with_sums(connection, totals, around, condition)


async def _with_sums(
    connection: AsyncConnection,
    totals: dict[tuple[int, int], dict[str, Any]],
    around: ColumnElement[Any],
    condition: ColumnElement[bool],
) -> list[dict[str, Any]]:
    sums = await connection.execute(
        select(
            around.label("region_id"),
            sheet.c.form_row_id,
            func.count(sheet.c.share).label("answered"),
            cast(func.coalesce(func.sum(sheet.c.share), 0), BigInteger).label("claimed"),
            func.count(sheet.c.approved_share).label("approved"),
            cast(func.coalesce(func.sum(sheet.c.approved_share), 0), BigInteger).label("verified"),
        )
        .join(assignment, assignment.c.id == sheet.c.assignment_id)
        .join(region, region.c.id == assignment.c.region_id)
        .where(condition)
        .group_by(around, sheet.c.form_row_id)
    )
    for each in sums:
        if (total := totals.get((each.region_id, each.form_row_id))) is not None:
            total |= {figure: getattr(each, figure) for figure in FIGURES}
    return [dict.fromkeys(FIGURES, 0) | total for total in totals.values()]

"""What regions add up to, row by row: kept up as answers change, and counted anew where the roster changes."""

from __future__ import annotations

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
NOTHING = [0] * len(FIGURES)
LEVELS = ("subdistrict", "district", "province")
TotalKey = tuple[int, int, int]
"""A cycle, a region and a form's row."""


class Worth(msgspec.Struct, frozen=True):
    """What one unit's row counts: the claimed and the approved share, in billionths; ``None`` where there is none."""

    share: int | None = None
    approved: int | None = None

    def figures(self) -> tuple[int, int, int, int]:
        """Give answered, claimed, approved and verified."""
        return self.share is not None, self.share or 0, self.approved is not None, self.approved or 0


@dataclass(slots=True)
class Deltas:
    """By how much totals change."""

    form_rows: FormRows
    _by_key: dict[TotalKey, list[int]] = field(default_factory=dict)

    def add(self, cycle: int, regions: tuple[int, ...], row: int, change: tuple[Worth, Worth]) -> None:
        """Count a row that was worth the first and is worth the second now, in each of the regions."""
        before, after = change[0].figures(), change[1].figures()
        if before == after or not self.form_rows.is_scored(row):
            return
        growth = [new - old for new, old in zip(after, before, strict=True)]
        for each in regions:
            kept = self._by_key.get((cycle, each, row), NOTHING)
            self._by_key[cycle, each, row] = [many + more for many, more in zip(kept, growth, strict=True)]

    async def write(self, connection: AsyncConnection) -> None:
        """Add the changes to the totals."""
        rows = [
            {"cycle_id": key[0], "region_id": key[1], "form_row_id": key[2], **dict(zip(FIGURES, sums, strict=True))}
            for key, sums in self._by_key.items()
        ]
        await write_many(connection, add_up(score_total, FIGURES), rows)


async def recount(connection: AsyncConnection, form_rows: FormRows, cycle: int, province: int) -> None:
    """Replace the totals of a province and all regions in it by what its sheets add up to."""
    inside = select(region.c.id).where(region.c.province_id == province)
    await connection.execute(
        delete(score_total).where(score_total.c.cycle_id == cycle, score_total.c.region_id.in_(inside))
    )
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

"""Reads how far the units of regions are with what is asked of them now, with one statement for all regions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.escalation import Unit, Units, open_windows, unit_of
from conversations.hours import day_there
from conversations.people import ROLES_BY_KIND, Assignment, Region
from storage.region_book import COLUMNS_BY_KIND
from storage.rows import ASSIGNMENT, LASTS, read_assignment
from storage.tables import assignment, cycle, holding, planned, post, region
from storage.turn_state import Shared

UNIT_KINDS = ("village", "subdistrict")
AROUND = ("subdistrict", "district")
"""Kinds of regions that have units."""


def nudge_key(unit: Region, at: datetime) -> str:
    """Name a day's reminder of a unit in somebody's name: there is one, whoever asks for it."""
    return f"nudge:{unit.id}:{day_there(at, unit.code):%Y%m%d}"


async def read_units(
    connection: AsyncConnection, shared: Shared, regions: Collection[Region], at: datetime
) -> dict[int, Units]:
    """Give how far the units of these kecamatan and districts are, by region; none where nothing is asked now."""
    assigned = await _assigned(connection, shared, regions, at)
    inside = {each[0].region for each in assigned.values()}
    held = await _held(connection, inside)
    nudged = await _nudged(connection, inside, at)
    units = {
        number: unit_of(some[0].region, some, is_held=number in held, is_nudged=number in nudged)
        for number, some in assigned.items()
    }
    found: dict[int, Units] = {}
    for around in regions:
        mine = [units[number] for number in units if around.id in shared.regions.ancestors(number)]
        if mine:
            windows = open_windows((each for one in mine for each in assigned[one.region.id]), at)
            found[around.id] = Units(around, _of_kind(mine, "village"), _of_kind(mine, "subdistrict"), windows)
    return found


def _of_kind(units: Collection[Unit], kind: str) -> tuple[Unit, ...]:
    return tuple(sorted((each for each in units if each.region.kind == kind), key=lambda each: each.region.code))


async def _assigned(
    connection: AsyncConnection, shared: Shared, regions: Collection[Region], at: datetime
) -> Mapping[int, list[Assignment]]:
    """Give what is asked now of the units of these regions, by unit."""
    statement = (
        select(*ASSIGNMENT)
        .join(cycle, cycle.c.id == assignment.c.cycle_id)
        .join(region, region.c.id == assignment.c.region_id)
        .where(cycle.c.closed_at.is_(None), region.c.kind.in_(UNIT_KINDS), _within(regions))
        .order_by(assignment.c.id)
    )
    rows = [row for row in await connection.execute(statement) if row.form in shared.library.forms]
    await shared.regions.know(connection, {row.region_id for row in rows})
    found: defaultdict[int, list[Assignment]] = defaultdict(list)
    for row in rows:
        read = read_assignment(row, shared.regions, shared.library)
        if read.is_open(at):
            found[read.region.id].append(read)
    return found


def _within(regions: Collection[Region]) -> ColumnElement[bool]:
    found = ((COLUMNS_BY_KIND[kind], [each.id for each in regions if each.kind == kind]) for kind in AROUND)
    return or_(false(), *(column.in_(numbers) for column, numbers in found if numbers))


async def _held(connection: AsyncConnection, units: Collection[Region]) -> set[int]:
    """Find the units whose post somebody holds."""
    roles = {role for kind in UNIT_KINDS for role in ROLES_BY_KIND[kind]}
    mine = post.c.region_id.in_([each.id for each in units]) & post.c.role.in_(roles)
    statement = select(post.c.region_id).join(holding, holding.c.post_id == post.c.id).where(mine, LASTS)
    return set(await connection.scalars(statement.distinct()))


async def _nudged(connection: AsyncConnection, units: Collection[Region], at: datetime) -> set[int]:
    """Find the units that somebody has had reminded today."""
    keys = {nudge_key(each, at): each.id for each in units}
    taken = await connection.scalars(select(planned.c.key).where(planned.c.key.in_(keys)))
    return {keys[key] for key in taken}

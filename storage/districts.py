"""Adds a kabupaten: its regions, posts, the year's cycle, what is assigned, and its place in the totals."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Role
from conversations.sheets import RowMark
from indicators.form import Form
from storage.calendar import KIND_BY_UNIT, Changed, fit_windows, lock_calendar
from storage.errors import StorageError
from storage.inserting import insert_into
from storage.locks import lock_rows
from storage.moments import as_optional_ms
from storage.region_loading import load_regions
from storage.tables import assignment, cycle, post, region, stage
from storage.tables.base import AnyRow
from storage.totals import recount
from storage.turn_state import Shared

HEAD_BY_KIND = {"village": Role.VILLAGE_HEAD, "subdistrict": Role.SUBDISTRICT_HEAD}


@dataclass(frozen=True, slots=True)
class AddedDistrict:
    """A kabupaten on the roster: what is there now, old and new."""

    id: int
    name: str
    subdistricts: int
    villages: int
    posts: int
    assignments: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be added."""

    code: str
    year: int
    due_at: datetime | None
    """The end of the first stage that takes answers; ``None``: the calendar stays as it is."""
    at: datetime
    forms: Collection[str] = ()
    """Keys of forms to assign besides those that carry points."""


async def add_district(connection: AsyncConnection, shared: Shared, wish: Wish) -> AddedDistrict:
    """Put a kabupaten or kota on the roster; what is there already stays, only the end follows the wish.

    Raises:
        StorageError: no kabupaten or kota has this code, or a form is not in the library.
    """
    forms = _wanted(shared, wish)
    await load_regions(connection)
    here = (await connection.execute(select(region).where(region.c.code == wish.code))).one_or_none()
    if here is None or here.kind != "district":
        raise StorageError(
            f"The code of a kabupaten or kota was expected, like 16.07; {wish.code!r} is none. Look it up."
        )
    await load_regions(connection, wish.code)
    await lock_calendar(connection, here.id)
    units = (await connection.execute(select(region).where(region.c.district_id == here.id))).all()
    inside = assignment.c.region_id.in_(select(region.c.id).where(region.c.district_id == here.id))
    await lock_rows(connection, assignment, (await connection.scalars(select(assignment.c.id).where(inside))).all())
    await _add_posts(connection, units, forms)
    running = await _cycle(connection, wish.year)
    await _assign(connection, units, forms, running)
    await _open(connection, here.id, running, (shared.library.instrument.answering[0], as_optional_ms(wish.due_at)))
    await fit_windows(connection, shared, Changed(running, here.id, wish.at))
    await recount(connection, shared.form_rows, running, here.province_id)
    return await _summary(connection, here, running)


def _wanted(shared: Shared, wish: Wish) -> list[Form]:
    known = shared.library.forms
    if unknown := set(wish.forms) - known.keys():
        raise StorageError(
            f"Keys of forms were expected ({', '.join(known)}); {sorted(unknown)} are none. Correct them."
        )
    return [form for key, form in known.items() if form.unit in KIND_BY_UNIT and (form.total or key in wish.forms)]


async def _add_posts(connection: AsyncConnection, units: Sequence[AnyRow], forms: Sequence[Form]) -> None:
    offices = sorted(
        {holder for form in forms if form.unit == "kabupaten" for row in form.rows for holder in row.holders}
    )
    rows = [row for unit in units for row in _posts_of(unit, offices)]
    await connection.execute(insert_into(connection, post).on_conflict_do_nothing(), rows)


def _posts_of(unit: AnyRow, offices: Sequence[str]) -> Iterator[dict[str, Any]]:
    if unit.kind != "district":
        yield {"region_id": unit.id, "role": HEAD_BY_KIND[unit.kind], "office": ""}
        return
    yield {"region_id": unit.id, "role": Role.COORDINATOR, "office": ""}
    yield {"region_id": unit.id, "role": Role.OFFICIAL, "office": ""}
    for office in offices:
        yield {"region_id": unit.id, "role": Role.OFFICE, "office": office}


async def _cycle(connection: AsyncConnection, year: int) -> int:
    await connection.execute(insert_into(connection, cycle).on_conflict_do_nothing(), {"year": year})
    number: int = (await connection.execute(select(cycle.c.id).where(cycle.c.year == year))).scalar_one()
    return number


async def _assign(connection: AsyncConnection, units: Sequence[AnyRow], forms: Sequence[Form], running: int) -> None:
    rows = [
        {
            "cycle_id": running,
            "region_id": unit.id,
            "form": form.key,
            "version": form.version,
            "progress": RowMark.UNTOUCHED * len(form.rows),
        }
        for form in forms
        for unit in units
        if unit.kind == KIND_BY_UNIT[form.unit]
    ]
    if rows:
        await connection.execute(insert_into(connection, assignment).on_conflict_do_nothing(), rows)


async def _open(connection: AsyncConnection, district: int, running: int, when: tuple[str, int | None]) -> None:
    """Let the district have a calendar, in which the first stage for answers is open."""
    first, due_at = when
    statement = insert_into(connection, stage)
    row = {"cycle_id": running, "district_id": district, "form": "", "key": first}
    if due_at is None:
        await connection.execute(statement.on_conflict_do_nothing(), row)
        return
    ends = {"due_at": due_at, "closes_at": due_at}
    primary = [column.name for column in stage.primary_key]
    await connection.execute(statement.on_conflict_do_update(index_elements=primary, set_=ends), row | ends)


async def _summary(connection: AsyncConnection, here: AnyRow, running: int) -> AddedDistrict:
    inside = select(region.c.id).where(region.c.district_id == here.id)
    kinds = select(region.c.kind, func.count().label("many")).where(region.c.district_id == here.id)
    many = {row.kind: row.many for row in await connection.execute(kinds.group_by(region.c.kind))}
    posts = select(func.count()).select_from(post).where(post.c.region_id.in_(inside))
    assigned = (
        select(func.count())
        .select_from(assignment)
        .where(assignment.c.region_id.in_(inside), assignment.c.cycle_id == running)
    )
    return AddedDistrict(
        id=here.id,
        name=here.name,
        subdistricts=many.get("subdistrict", 0),
        villages=many.get("village", 0),
        posts=await connection.scalar(posts) or 0,
        assignments=await connection.scalar(assigned) or 0,
    )

"""The calendars of districts: reading them, and letting every assignment know when it takes answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.brief import Library
from conversations.calendar import Calendar, Extension, Times, Window
from storage.inserting import change, insert_into, write_many
from storage.locks import lock_rows
from storage.moments import as_ms, from_ms, from_optional_ms
from storage.tables import assignment, cycle, extension, post, region, stage, window_change
from storage.tables.base import AnyRow
from storage.turn_state import Shared
from storage.window_rows import encode_windows

KIND_BY_UNIT = {"desa": "village", "kecamatan": "subdistrict", "kabupaten": "district"}
"""The kind of region that answers a form, by the form's unit."""


@dataclass(frozen=True, slots=True)
class ListedWindow:
    """When a form of a district takes answers, or (``window.post``) when a single post may still answer it."""

    cycle: int
    district: int
    form: str
    window: Window


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of a calendar: in which cycle and district, when, and by whom."""

    cycle: int
    district: int
    at: datetime
    by: int | None = None
    """A person; ``None``: the administrator."""


async def windows_of_districts(connection: AsyncConnection, shared: Shared, at: datetime) -> list[ListedWindow]:
    """Give the windows of all districts in running cycles that have not closed before this moment.

    They are those of the calendar and its extensions, form by form; nothing is read of single villages. Whoever has
    an extension is meant by the general window too: narrow it with ``Assignment.seen_by`` before telling them.
    """
    kinds = await _kinds_of_extended(connection)
    calendars = await read_calendars(connection)
    return [each for one in calendars.values() for each in _listed(one, shared.library, kinds) if _lasts(each, at)]


def _lasts(listed: ListedWindow, at: datetime) -> bool:
    return listed.window.closes_at is None or listed.window.closes_at >= at


def _listed(calendar: Calendar, library: Library, kinds: Mapping[int, str]) -> Iterator[ListedWindow]:
    for form in library.forms.values():
        kind = KIND_BY_UNIT.get(form.unit)
        if kind is None:
            continue
        posts = {each.post for each in calendar.extensions if kinds[each.post] == kind}
        for window in calendar.windows(form.key, library.instrument.answering, posts):
            yield ListedWindow(calendar.cycle, calendar.district, form.key, window)


async def _kinds_of_extended(connection: AsyncConnection) -> dict[int, str]:
    statement = select(extension.c.post_id, region.c.kind).join(post, post.c.id == extension.c.post_id).join(region)
    return {row.post_id: row.kind for row in await connection.execute(statement.distinct())}


async def read_calendars(connection: AsyncConnection, districts: Collection[int] | None = None) -> dict[int, Calendar]:
    """Give the calendars of these districts (or of all) in their newest running cycle, by district."""
    statement = select(stage, cycle.c.year).join(cycle).where(cycle.c.closed_at.is_(None))
    if districts is not None:
        statement = statement.where(stage.c.district_id.in_(districts))
    times: defaultdict[int, dict[int, list[AnyRow]]] = defaultdict(dict)
    for row in await connection.execute(statement.order_by(cycle.c.year, stage.c.form)):
        times[row.district_id].setdefault(row.cycle_id, []).append(row)
    newest = {district: next(reversed(some.values())) for district, some in times.items()}
    extensions = await _extensions(connection, districts)
    return {
        district: Calendar(
            cycle=rows[0].cycle_id,
            year=rows[0].year,
            district=district,
            times=tuple(_read_times(row) for row in rows),
            extensions=tuple(extensions.get((rows[0].cycle_id, district), ())),
        )
        for district, rows in newest.items()
    }


async def _extensions(
    connection: AsyncConnection, districts: Collection[int] | None
) -> Mapping[tuple[int, int], list[Extension]]:
    statement: Select[Any] = (
        select(extension, region.c.district_id)
        .join(post, post.c.id == extension.c.post_id)
        .join(region, region.c.id == post.c.region_id)
        .order_by(extension.c.until, extension.c.post_id)
    )
    if districts is not None:
        statement = statement.where(region.c.district_id.in_(districts))
    found: defaultdict[tuple[int, int], list[Extension]] = defaultdict(list)
    for row in await connection.execute(statement):
        found[row.cycle_id, row.district_id].append(_read_extension(row))
    return found


def _read_times(row: AnyRow) -> Times:
    return Times(
        key=row.key,
        form=row.form,
        opens_at=from_optional_ms(row.opens_at),
        due_at=from_optional_ms(row.due_at),
        closes_at=from_optional_ms(row.closes_at),
    )


def _read_extension(row: AnyRow) -> Extension:
    return Extension(
        post=row.post_id,
        stage=row.stage,
        until=from_ms(row.until),
        reason=row.reason,
        granted_at=from_ms(row.granted_at),
        form=row.form,
        by=row.granted_by or 0,
    )


async def lock_calendar(connection: AsyncConnection, district: int) -> None:
    """Wait until nobody else changes this district's calendar, and keep others off to the commit."""
    await lock_rows(connection, region, [district])


async def fit_windows(connection: AsyncConnection, shared: Shared, changed: Changed) -> int:
    """Let a district's assignments have the windows of its calendar; tell how many had others.

    Those who answer them are remembered as still to be told, with what they know; an assignment that never had any
    is new, and nobody has to be told. Lock the calendar first.
    """
    calendar = (await read_calendars(connection, [changed.district]))[changed.district]
    new = {row.id: (row.windows, now) for row, now in await _fitted(connection, shared, calendar) if row.windows != now}
    await lock_rows(connection, assignment, list(new))
    rows = [{"this_id": number, "windows": now} for number, (_, now) in new.items()]
    await write_many(connection, change(assignment, ("windows",)), rows)
    await _remember(connection, {number: before for number, (before, _) in new.items() if before}, changed)
    return len(new)


async def _fitted(connection: AsyncConnection, shared: Shared, calendar: Calendar) -> list[tuple[AnyRow, str]]:
    """Give the district's assignments, each with the windows that it should have."""
    posts: defaultdict[int, set[int]] = defaultdict(set)
    of_extensions = select(post.c.region_id, post.c.id).where(
        post.c.id.in_([each.post for each in calendar.extensions])
    )
    for row in await connection.execute(of_extensions):
        posts[row.region_id].add(row.id)
    answering = shared.library.instrument.answering
    usual = {form: encode_windows(calendar.windows(form, answering)) for form in shared.library.forms}
    inside = select(region.c.id).where(region.c.district_id == calendar.district)
    statement = select(assignment.c.id, assignment.c.region_id, assignment.c.form, assignment.c.windows).where(
        assignment.c.cycle_id == calendar.cycle, assignment.c.region_id.in_(inside), assignment.c.form.in_(usual)
    )

    def fitted(row: AnyRow) -> str:
        own = posts.get(row.region_id)
        return encode_windows(calendar.windows(row.form, answering, own)) if own else usual[row.form]

    return [(row, fitted(row)) for row in await connection.execute(statement.order_by(assignment.c.id))]


async def _remember(connection: AsyncConnection, before: Mapping[int, str], changed: Changed) -> None:
    """What people knew before the first change stays until they are told."""
    if not before:
        return
    statement = insert_into(connection, window_change)
    values = {"at": statement.excluded["at"], "changed_by": statement.excluded["changed_by"]}
    again = statement.on_conflict_do_update(index_elements=["assignment_id"], set_=values)
    known = [
        {"assignment_id": number, "before": windows, "at": as_ms(changed.at), "changed_by": changed.by}
        for number, windows in before.items()
    ]
    await connection.execute(again, known)

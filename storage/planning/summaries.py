"""Plans weekly summaries: each for the minute of the week that its reader has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.hours import CENTRAL, CENTRAL_PROVINCES, EASTERN, EASTERN_PROVINCES, WESTERN, next_allowed
from conversations.purposes import Summary
from conversations.subscriptions import USUAL, last_moment, slot_at
from storage.database import Database
from storage.inserting import upsert, write_many
from storage.moments import as_ms, from_ms
from storage.outbox_states import Priority
from storage.rows import LASTS
from storage.tables import holding, planned, post, region, subscription
from storage.tables.base import AnyRow
from storage.turn_state import Shared
from storage.unasked import Unasked, put

OF_USE = timedelta(days=3)
"""A summary that could not go by then is left out; a planner that stood still looks back no further."""
PLANNED_TO = "summaries"
"""In the table ``planned``: up to which moment summaries are planned."""
PROVINCE = func.substr(region.c.code, 1, 2)
ZONES = {
    WESTERN: PROVINCE.not_in(CENTRAL_PROVINCES | EASTERN_PROVINCES),
    CENTRAL: PROVINCE.in_(CENTRAL_PROVINCES),
    EASTERN: PROVINCE.in_(EASTERN_PROVINCES),
}
A_PROVINCE = {WESTERN: "", CENTRAL: min(CENTRAL_PROVINCES), EASTERN: min(EASTERN_PROVINCES)}
"""One in each zone: what time it is there."""
CHUNK = 500
"""People of one transaction: turns wait for milliseconds, not for the whole country."""


async def plan_summaries(database: Database, shared: Shared, at: datetime) -> None:
    """Put the summaries into the outbox whose minute has come since the last time.

    Doing so twice, or in two processes, changes nothing: a person's summary of a day is put there once.
    """
    async with database.reading("Looking up to when summaries are planned") as connection:
        planned_to = await connection.scalar(select(planned.c.at).where(planned.c.key == PLANNED_TO))
    since = at if planned_to is None else max(from_ms(planned_to), at - OF_USE)
    if since < at:
        await _plan(database, shared, (since, at))
    if since != at or planned_to is None:
        await _remember(database, at)


async def _remember(database: Database, at: datetime) -> None:
    async with database.writing("Keeping up to when summaries are planned") as connection:
        await write_many(connection, upsert(planned, ("at",)), [{"key": PLANNED_TO, "at": as_ms(at)}])
        await connection.commit()


async def _plan(database: Database, shared: Shared, span: tuple[datetime, datetime]) -> None:
    async with database.reading("Looking for summaries that are due") as connection:
        people = await _due(connection, span)
    for start in range(0, len(people), CHUNK):
        async with database.writing("Planning summaries") as connection:
            await _plan_some(connection, shared, people[start : start + CHUNK], span)
            await connection.commit()


async def _due(connection: AsyncConnection, span: tuple[datetime, datetime]) -> list[int]:
    """Give, in order, the people whose minute may have come: it is the usual one, or they ordered it for then."""
    slots = ((slot_at(span[0], code), slot_at(span[1], code)) for code in A_PROVINCE.values())
    is_ordered = and_(subscription.c.is_on, or_(*(_between(*each) for each in slots)))
    people = set((await connection.scalars(select(subscription.c.person_id).where(is_ordered))).all())
    if zones := [zone for zone, code in A_PROVINCE.items() if _is_due(USUAL.slot, code, span)]:
        is_usual = and_(subscription.c.person_id.is_(None), or_(*(ZONES[zone] for zone in zones)))
        people |= set((await connection.scalars(_holders(holding.c.person_id).where(is_usual).distinct())).all())
    return sorted(people)


def _between(first: int, last: int) -> ColumnElement[bool]:
    """Name the minutes after the first up to the last; after Sunday comes Monday."""
    slot = subscription.c.slot
    return and_(slot > first, slot <= last) if first <= last else or_(slot > first, slot <= last)


def _is_due(slot: int, region_code: str, span: tuple[datetime, datetime]) -> bool:
    return last_moment(slot, span[1], region_code) > span[0]


def _holders(*columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(holding)
        .join(post, post.c.id == holding.c.post_id)
        .join(region, region.c.id == post.c.region_id)
        .outerjoin(subscription, subscription.c.person_id == holding.c.person_id)
        .where(LASTS)
    )


async def _plan_some(
    connection: AsyncConnection, shared: Shared, people: Sequence[int], span: tuple[datetime, datetime]
) -> None:
    """Plan those of these people whose minute has come where they live, which is where their first post is."""
    asked = _holders(holding.c.person_id, region.c.code, subscription.c.slot).where(holding.c.person_id.in_(people))
    rows = (await connection.execute(asked.order_by(holding.c.id.desc()))).all()
    first = {row.person_id: row for row in rows}
    messages = [_message(row, shared, span[1]) for row in first.values() if _is_due(_slot(row), row.code, span)]
    await put(connection, [each for each in messages if each.not_before < each.not_after], span[1])


def _slot(row: AnyRow) -> int:
    return USUAL.slot if row.slot is None else int(row.slot)


def _message(row: AnyRow, shared: Shared, at: datetime) -> Unasked:
    moment = last_moment(_slot(row), at, row.code)
    return Unasked(
        row.person_id,
        Summary(),
        once=f"summary:{row.person_id}:{moment:%Y%m%d}",
        not_before=next_allowed(moment, row.code, shared.rules),
        not_after=moment + OF_USE,
        priority=Priority.BULK,
    )

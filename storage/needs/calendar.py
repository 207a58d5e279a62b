"""Loads calendars of districts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import CalendarNeed, ShownCalendar
from conversations.people import Standing
from storage.calendar import read_calendars
from storage.rows import read_post
from storage.tables import post
from storage.turn_state import TurnState


async def calendars(connection: AsyncConnection, state: TurnState, needs: Collection[CalendarNeed]) -> None:
    """Meet the need for a district's calendar, with the posts that have an extension."""
    found = await read_calendars(connection, {need.district for need in needs})
    numbers = {each.post for one in found.values() for each in one.extensions}
    statement = select(post.c.id, post.c.role, post.c.region_id, literal(Standing.DEFINITIVE.value), post.c.office)
    rows = (await connection.execute(statement.where(post.c.id.in_(numbers)))).all()
    regions = state.shared.regions
    await regions.know(connection, {row.region_id for row in rows})
    posts = {row.id: read_post(row, regions) for row in rows}
    for need in needs:
        one = found.get(need.district)
        state.known[need] = one and ShownCalendar(one, {each.post: posts[each.post] for each in one.extensions})

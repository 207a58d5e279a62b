"""Writes changes of calendars, and lets the batch's own assignments have the windows that follow."""

from __future__ import annotations

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.actions import SetTimes
from conversations.calendar import Extension
from storage.calendar import Changed
from storage.calendar_changes import find_post, put_extension, put_times
from storage.errors import StorageError
from storage.tables import assignment
from storage.turn_state import CalendarWish, TurnState
from storage.window_rows import decode_windows


async def write_calendars(connection: AsyncConnection, state: TurnState) -> None:
    """Write what the steps want about calendars; nearly always that is nothing."""
    if not state.pending.calendar:
        return
    for wish in state.pending.calendar:
        changed = Changed(wish.action.cycle, wish.action.district, wish.at, wish.person)
        if isinstance(wish.action, SetTimes):
            await put_times(connection, state.shared, changed, wish.action.times)
        else:
            await put_extension(connection, state.shared, changed, await _extension(connection, wish))
    numbers = select(assignment.c.id, assignment.c.windows).where(assignment.c.id.in_(state.assignments))
    for row in await connection.execute(numbers):
        windows = decode_windows(row.windows)
        state.assignments[row.id] = msgspec.structs.replace(state.assignments[row.id], windows=windows)


async def _extension(connection: AsyncConnection, wish: CalendarWish) -> Extension:
    assert not isinstance(wish.action, SetTimes)
    holder = wish.action.holder
    number = await find_post(connection, holder.region.id, holder.role, holder.office)
    if number is None or holder.region.district_id != wish.action.district:
        raise StorageError(
            f"A post of district {wish.action.district} was expected; {holder.role} of region {holder.region.code} is "
            "none. Correct the dialog."
        )
    return Extension(number, wish.action.stage, wish.action.until, wish.action.reason, wish.at, by=wish.person)

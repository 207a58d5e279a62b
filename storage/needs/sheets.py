"""Loads sheets, whole assignments, and what messages were about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import AllSheetsNeed, SheetNeed, Topic, TopicNeed
from conversations.sheets import Sheet
from storage.rows import read_sheet
from storage.tables import message_topic, sheet
from storage.turn_state import SheetKey, StoredSheet, TurnState

NOTHING_STORED = StoredSheet()
_some_sheets = select(sheet).where(
    tuple_(sheet.c.assignment_id, sheet.c.form_row_id).in_(bindparam("keys", expanding=True))
)


async def sheets(connection: AsyncConnection, state: TurnState, needs: Collection[SheetNeed]) -> None:
    """Meet the need for single sheets."""
    keys = {(need.assignment, need.row) for need in needs}
    await load_sheets(connection, state, keys - state.stored.keys())
    for key in keys:
        state.known[SheetNeed(*key)] = state.stored[key].sheet


async def load_sheets(connection: AsyncConnection, state: TurnState, keys: Collection[SheetKey]) -> None:
    """Read what the database holds of these rows into ``state.stored``."""
    wanted = {}
    for key in keys:
        state.stored[key] = NOTHING_STORED
        assigned = state.assignments.get(key[0])
        row = state.shared.form_rows.id(assigned.form, key[1]) if assigned else None
        if row is not None:
            wanted[key[0], row] = key
    if not wanted:
        return
    for found in (await connection.execute(_some_sheets, {"keys": list(wanted)})).all():
        state.stored[wanted[found.assignment_id, found.form_row_id]] = read_sheet(found)


async def all_sheets(connection: AsyncConnection, state: TurnState, needs: Collection[AllSheetsNeed]) -> None:
    """Meet the need for everything that was said in an assignment."""
    found: defaultdict[int, dict[str, Sheet]] = defaultdict(dict)
    statement = select(sheet).where(sheet.c.assignment_id.in_({need.assignment for need in needs}))
    for row in await connection.execute(statement):
        stored = read_sheet(row)
        number = state.shared.form_rows.number(row.form_row_id)
        state.stored[row.assignment_id, number] = stored
        found[row.assignment_id][number] = stored.sheet
    state.known |= {need: found[need.assignment] for need in needs}


async def topics(connection: AsyncConnection, state: TurnState, needs: Collection[TopicNeed]) -> None:
    """Meet the need to know what a message was about."""
    keys = {(need.address, need.message) for need in needs}
    state.known |= dict.fromkeys(needs)
    statement = select(message_topic).where(tuple_(message_topic.c.address_id, message_topic.c.message_id).in_(keys))
    for row in await connection.execute(statement):
        state.known[TopicNeed(row.address_id, row.message_id)] = Topic(row.assignment_id, row.key)

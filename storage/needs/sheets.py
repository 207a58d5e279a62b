"""Loads sheets, whole assignments, and what messages were about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import AllSheetsNeed, SheetNeed, Topic, TopicNeed
from conversations.sheets import Sheet
from storage.rows import SHEET, read_sheet
from storage.statements import Lists, Statement, given
from storage.tables import message_topic, sheet
from storage.turn_state import SheetKey, StoredSheet, TurnState

NOTHING_STORED = StoredSheet()


def _some_sheets(dialect: str) -> Select[Any]:
    rows = given(dialect, sheet.c.assignment_id, sheet.c.form_row_id)
    is_wanted = (sheet.c.assignment_id == rows.c.assignment_id) & (sheet.c.form_row_id == rows.c.form_row_id)
    return select(*SHEET).join(rows, is_wanted)


def _some_topics(dialect: str) -> Select[Any]:
    rows = given(dialect, message_topic.c.address_id, message_topic.c.message_id)
    is_wanted = (message_topic.c.address_id == rows.c.address_id) & (message_topic.c.message_id == rows.c.message_id)
    return select(message_topic).join(rows, is_wanted)


SOME_SHEETS = Statement(_some_sheets)
ALL_SHEETS = Statement(
    lambda dialect: select(*SHEET).where(sheet.c.assignment_id.in_(select(given(dialect, sheet.c.assignment_id))))
)
SOME_TOPICS = Statement(_some_topics)


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
    lists = {"assignment_id": [key[0] for key in wanted], "form_row_id": [key[1] for key in wanted]}
    for found in await SOME_SHEETS.fetch(connection, lists):
        state.stored[wanted[found[0], found[1]]] = read_sheet(found)


async def all_sheets(connection: AsyncConnection, state: TurnState, needs: Collection[AllSheetsNeed]) -> None:
    """Meet the need for everything that was said in an assignment."""
    found: defaultdict[int, dict[str, Sheet]] = defaultdict(dict)
    for row in await ALL_SHEETS.fetch(connection, {"assignment_id": [need.assignment for need in needs]}):
        stored = read_sheet(row)
        assigned, number = row[0], state.shared.form_rows.number(row[1])
        state.stored[assigned, number] = stored
        found[assigned][number] = stored.sheet
    state.known |= {need: found[need.assignment] for need in needs}


async def topics(connection: AsyncConnection, state: TurnState, needs: Collection[TopicNeed]) -> None:
    """Meet the need to know what a message was about."""
    state.known |= dict.fromkeys(needs)
    lists: Lists = {"address_id": [need.address for need in needs], "message_id": [need.message for need in needs]}
    for address, message, assigned, key in await SOME_TOPICS.fetch(connection, lists):
        state.known[TopicNeed(address, message)] = Topic(assigned, key)

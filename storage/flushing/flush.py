"""The order in which things are written."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.flushing.answers import write_answers
from storage.flushing.broadcasts import write_broadcasts
from storage.flushing.calendar import write_calendars
from storage.flushing.chats import change_chats
from storage.flushing.delivery import write_delivery
from storage.flushing.forgetting import forget_people
from storage.flushing.nudges import write_nudges
from storage.flushing.people import write_people
from storage.turn_state import Pending, TurnState


async def flush(connection: AsyncConnection, state: TurnState) -> None:
    """Write what is pending, and begin an empty list. Nothing is committed."""
    if not state.has_pending:
        return
    await forget_people(connection, state)
    await change_chats(connection, state)
    await write_people(connection, state)
    await write_answers(connection, state)
    await write_calendars(connection, state)
    await write_delivery(connection, state)
    await write_broadcasts(connection, state)
    await write_nudges(connection, state)
    state.pending = Pending()
    state.has_pending = False

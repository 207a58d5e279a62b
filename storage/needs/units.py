"""Loads how far the units of regions are."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import UnitsNeed
from storage.escalation import read_units
from storage.turn_state import TurnState


async def units(connection: AsyncConnection, state: TurnState, needs: Collection[UnitsNeed]) -> None:
    """Meet the need to know how far units are."""
    await state.shared.regions.know(connection, {need.region for need in needs})
    found = [region for need in needs if (region := state.shared.regions.find(need.region))]
    by_region = await read_units(connection, state.shared, found, state.at)
    state.known |= {need: by_region.get(need.region) for need in needs}

"""Loads regions by number and by typed words."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import RegionNeed, RegionSearchNeed
from storage.turn_state import TurnState


async def regions(connection: AsyncConnection, state: TurnState, needs: Collection[RegionNeed]) -> None:
    """Meet the need for a region."""
    await state.shared.regions.know(connection, {need.region for need in needs})
    state.known |= {need: state.shared.regions.find(need.region) for need in needs}


async def searches(connection: AsyncConnection, state: TurnState, needs: Collection[RegionSearchNeed]) -> None:
    """Meet the need for the regions nearest to the words."""
    await state.shared.regions.refresh(connection)
    index = state.shared.regions.index
    state.known |= {need: index.search(need.words, need.kinds, need.within) for need in needs}

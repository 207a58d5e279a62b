"""Loads what people want to receive."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import SubscriptionNeed
from conversations.subscriptions import USUAL
from storage.subscriptions import read_subscriptions
from storage.turn_state import TurnState


async def subscriptions(connection: AsyncConnection, state: TurnState, needs: Collection[SubscriptionNeed]) -> None:
    """Meet the need for whether and when somebody wants their weekly summary."""
    found = await read_subscriptions(connection, {need.person for need in needs})
    state.known |= {need: found.get(need.person, USUAL) for need in needs}

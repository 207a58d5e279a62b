"""Loads what people want to receive, and what it would say."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import SubscriptionNeed, SummaryNeed
from conversations.subscriptions import USUAL
from storage.subscriptions import read_subscriptions
from storage.summaries import read_outlooks, read_told_before
from storage.turn_state import TurnState


async def subscriptions(connection: AsyncConnection, state: TurnState, needs: Collection[SubscriptionNeed]) -> None:
    """Meet the need for whether and when somebody wants their weekly summary."""
    found = await read_subscriptions(connection, {need.person for need in needs})
    state.known |= {need: found.get(need.person, USUAL) for need in needs}


async def summaries(connection: AsyncConnection, state: TurnState, needs: Collection[SummaryNeed]) -> None:
    """Meet the need for how everything stands that somebody's posts look after."""
    held = {need.person: state.speakers[need.person].posts for need in needs}
    told = await read_told_before(connection, held)
    outlooks = await read_outlooks(connection, state.shared, held, told)
    state.known |= {need: outlooks[need.person] for need in needs}

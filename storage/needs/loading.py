"""Meets needs: which loader reads which, and what has to be written before it may read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import (
    AllSheetsNeed,
    AudienceNeed,
    BroadcastNeed,
    BroadcastsNeed,
    CalendarNeed,
    ChatsNeed,
    CoordinatorsNeed,
    FreshCodeNeed,
    HolderNeed,
    HoldersNeed,
    InvitationNeed,
    InvitedToNeed,
    LetterNeed,
    LinkNeed,
    Need,
    PersonNeed,
    PhoneNeed,
    QueueNeed,
    ReceivedBroadcastNeed,
    RegionNeed,
    RegionSearchNeed,
    RequestNeed,
    RowAnswersNeed,
    ScoreNeed,
    SheetNeed,
    SubscriptionNeed,
    SummaryNeed,
    TopicNeed,
    UnitsNeed,
)
from storage.flushing import flush
from storage.needs.broadcasts import audiences, broadcasts, newest_broadcasts, received_broadcasts
from storage.needs.calendar import calendars
from storage.needs.chats import chats, holders, links, same_phones
from storage.needs.invitations import fresh_codes, invitations, invited_to
from storage.needs.letters import letters
from storage.needs.people import coordinators, people, post_holders, queues, requests
from storage.needs.regions import regions, searches
from storage.needs.scores import row_answers, scores
from storage.needs.sheets import all_sheets, sheets, topics
from storage.needs.subscriptions import subscriptions, summaries
from storage.needs.units import units
from storage.turn_state import TurnState

Loader = Callable[[AsyncConnection, TurnState, Any], Awaitable[None]]
LOADERS: Mapping[type[Any], Loader] = {
    SheetNeed: sheets,
    AllSheetsNeed: all_sheets,
    TopicNeed: topics,
    PersonNeed: people,
    InvitationNeed: invitations,
    InvitedToNeed: invited_to,
    FreshCodeNeed: fresh_codes,
    RegionNeed: regions,
    RegionSearchNeed: searches,
    ScoreNeed: scores,
    RowAnswersNeed: row_answers,
    QueueNeed: queues,
    RequestNeed: requests,
    CoordinatorsNeed: coordinators,
    UnitsNeed: units,
    LinkNeed: links,
    PhoneNeed: same_phones,
    HolderNeed: holders,
    ChatsNeed: chats,
    HoldersNeed: post_holders,
    AudienceNeed: audiences,
    BroadcastsNeed: newest_broadcasts,
    BroadcastNeed: broadcasts,
    ReceivedBroadcastNeed: received_broadcasts,
    CalendarNeed: calendars,
    SubscriptionNeed: subscriptions,
    SummaryNeed: summaries,
    LetterNeed: letters,
}
UNTOUCHED_BY_STEPS = frozenset({SheetNeed, TopicNeed, FreshCodeNeed, RegionNeed, RegionSearchNeed})
"""Needs that can be read while steps are unwritten: memory has what those steps changed."""


async def load(connection: AsyncConnection, state: TurnState, needs: Iterable[Need]) -> None:
    """Read what is asked for and not known yet, after writing what it may depend on."""
    by_type: defaultdict[type, set[Need]] = defaultdict(set)
    for need in needs:
        if need not in state.known:
            by_type[type(need)].add(need)
    if not by_type.keys() <= UNTOUCHED_BY_STEPS:
        await flush(connection, state)
    for kind, some in by_type.items():
        await LOADERS[kind](connection, state, some)
        state.volatile[kind] |= some

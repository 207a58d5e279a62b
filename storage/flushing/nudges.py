"""Puts reminders into the outbox that somebody wants sent in their name."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.hours import next_allowed
from conversations.people import ROLES_BY_KIND
from conversations.purposes import NUDGE, Reminder
from storage.escalation import UNIT_KINDS, nudge_key
from storage.moments import from_ms
from storage.planning.claiming import take
from storage.rows import LASTS
from storage.tables import holding, post
from storage.turn_state import TurnState
from storage.unasked import Unasked, put

STALE_AFTER = timedelta(hours=36)
"""Whoever has had their message of today gets it tomorrow; later it is not what was meant."""


async def write_nudges(connection: AsyncConnection, state: TurnState) -> None:
    """Put them there: to everybody who answers for a region, once a region and day."""
    by_asker: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for each in state.pending.nudges:
        by_asker[each.by, each.at].add(each.region)
    for (by, at), regions in by_asker.items():
        await _nudge(connection, state, regions, by=by, at=from_ms(at))


async def _nudge(connection: AsyncConnection, state: TurnState, regions: set[int], *, by: int, at: datetime) -> None:
    book = state.shared.regions
    keys = {nudge_key(book.region(number), at): number for number in regions}
    fresh = {keys[key]: key for key in await take(connection, keys, at)}
    roles = {role for kind in UNIT_KINDS for role in ROLES_BY_KIND[kind]}
    mine = post.c.region_id.in_(fresh) & post.c.role.in_(roles) & (holding.c.person_id != by)
    held = select(holding.c.person_id, post.c.region_id).join(post, post.c.id == holding.c.post_id).where(mine, LASTS)
    rows = (await connection.execute(held.distinct())).all()
    messages = []
    for row in rows:
        starts_at = next_allowed(at, book.region(row.region_id).code, state.shared.rules)
        once = f"{fresh[row.region_id]}:{row.person_id}"
        purpose = Reminder((), NUDGE, by)
        messages.append(Unasked(row.person_id, purpose, once, not_before=starts_at, not_after=starts_at + STALE_AFTER))
    await put(connection, messages, at)

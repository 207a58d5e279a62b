"""Plans the news of calendars: everybody whose own time has changed is told once, when the changing is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.calendar import seen_by
from conversations.hours import next_allowed
from conversations.people import ROLES_BY_KIND
from conversations.purposes import CalendarChange
from storage.moments import as_ms
from storage.rows import LASTS
from storage.tables import assignment, holding, post, region, window_change
from storage.tables.base import AnyRow
from storage.turn_state import Shared
from storage.unasked import Unasked, put
from storage.window_rows import decode_windows

QUIET = timedelta(minutes=10)
"""Several changes of one district are told together, when none has come for so long."""
LIFE = timedelta(days=7)
"""Later nobody wants to hear of it."""
CHUNK = 500


async def plan_news(connection: AsyncConnection, shared: Shared, at: datetime) -> int:
    """Put a message for everybody concerned into the outbox, for districts that have come to rest; tell how many.

    Whoever changed the calendar knows. A second time, or in another process, it plans nothing again: what is planned
    is named after its change.
    """
    many = 0
    for changes in (await _rested(connection, at)).values():
        messages = await _messages(connection, shared, changes, at)
        many += len(await put(connection, messages, at))
        await _settle(connection, changes)
    return many


async def _rested(connection: AsyncConnection, at: datetime) -> Mapping[int, Sequence[AnyRow]]:
    """Give the changes of districts in which the last one lies back far enough."""
    statement = (
        select(window_change, assignment.c.windows, region.c.id.label("region_id"), region.c.district_id)
        .add_columns(region.c.kind, region.c.code)
        .join(assignment, assignment.c.id == window_change.c.assignment_id)
        .join(region, region.c.id == assignment.c.region_id)
        .order_by(window_change.c.assignment_id)
    )
    found: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in await connection.execute(statement):
        found[row.district_id].append(row)
    quiet = as_ms(at - QUIET)
    return {district: rows for district, rows in found.items() if max(row.at for row in rows) <= quiet}


async def _messages(
    connection: AsyncConnection, shared: Shared, changes: Sequence[AnyRow], at: datetime
) -> list[Unasked]:
    posts = await _posts(connection, {row.region_id for row in changes})
    before: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in changes:
        for owner, held in posts.get(row.region_id, {}).items():
            if owner != row.changed_by and any(role in ROLES_BY_KIND[row.kind] for role, _ in held):
                numbers = {number for _, number in held}
                if seen_by(decode_windows(row.before), numbers) != seen_by(decode_windows(row.windows), numbers):
                    before[owner].append((row.assignment_id, row.before))
    last = max(row.at for row in changes)
    not_before = next_allowed(at, changes[0].code, shared.rules)
    return [
        Unasked(owner, CalendarChange(tuple(known)), f"calendar:{owner}:{last}", not_before, not_before + LIFE)
        for owner, known in sorted(before.items(), key=itemgetter(0))
    ]


async def _posts(connection: AsyncConnection, regions: set[int]) -> Mapping[int, Mapping[int, list[tuple[str, int]]]]:
    """Give who holds which posts (role and number) in these regions: by region and person."""
    statement = (
        select(post.c.region_id, holding.c.person_id, post.c.role, post.c.id)
        .join(holding, holding.c.post_id == post.c.id)
        .where(post.c.region_id.in_(regions), LASTS)
    )
    found: defaultdict[int, defaultdict[int, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for row in await connection.execute(statement):
        found[row.region_id][row.person_id].append((row.role, row.id))
    return found


async def _settle(connection: AsyncConnection, changes: Sequence[AnyRow]) -> None:
    """What has changed once more in the meantime stays for the next time."""
    for start in range(0, len(changes), CHUNK):
        some = changes[start : start + CHUNK]
        mine = window_change.c.assignment_id.in_([row.assignment_id for row in some])
        await connection.execute(delete(window_change).where(mine, window_change.c.at.in_({row.at for row in some})))

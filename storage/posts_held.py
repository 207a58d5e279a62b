"""Which posts people hold, and what those posts may answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Assignment, Post
from storage.moments import as_ms
from storage.rows import answers_for, read_assignment, read_post
from storage.tables import assignment, cycle, holding, post
from storage.turn_state import TurnState

_held = (
    select(holding.c.person_id, holding.c.standing, holding.c.post_id, post.c.region_id, post.c.role, post.c.office)
    .join(post, post.c.id == holding.c.post_id)
    .where(
        holding.c.person_id.in_(bindparam("people", expanding=True)),
        holding.c.since <= bindparam("now"),
        holding.c.until > bindparam("now"),
    )
    .order_by(holding.c.id)
)
_running = (
    select(assignment)
    .join(cycle, cycle.c.id == assignment.c.cycle_id)
    .where(assignment.c.region_id.in_(bindparam("regions", expanding=True)), cycle.c.closed_at.is_(None))
    .order_by(assignment.c.id)
)


async def load_posts(connection: AsyncConnection, state: TurnState, people: Collection[int]) -> None:
    """Give these people of the batch the posts that they hold now, and what those may answer."""
    at = as_ms(state.at)
    rows = (await connection.execute(_held, {"people": list(people), "now": at})).all()
    await state.shared.regions.know(connection, {row.region_id for row in rows})
    posts: defaultdict[int, list[Post]] = defaultdict(list)
    for row in rows:
        posts[row.person_id].append(read_post(row, state.shared.regions))
    found = await load_assignments(connection, state, [each for some in posts.values() for each in some])
    for one, some in posts.items():
        state.speakers[one].posts = tuple(some)
        state.speakers[one].assignments = answerable(some, found)


async def load_assignments(
    connection: AsyncConnection, state: TurnState, posts: Collection[Post]
) -> dict[int, list[Assignment]]:
    """Give what is assigned in running cycles to the regions of these posts, by region, older first."""
    by_region: defaultdict[int, list[Assignment]] = defaultdict(list)
    regions = {each.region.id for each in posts}
    if not regions:
        return by_region
    shared = state.shared
    for row in (await connection.execute(_running, {"regions": list(regions)})).all():
        if row.form in shared.library.forms:
            read = read_assignment(row, shared.regions, shared.library)
            known = state.assignments.setdefault(read.id, read)
            by_region[row.region_id].append(known)
    return by_region


def answerable(posts: Collection[Post], by_region: dict[int, list[Assignment]]) -> tuple[int, ...]:
    """Give the ids of the assignments that these posts may answer, in order."""
    found = {each.id for held in posts for each in by_region.get(held.region.id, ()) if answers_for(held, each)}
    return tuple(sorted(found))

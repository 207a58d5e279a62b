"""Which posts people hold, and what those posts may answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Assignment, Post, answers_for
from storage.locks import writes_alone
from storage.region_book import RegionBook
from storage.rows import ASSIGNMENT, LASTS, POST, read_assignment, read_post
from storage.statements import Statement, given
from storage.tables import assignment, cycle, holding, post
from storage.turn_state import Shared, TurnState


def _held(dialect: str) -> Select[Any]:
    people = select(given(dialect, holding.c.person_id))
    return (
        select(holding.c.person_id, *POST)
        .join(post, post.c.id == holding.c.post_id)
        .where(holding.c.person_id.in_(people), LASTS)
        .order_by(holding.c.id)
    )


def _running(dialect: str) -> Select[Any]:
    regions = select(given(dialect, assignment.c.region_id))
    return (
        select(*ASSIGNMENT)
        .join(cycle, cycle.c.id == assignment.c.cycle_id)
        .where(assignment.c.region_id.in_(regions), cycle.c.closed_at.is_(None))
        .order_by(assignment.c.id)
    )


HELD = Statement(_held)
RUNNING = Statement(_running)
RUNNING_TO_ANSWER = Statement(lambda dialect: _running(dialect).with_for_update(of=assignment, key_share=True))
"""Until the commit no other process answers them."""


async def load_posts(
    connection: AsyncConnection, state: TurnState, people: Collection[int], *, to_answer: bool = True
) -> None:
    """Give these people of the batch the posts that they hold now, and what those may answer.

    Without ``to_answer`` what they hold is shown: where other processes write too, it may be answered from the next
    batch on.
    """
    posts = await posts_of(connection, state.shared.regions, people)
    all_posts = [each for some in posts.values() for each in some]
    if to_answer:
        found = await _load(connection, state, RUNNING_TO_ANSWER, all_posts)
        state.answerable.update(state.assignments)
    else:
        found = await load_assignments(connection, state, all_posts)
    for one, some in posts.items():
        state.speakers[one].posts = tuple(some)
        state.speakers[one].assignments = answerable(some, found)


async def posts_of(connection: AsyncConnection, regions: RegionBook, people: Collection[int]) -> dict[int, list[Post]]:
    """Give the posts that these people hold now, by person, those held for longest first."""
    rows = await HELD.fetch(connection, {"person_id": list(people)})
    await regions.know(connection, {region for _, _, _, region, _, _ in rows})
    posts: defaultdict[int, list[Post]] = defaultdict(list)
    for row in rows:
        posts[row[0]].append(read_post(row[1:], regions))
    return posts


async def running_assignments(
    connection: AsyncConnection, shared: Shared, regions: Collection[int]
) -> dict[int, list[Assignment]]:
    """Give what is assigned in running cycles to these regions, by region, older first; all are in the book."""
    by_region: defaultdict[int, list[Assignment]] = defaultdict(list)
    for row in await RUNNING.fetch(connection, {"region_id": list(regions)}) if regions else ():
        if row[1] in shared.library.forms:
            read = read_assignment(row, shared.regions, shared.library)
            by_region[read.region.id].append(read)
    return by_region


async def load_assignments(
    connection: AsyncConnection, state: TurnState, posts: Collection[Post]
) -> dict[int, list[Assignment]]:
    """Give what is assigned in running cycles to the regions of these posts, by region, older first.

    They are shown: where other processes write too, they may be answered from the next batch on.
    """
    found = await _load(connection, state, RUNNING, posts)
    if writes_alone(connection):
        state.answerable.update(state.assignments)
    return found


async def _load(
    connection: AsyncConnection, state: TurnState, statement: Statement, posts: Collection[Post]
) -> dict[int, list[Assignment]]:
    by_region: defaultdict[int, list[Assignment]] = defaultdict(list)
    regions = {each.region.id for each in posts}
    if not regions:
        return by_region
    shared = state.shared
    for row in await statement.fetch(connection, {"region_id": list(regions)}):
        if row[1] in shared.library.forms:
            read = read_assignment(row, shared.regions, shared.library)
            known = state.assignments.setdefault(read.id, read)
            by_region[read.region.id].append(known)
    return by_region


def answerable(posts: Collection[Post], by_region: dict[int, list[Assignment]]) -> tuple[int, ...]:
    """Give the ids of the assignments that these posts may answer, in order."""
    found = {each.id for held in posts for each in by_region.get(held.region.id, ()) if answers_for(held, each)}
    return tuple(sorted(found))

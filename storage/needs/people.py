"""Loads other people, coordinators, and the queue of access requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import CoordinatorsNeed, HoldersNeed, PersonNeed, QueueNeed, RequestNeed
from conversations.people import AccessRequest, Holder, Role, Standing
from storage.moments import from_ms
from storage.rows import LASTS, PERSON, POST, read_person, read_post
from storage.tables import access_request, holding, person, post
from storage.tables.base import AnyRow
from storage.turn_state import TurnState

MOST_QUEUED = 20
MOST_HOLDERS = 24
_open_requests = select(access_request).where(access_request.c.decided_at.is_(None)).order_by(access_request.c.id)


async def people(connection: AsyncConnection, state: TurnState, needs: Collection[PersonNeed]) -> None:
    """Meet the need to name somebody."""
    state.known |= dict.fromkeys(needs)
    statement = select(*PERSON).where(person.c.id.in_({need.person for need in needs}))
    for row in await connection.execute(statement):
        state.known[PersonNeed(row.id)] = read_person(row)


async def coordinators(connection: AsyncConnection, state: TurnState, needs: Collection[CoordinatorsNeed]) -> None:
    """Meet the need to know who coordinates a district."""
    statement = (
        select(post.c.region_id, holding.c.person_id)
        .join(holding, holding.c.post_id == post.c.id)
        .where(
            post.c.region_id.in_({need.district for need in needs}),
            post.c.role == Role.COORDINATOR,
            LASTS,
        )
    )
    found: defaultdict[int, set[int]] = defaultdict(set)
    for row in await connection.execute(statement):
        found[row.region_id].add(row.person_id)
    state.known |= {need: tuple(sorted(found[need.district])) for need in needs}


async def post_holders(connection: AsyncConnection, state: TurnState, needs: Collection[HoldersNeed]) -> None:
    """Meet the need to know who holds posts somewhere."""
    for need in needs:
        here = (
            select(*PERSON, *POST)
            .join(holding, holding.c.person_id == person.c.id)
            .join(post, post.c.id == holding.c.post_id)
            .where(post.c.region_id.in_(need.regions), LASTS)
            .order_by(post.c.region_id, holding.c.id)
            .limit(MOST_HOLDERS)
        )
        rows = (await connection.execute(here)).all()
        await state.shared.regions.know(connection, set(need.regions))
        first = len(PERSON)
        state.known[need] = tuple(
            Holder(read_person(row[:first]), read_post(row[first:], state.shared.regions)) for row in rows
        )


async def queues(connection: AsyncConnection, state: TurnState, needs: Collection[QueueNeed]) -> None:
    """Meet the need for the requests that wait in a district."""
    for need in needs:
        here = access_request.c.district_id == need.district
        rows = (await connection.execute(_open_requests.where(here).limit(MOST_QUEUED))).all()
        state.known[need] = await _read_requests(connection, state, rows)


async def requests(connection: AsyncConnection, state: TurnState, needs: Collection[RequestNeed]) -> None:
    """Meet the need for one request that is still open."""
    state.known |= dict.fromkeys(needs)
    ids = {need.request for need in needs}
    rows = (await connection.execute(_open_requests.where(access_request.c.id.in_(ids)))).all()
    for found in await _read_requests(connection, state, rows):
        state.known[RequestNeed(found.id)] = found


async def _read_requests(
    connection: AsyncConnection, state: TurnState, rows: Collection[AnyRow]
) -> tuple[AccessRequest, ...]:
    await state.shared.regions.know(connection, {row.region_id for row in rows})
    return tuple(
        AccessRequest(
            id=row.id,
            person=row.person_id,
            name=row.name,
            role=Role(row.role),
            standing=Standing(row.standing),
            region=state.shared.regions.region(row.region_id),
            office=row.office,
            at=from_ms(row.at),
        )
        for row in rows
    )

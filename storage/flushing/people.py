"""Writes sessions, people, posts, invitations and access requests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StorageError
from storage.inserting import change, upsert, write_many
from storage.invitations import insert_invitation
from storage.moments import as_optional_ms
from storage.posts import accept, ensure_post
from storage.rows import LASTS, encode
from storage.tables import access_request, holding, person, session
from storage.turn_state import Decision, TurnState

PERSON_COLUMNS = ("name", "honorific", "language", "consented_at")


async def write_people(connection: AsyncConnection, state: TurnState) -> None:
    """Write everything about people."""
    pending = state.pending
    if pending.sessions:
        statement = upsert(session, ("address_id", "body"))
        await write_many(connection, statement, [_session(state, each) for each in pending.sessions])
    if pending.people:
        rows = [_person(state, each) for each in pending.people]
        await write_many(connection, change(person, PERSON_COLUMNS), rows)
    if pending.acceptances or pending.invitations:
        await _write_posts(connection, state)
    for left in pending.left:
        await _leave(connection, *left)
    if pending.requests or pending.decisions:
        await _write_requests(connection, state)


def _session(state: TurnState, number: int) -> dict[str, Any]:
    speaker = state.speakers[number]
    return {
        "person_id": number,
        "address_id": speaker.last_address,
        "body": encode(speaker.session).decode(),
    }


def _person(state: TurnState, number: int) -> dict[str, Any]:
    changed = state.speakers[number].person
    return {
        "this_id": number,
        "name": changed.name,
        "honorific": changed.honorific,
        "language": changed.language,
        "consented_at": as_optional_ms(changed.consented_at),
    }


async def _write_posts(connection: AsyncConnection, state: TurnState) -> None:
    for acceptance in state.pending.acceptances:
        await accept(connection, acceptance)
    for action, at in state.pending.invitations:
        post = await ensure_post(connection, action.region, action.role, action.office)
        await insert_invitation(connection, action.code, post=post, standing=action.standing, name=action.name, at=at)


async def _leave(connection: AsyncConnection, who: int, which: int, at: int) -> None:
    lasting = (holding.c.person_id == who) & (holding.c.post_id == which) & LASTS
    await connection.execute(update(holding).where(lasting).values(until=at))


async def _write_requests(connection: AsyncConnection, state: TurnState) -> None:
    pending = state.pending
    await state.shared.regions.know(connection, {action.region for action, _ in pending.requests.values()})
    for decision in pending.decisions:
        await _decide(connection, decision)
    if not pending.requests:
        return
    is_open = access_request.c.decided_at.is_(None)
    mine = access_request.c.person_id.in_(pending.requests.keys())
    await connection.execute(delete(access_request).where(is_open & mine))
    await connection.execute(insert(access_request), [_request(state, each) for each in pending.requests])


async def _decide(connection: AsyncConnection, decision: Decision) -> None:
    open_one = (access_request.c.id == decision.request) & access_request.c.decided_at.is_(None)
    values = {"is_granted": decision.is_granted, "decided_at": decision.at, "decided_by": decision.person}
    if not (await connection.execute(update(access_request).where(open_one).values(values))).rowcount:
        raise StorageError(
            f"An open request was expected; number {decision.request} is decided. Decide the event again."
        )


def _request(state: TurnState, number: int) -> dict[str, Any]:
    action, at = state.pending.requests[number]
    region = state.shared.regions.region(action.region)
    return {
        "person_id": number,
        "name": action.name,
        "role": action.role,
        "standing": action.standing,
        "region_id": action.region,
        "district_id": region.district_id or None,
        "office": action.office,
        "at": at,
    }

"""Loads people's chats, and those who are known by another chat: by a code, a phone number, or their post."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import ChatsNeed, HolderNeed, LinkNeed, PhoneNeed
from conversations.people import Chat, Chats, Counterpart, Standing
from conversations.session import NEW_SESSION
from storage.envelopes import channel_name
from storage.invitations import code_hash
from storage.locks import lock_rows
from storage.moments import as_ms, from_optional_ms
from storage.posts import LEADING
from storage.posts_held import load_posts
from storage.rows import LASTS, PERSON, read_person, read_session
from storage.tables import address, holding, invitation, link_code, person, session
from storage.tables.base import AnyRow
from storage.turn_state import Speaker, TurnState


async def links(connection: AsyncConnection, state: TurnState, needs: Collection[LinkNeed]) -> None:
    """Meet the need for whoever has asked for a code that links two chats."""
    state.known |= dict.fromkeys(needs)
    at, hashes = as_ms(state.at), {code_hash(need.code): need for need in needs}
    statement = select(link_code, address.c.channel).join(address, address.c.id == link_code.c.address_id)
    rows = (await connection.execute(statement.where(link_code.c.code_hash.in_(hashes)))).all()
    await _know(connection, state, {row.person_id for row in rows})
    for row in rows:
        is_usable = row.used_at is None and row.expires_at > at
        found = _counterpart(state, row.person_id, (row.address_id, row.channel), is_usable=is_usable)
        state.known |= {need: found for need in needs if code_hash(need.code) == row.code_hash}


async def same_phones(connection: AsyncConnection, state: TurnState, needs: Collection[PhoneNeed]) -> None:
    """Meet the need for the one who holds a post and is known under a phone number."""
    for need in needs:
        others = (address.c.phone == need.phone) & (address.c.phone != "") & (address.c.person_id != need.person)
        statement = select(address.c.person_id, address.c.id, address.c.channel).where(others).order_by(address.c.id)
        rows = (await connection.execute(statement)).all()
        await _know(connection, state, {row.person_id for row in rows})
        holders = {row.person_id: row for row in rows if state.speakers[row.person_id].posts}
        row = next(iter(holders.values())) if len(holders) == 1 else None
        state.known[need] = _counterpart(state, row.person_id, (row.id, row.channel)) if row else None


async def holders(connection: AsyncConnection, state: TurnState, needs: Collection[HolderNeed]) -> None:
    """Meet the need for whoever leads the post of an invitation."""
    for need in needs:
        statement = (
            select(holding.c.person_id, session.c.address_id, address.c.channel)
            .join(invitation, invitation.c.post_id == holding.c.post_id)
            .join(session, session.c.person_id == holding.c.person_id)
            .join(address, address.c.id == session.c.address_id)
            .where(invitation.c.code_hash == code_hash(need.code), invitation.c.standing != Standing.OPERATOR)
            .where(holding.c.standing.in_(LEADING), LASTS)
            .limit(1)
        )
        row = (await connection.execute(statement)).one_or_none()
        if row:
            await _know(connection, state, {row.person_id})
        state.known[need] = _counterpart(state, row.person_id, (row.address_id, row.channel)) if row else None


async def chats(connection: AsyncConnection, state: TurnState, needs: Collection[ChatsNeed]) -> None:
    """Meet the need for where somebody writes from."""
    people = {need.person for need in needs}
    statement = select(address, person.c.preferred_channel).join(person, person.c.id == address.c.person_id)
    rows = await connection.execute(statement.where(person.c.id.in_(people)).order_by(address.c.id))
    found: dict[int, Chats] = {}
    for row in rows:
        before = found.get(row.person_id, Chats(()))
        found[row.person_id] = Chats((*before.all, _chat(row)), row.preferred_channel)
    state.known |= {need: found.get(need.person, Chats(())) for need in needs}


def _chat(row: AnyRow) -> Chat:
    return Chat(
        address=row.id,
        channel=row.channel,
        channel_name=channel_name(row.channel),
        phone=row.phone,
        linked_at=from_optional_ms(row.linked_at),
        is_opted_out=row.opted_out_at is not None,
        is_blocked=row.blocked_at is not None,
    )


async def _know(connection: AsyncConnection, state: TurnState, people: Collection[int]) -> None:
    """Load people who have not written in this batch, with their conversations: a chat may be theirs from now on."""
    unknown = sorted(set(people) - state.speakers.keys())
    if not unknown:
        return
    await lock_rows(connection, person, unknown)
    statement = select(*PERSON, session.c.address_id, session.c.body).outerjoin(
        session, session.c.person_id == person.c.id
    )
    for row in await connection.execute(statement.where(person.c.id.in_(unknown))):
        kept = read_session(row.body)
        state.lost_sessions += kept is None
        speaker = Speaker(read_person(row[: len(PERSON)]), kept or NEW_SESSION, row.address_id or 0, is_stored=True)
        state.speakers[row.id] = speaker
    await load_posts(connection, state, unknown, to_answer=False)


def _counterpart(state: TurnState, number: int, where: tuple[int, str], *, is_usable: bool = True) -> Counterpart:
    known = state.speakers[number]
    return Counterpart(known.person, known.posts, where[0], channel_name(where[1]), is_usable)

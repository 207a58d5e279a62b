"""Forgets people: the name goes, the posts end, and whoever writes from their phone again is a stranger."""

from __future__ import annotations

import msgspec
from sqlalchemy import case, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.outbox_states import OutboxState, Priority
from storage.rows import LASTS
from storage.tables import (
    access_request,
    address,
    holding,
    invitation,
    letter,
    link_code,
    outbox,
    person,
    session,
    snooze,
    subscription,
    told_summary,
)
from storage.turn_state import Pending, TurnState


async def forget_people(connection: AsyncConnection, state: TurnState) -> None:
    """Blank them in the database, and let what their phones said afterwards be a new person's."""
    for old, at in state.pending.forgotten.items():
        new = await make_stranger(connection, state.speakers[old].person.language)
        await _blank(connection, old, at)
        await _unbind(connection, old, new)
        rename(state, old, new)


async def forget(connection: AsyncConnection, old: int, *, language: str, at: int) -> None:
    """Forget a person outside a conversation."""
    new = await make_stranger(connection, language)
    await _blank(connection, old, at)
    await _unbind(connection, old, new)


async def make_stranger(connection: AsyncConnection, language: str) -> int:
    """Insert somebody of whom nothing is known; give their number."""
    statement = insert(person).values(language=language).returning(person.c.id)
    number: int = (await connection.execute(statement)).scalar_one()
    return number


async def _blank(connection: AsyncConnection, old: int, at: int) -> None:
    nobody = {"name": "", "honorific": "", "consented_at": None, "preferred_channel": "", "forgotten_at": at}
    await connection.execute(update(person).where(person.c.id == old).values(nobody))
    lasting = (holding.c.person_id == old) & LASTS
    await connection.execute(update(holding).where(lasting).values(until=at))
    await connection.execute(update(invitation).where(invitation.c.used_by == old).values(name=""))
    await connection.execute(delete(access_request).where(access_request.c.person_id == old))
    for table in (session, link_code, snooze, subscription, told_summary):
        await connection.execute(delete(table).where(table.c.person_id == old))
    await connection.execute(delete(letter).where((letter.c.sender_id == old) | (letter.c.reader_id == old)))


async def _unbind(connection: AsyncConnection, old: int, new: int) -> None:
    """Give the phones to a stranger, and cancel what they were still to be told unasked."""
    phones = address.c.person_id == old
    unasked = (outbox.c.state == OutboxState.WAITING) & (outbox.c.priority != Priority.REPLY)
    mine = outbox.c.address_id.in_(address.select().with_only_columns(address.c.id).where(phones))
    cancelled = {"state": OutboxState.FAILED, "reason": "forgotten", "body": "{}"}
    await connection.execute(update(outbox).where(unasked & mine).values(cancelled))
    is_needed = address.c.user == address.c.phone  # where nothing else is known, it is the address
    blank = {"phone": case((is_needed, address.c.phone), else_=""), "linked_at": None, "person_id": new}
    await connection.execute(update(address).where(phones).values(blank))


def rename(state: TurnState, old: int, new: int) -> None:
    """Let everything that was decided since somebody became a stranger belong to the stranger."""
    speaker = state.speakers.pop(old)
    speaker.person = msgspec.structs.replace(speaker.person, id=new)
    state.speakers[new] = speaker
    for key, known in list(state.addresses.items()):
        if known.person == old:
            state.addresses[key] = msgspec.structs.replace(known, person=new)
    _move_pending(state.pending, old, new)


def _move_pending(pending: Pending, old: int, new: int) -> None:
    for people in (pending.people, pending.sessions):
        if old in people:
            people.remove(old)
            people.add(new)
    if old in pending.requests:
        pending.requests[new] = pending.requests.pop(old)
    for each in pending.acceptances:
        if each.person == old:
            each.person = new
    pending.letters = [each for each in pending.letters if old not in (each["sender_id"], each["reader_id"])]
    pending.chats = [each._replace(person=new) if each.person == old else each for each in pending.chats]

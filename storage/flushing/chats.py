"""Writes what changes about chats: whose they are, and what they take."""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.actions import (
    IssueLinkCode,
    KeepPhone,
    LeaveChat,
    LinkChat,
    OptOut,
    PreferChannel,
    Snooze,
    Subscribe,
)
from storage.belonging import Moved, join, leave
from storage.flushing.forgetting import make_stranger, rename
from storage.inserting import insert_into, upsert, write_many
from storage.invitations import code_hash
from storage.moments import as_ms
from storage.reaching import opt_out
from storage.subscriptions import keep_subscription
from storage.tables import address, link_code, person, snooze
from storage.turn_state import ChatChange, TurnState


async def change_chats(connection: AsyncConnection, state: TurnState) -> None:
    """Write the changes in the order in which they were wanted."""
    pending = state.pending
    while pending.chats:
        change = pending.chats.pop(0)
        match change.action:
            case IssueLinkCode():
                await _issue(connection, change, change.action)
            case LinkChat(person=new, code=code):
                await join(connection, Moved(change.address, change.person, new), code, at=change.at)
            case LeaveChat(address=number):
                await _leave(connection, state, change, number)
            case PreferChannel(channel=channel):
                mine = person.c.id == change.person
                await connection.execute(update(person).where(mine).values(preferred_channel=channel))
            case OptOut(is_out=is_out):
                at = change.at if is_out else None
                state.vias |= await opt_out(connection, change.address, at, now=as_ms(state.at))
            case KeepPhone(phone=phone):
                here = address.c.id == change.address
                await connection.execute(update(address).where(here).values(phone=phone))
            case Snooze(until=until):
                await _snooze(connection, change, as_ms(until))
            case Subscribe(subscription=wanted):
                await keep_subscription(connection, change.person, wanted)
            case _:
                assert_never(change.action)


async def _issue(connection: AsyncConnection, change: ChatChange, action: IssueLinkCode) -> None:
    """The newest code is the only one."""
    row = {
        "person_id": change.person,
        "code_hash": code_hash(action.code),
        "address_id": change.address,
        "expires_at": as_ms(action.expires_at),
        "used_at": None,
    }
    statement = insert_into(connection, link_code).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=row))


async def _leave(connection: AsyncConnection, state: TurnState, change: ChatChange, number: int) -> None:
    language = state.speakers[change.person].person.language
    stranger = await make_stranger(connection, language)
    state.vias |= await leave(connection, Moved(number, change.person, stranger), at=as_ms(state.at))
    if -number in state.speakers:
        rename(state, -number, stranger)


async def _snooze(connection: AsyncConnection, change: ChatChange, until: int) -> None:
    row = {"person_id": change.person, "until": until, "asked_at": change.at}
    await write_many(connection, upsert(snooze, ("until", "asked_at")), [row])

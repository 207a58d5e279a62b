"""Writes broadcasts that were confirmed or changed, and the message that shows how far each is."""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.actions import ChangeBroadcast, LaunchBroadcast
from conversations.audiences import BroadcastDraft
from conversations.broadcasts import BroadcastChange
from conversations.texts import texts_for
from conversations.views.broadcast_progress import progress_message
from storage.broadcasts.register import change, draft_of_failed, launch, read_broadcasts
from storage.moments import FOREVER, from_ms
from storage.outbox_states import Priority
from storage.rows import encode
from storage.tables import broadcast, outbox
from storage.turn_state import BroadcastWish, TurnState


async def write_broadcasts(connection: AsyncConnection, state: TurnState) -> None:
    """Write the changes in the order in which they were wanted."""
    for wish in state.pending.broadcasts:
        match wish.action:
            case LaunchBroadcast(draft=draft):
                await _launch(connection, state, wish, draft)
            case ChangeBroadcast(broadcast=number, change=BroadcastChange.RETRY_FAILED):
                again = await draft_of_failed(connection, number)
                if again:
                    await _launch(connection, state, wish, again)
            case ChangeBroadcast(broadcast=number, change=wanted):
                state.vias |= await change(connection, number, wanted, at=wish.at)
            case _:
                assert_never(wish.action)


async def _launch(connection: AsyncConnection, state: TurnState, wish: BroadcastWish, draft: BroadcastDraft) -> None:
    """It is shown where it was confirmed, by a message that says more as it goes on."""
    number = await launch(connection, draft, author=wish.person.id, at=wish.at)
    [kept] = await read_broadcasts(connection, select(broadcast).where(broadcast.c.id == number))
    region = state.shared.regions.region(draft.audience.region)
    texts = texts_for(wish.person.language, wish.person.honorific)
    shown = encode(progress_message(texts, kept, region.code, at=from_ms(wish.at))).decode()
    row = {
        "address_id": wish.address.id,
        "via": wish.address.key.via,
        "priority": int(Priority.REPLY),
        "body": shown,
        "not_after": FOREVER,
        "created_at": wish.at,
    }
    message = (await connection.execute(insert(outbox).values(row).returning(outbox.c.id))).scalar_one()
    values = {"shown_by": message, "shown": shown}
    await connection.execute(update(broadcast).where(broadcast.c.id == number).values(values))
    state.messages += 1
    state.vias.add(wish.address.key.via)

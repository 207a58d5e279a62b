"""What becomes of messages whose chat is closed when they are to be sent: another chat, a template, or they wait."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.messages import Message, Template
from conversations.people import Person
from storage.envelopes import via
from storage.inserting import change, insert_into, write_many
from storage.locks import lock_rows
from storage.moments import as_ms, from_optional_ms
from storage.outbox_states import UNTIL_HEARD, OutboxState, Priority
from storage.reaching import STAY, Because, Chosen, reach_freely
from storage.rows import LASTS, PERSON, encode, read_person
from storage.tables import address, holding, outbox, person, post, region
from storage.tables.base import AnyRow
from storage.windows import is_open

NOTICE_PREFIX = "notice:"
NOTICE_LIFE = timedelta(days=3)
"""How late a notice may go that could not go before."""
Notice = Callable[[Person, str], Message]
"""Makes the message that tells a person that something waits for them; given the name of a region of theirs, or none.

It has to have a template.
"""


class Stuck(NamedTuple):
    """A message that was handed out for a chat that seems closed."""

    id: int
    address: int
    template: Template | None
    because: str
    attempts: int


async def find_ways(
    connection: AsyncConnection, stuck: Sequence[Stuck], at: datetime, *, tenure: int, notice: Notice | None
) -> set[int]:
    """Send these on their way: give those that may go as a template now; all others wait, here or elsewhere.

    In order: another chat of the person's that is open, unless they prefer this one and there is a template; a template
    of the message's own; otherwise it waits until the person writes, and a notice tells them, once until they do.
    """
    chats = await _look(connection, {each.address for each in stuck})
    ours = await _still_ours(connection, stuck, tenure)
    movable = {chats[each.address].person_id for each in ours if each.because not in STAY}
    elsewhere = await reach_freely(connection, movable, at=as_ms(at)) if movable else {}
    decided = {each: _decide(each, chats[each.address], elsewhere, at) for each in ours}
    rows = [_row(each, chats[each.address], to) for each, to in decided.items()]
    await write_many(connection, change(outbox, COLUMNS), rows)
    waiting = {each.address for each, to in decided.items() if to is Because.WAITS}
    if waiting and notice:
        await _tell(connection, [chats[each] for each in sorted(waiting)], at, notice)
    return {each.id for each, to in decided.items() if to is Because.TEMPLATE}


async def release(connection: AsyncConnection, chats: Collection[int]) -> None:
    """Let go what waits until somebody writes in these chats; a notice that has not gone yet is not needed."""
    theirs = outbox.c.address_id.in_(chats) & WAITS
    await connection.execute(update(outbox).where(theirs, outbox.c.not_before == UNTIL_HEARD).values(not_before=0))
    await connection.execute(delete(outbox).where(theirs, outbox.c.dedupe.startswith(NOTICE_PREFIX)))


def _decide(one: Stuck, chat: AnyRow, elsewhere: Mapping[int, Chosen], at: datetime) -> Chosen | Because | None:
    """Say where it goes, or as what; ``None``: its chat was opened meanwhile, and it goes as it is."""
    if is_open(chat.channel, from_optional_ms(chat.heard_at), at):
        return None
    found = None if one.because in STAY else elsewhere.get(chat.person_id)
    if found and not (one.template and chat.channel == chat.preferred_channel):
        return found
    return Because.TEMPLATE if one.template else Because.WAITS


def _row(one: Stuck, chat: AnyRow, to: Chosen | Because | None) -> dict[str, Any]:
    row = {
        "this_id": one.id,
        "state": int(OutboxState.WAITING),
        "address_id": one.address,
        "via": via(chat.channel, chat.account),
        "not_before": 0,
        "attempts": one.attempts,
        "chosen_because": one.because,
    }
    match to:
        case None:
            pass
        case Chosen():
            row |= {"address_id": to.address, "via": to.via, "chosen_because": to.because}
        case Because.TEMPLATE:
            row |= {"state": int(OutboxState.LEASED)}
            row |= {} if one.because in STAY else {"chosen_because": to}
        case _:
            row |= {"not_before": UNTIL_HEARD, "attempts": 0, "chosen_because": to}
    return row


async def _look(connection: AsyncConnection, chats: Collection[int]) -> dict[int, AnyRow]:
    """Give the chats with their people; nobody else changes what is known of them until the commit."""
    await lock_rows(connection, address, chats)
    names = ("channel", "account", "heard_at", "person_id", "blocked_at", "opted_out_at")
    columns = (address.c.id.label("chat"), *(address.c[name] for name in names), person.c.preferred_channel, *PERSON)
    found = await connection.execute(select(*columns).join(person).where(address.c.id.in_(chats)))
    return {row.chat: row for row in found}


async def _still_ours(connection: AsyncConnection, stuck: Sequence[Stuck], tenure: int) -> list[Stuck]:
    """Leave out what a report has settled meanwhile, or somebody else has taken over."""
    numbers = [each.id for each in stuck]
    await lock_rows(connection, outbox, numbers)
    mine = outbox.c.id.in_(numbers) & (outbox.c.state == OutboxState.LEASED) & (outbox.c.tenure == tenure)
    found = set((await connection.scalars(select(outbox.c.id).where(mine))).all())
    return sorted(each for each in stuck if each.id in found)


async def _tell(connection: AsyncConnection, chats: Sequence[AnyRow], at: datetime, notice: Notice) -> None:
    """Have these people told that something waits; who was told since they wrote last is not told again."""
    places = await _places(connection, {chat.person_id for chat in chats})
    rows = [
        {
            "address_id": chat.chat,
            "via": via(chat.channel, chat.account),
            "priority": int(Priority.ALERT),
            "body": encode(notice(read_person(chat[-PERSON_COLUMNS:]), places.get(chat.person_id, ""))).decode(),
            "dedupe": f"{NOTICE_PREFIX}{chat.chat}:{chat.heard_at or 0}",
            "chosen_because": Because.NOTICE,
            "not_after": as_ms(at + NOTICE_LIFE),
            "created_at": as_ms(at),
        }
        for chat in chats
        if chat.blocked_at is None and chat.opted_out_at is None
    ]
    if rows:
        await connection.execute(insert_into(connection, outbox).on_conflict_do_nothing(), rows)


async def _places(connection: AsyncConnection, people: Collection[int]) -> dict[int, str]:
    """Give the name of the region of each one's newest post."""
    posts = select(holding.c.person_id, region.c.name).join(post, post.c.id == holding.c.post_id)
    mine = posts.join(region, region.c.id == post.c.region_id).where(holding.c.person_id.in_(people), LASTS)
    return {row.person_id: row.name for row in await connection.execute(mine.order_by(holding.c.id))}


WAITS = text("outbox.state = 0")
COLUMNS = ("state", "address_id", "via", "not_before", "attempts", "chosen_because")
PERSON_COLUMNS = len(PERSON)

"""A full outbox and the processes that send it: filled, watched, and counted at Telegram's side."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import insert, select

from storage.moments import FOREVER
from storage.outbox_states import OutboxState, Priority
from storage.tables import address, lease, outbox, person
from tests.faults.installation import LOOK_SECONDS
from tests.faults.respondents import PATIENCE_SECONDS
from tests.faults.site import Site

CHATS = 70
MESSAGES_A_CHAT = 3
SENDING = "send:telegram:1"


class Arrival(NamedTuple):
    """A message as Telegram took it."""

    chat: int
    place: int
    """Of the messages of this chat, from 0."""
    is_bulk: bool
    at: float
    """Monotonic seconds."""


async def fill_outbox(site: Site) -> None:
    """Give every chat some messages, one after the other: in the even ones a broadcast's, in the others replies."""
    chats = [site.platform.person(f"Kepala {place}").chat.id for place in range(CHATS)]
    async with site.store._database.writing("Filling the outbox") as connection:
        people = (await connection.scalars(insert(person).returning(person.c.id), [{"language": "id"}] * CHATS)).all()
        rows = [
            {"channel": "telegram", "account": "1", "user": str(chat), "person_id": one}
            for chat, one in zip(chats, people, strict=True)
        ]
        statement = insert(address).returning(address.c.id, sort_by_parameter_order=True)
        addresses = (await connection.scalars(statement, rows)).all()
        messages = [
            {
                "address_id": where,
                "via": "telegram:1",
                "priority": priority(chat),
                "body": f'{{"text":"{place}"}}',
                "not_after": FOREVER,
                "created_at": 1,
            }
            for place in range(MESSAGES_A_CHAT)
            for chat, where in zip(chats, addresses, strict=True)
        ]
        await connection.execute(insert(outbox), messages)
        await connection.commit()


def priority(chat: int) -> Priority:
    return Priority.REPLY if chat % 2 else Priority.BULK


async def sending(site: Site) -> int:
    """Tell which of the programs sends."""
    async with site.store._database.reading("Looking who sends") as connection:
        holder = await connection.scalar(select(lease.c.holder).where(lease.c.name == SENDING))
    pids = [each.pid for each in site.installation.programs]
    return pids.index(int(str(holder).split(":")[1]))


async def replace_the_sender(site: Site) -> float:
    """Kill the process that sends; give how long no message came before another one went on, in seconds."""
    await site.installation.kill(await sending(site))
    before = len(arrivals(site))
    await site.until(lambda: len(arrivals(site)) > before, "the first message of the next sender")
    taken = arrivals(site)
    return taken[before].at - taken[before - 1].at


async def all_sent(site: Site) -> int:
    """Wait until nothing waits; give how many messages are marked as perhaps sent."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            counts = await site.store.outbox.counts()
            if not counts[OutboxState.WAITING] + counts[OutboxState.LEASED]:
                return counts[OutboxState.UNCERTAIN]
            await asyncio.sleep(LOOK_SECONDS)


def arrivals(site: Site) -> Sequence[Arrival]:
    """Give what Telegram took of the filled outbox, in order."""
    calls = [(given, at) for name, given, at in site.world.calls if name == "sendMessage"]
    return [
        Arrival(int(given["chat_id"]), int(given["text"]), priority(int(given["chat_id"])) is Priority.BULK, at)
        for given, at in calls
        if given["text"].isdigit()
    ]


def most_in_a_second(taken: Sequence[Arrival]) -> int:
    """Give the largest number of messages in any sliding second."""
    moments = sorted(each.at for each in taken)
    return max(sum(start <= other < start + 1 for other in moments) for start in moments)


def out_of_order(taken: Sequence[Arrival]) -> list[tuple[Arrival, Arrival]]:
    """Give the pairs of which the newer message came first; one that comes twice may come twice in a row."""
    chats = defaultdict(list)
    for each in taken:
        chats[each.chat].append(each)
    return [
        (first, second)
        for chat in chats.values()
        for first, second in itertools.pairwise(chat)
        if second.place < first.place
    ]


def lost(taken: Sequence[Arrival]) -> int:
    """Count the messages that never came."""
    return CHATS * MESSAGES_A_CHAT - len({(each.chat, each.place) for each in taken})


def repeated(taken: Sequence[Arrival]) -> list[Arrival]:
    """Give the messages that had come before: those that were being sent when their sender died."""
    seen: set[tuple[int, int]] = set()
    again = []
    for each in taken:
        if (each.chat, each.place) in seen:
            again.append(each)
        seen.add((each.chat, each.place))
    return again

"""Several processes on one PostgreSQL change whose a chat is at the same time."""

from __future__ import annotations

import asyncio
import random

from sqlalchemy import func, select

from conversations.actions import IssueLinkCode, LeaveChat, LinkChat, Say
from conversations.engine import Step
from conversations.events import TextReceived
from conversations.messages import Message
from conversations.needs import LinkNeed
from conversations.people import Counterpart, Role
from conversations.session import NEW_SESSION, Home, Session
from storage.errors import StorageError
from storage.store import Store
from storage.tables import address, outbox, person, session
from storage.turns import AddressKey, Envelope
from tests.storage.forms import NOW, SOON
from tests.storage.people import VILLAGE, appoint, take, text_from
from tests.storage.test_processes import processes, somebody_waits, url

__all__ = ["url"]  # the fixture

CODE = "ABCD2345"
HUMANS = 4
EVENTS = 25
SEED = 20261122


def wrote(human: int, number: str, *, by_id: bool, by_phone: bool) -> Envelope:
    phone = f"62811000{human}" if by_phone else ""
    key = AddressKey("whatsapp", "5", f"ID.{human}" if by_id else phone)
    return Envelope(f"wa:{number}", key, TextReceived(at=NOW, text="halo"), phone=phone)


async def chatter(store: Store, worker: int) -> list[str]:
    """Write as everybody, named now by an id, now by a number, now by both; give the keys that were kept."""
    chance = random.Random(SEED + worker)
    kept = []
    for number in range(EVENTS):
        named = {"by_id": chance.random() < 0.6, "by_phone": chance.random() < 0.6}
        named["by_phone"] |= not named["by_id"]
        envelope = wrote(chance.randrange(HUMANS), f"{worker}-{number}", **named)
        is_kept = False
        while not is_kept:
            is_kept = await answered(store, envelope)
        kept.append(envelope.key)
    return kept


async def answered(store: Store, envelope: Envelope) -> bool:
    """Answer an event; False when PostgreSQL has chosen it to end a circle of waiting."""
    try:
        async with store.begin_turns(NOW) as turns:
            for fresh in await turns.claim([envelope]):
                turns.apply(fresh, Step(Session(place=Home()), (Say(Message(envelope.key)),)))
            await turns.commit()
    except StorageError:
        return False
    return True


async def test_chats_that_turn_out_to_be_one_lose_nothing_whatever_comes_at_once(url: str) -> None:
    async with processes(url, 3) as stores:
        async with asyncio.TaskGroup() as tasks:
            workers = [tasks.create_task(chatter(store, place)) for place, store in enumerate(stores * 2)]
        kept = sorted(key for worker in workers for key in worker.result())
        for human in range(HUMANS):
            assert await answered(stores[0], wrote(human, f"last-{human}", by_id=True, by_phone=True))
            kept.append(f"wa:last-{human}")

        async with stores[0]._database.reading("Counting") as connection:
            chats = (await connection.scalars(select(address.c.user).order_by(address.c.user))).all()
            told = (await connection.scalars(select(outbox.c.body))).all()
            owners = await connection.scalar(select(func.count(address.c.person_id.distinct())))
            sessions = await connection.scalar(select(func.count()).select_from(session))
    assert chats == [f"ID.{human}" for human in range(HUMANS)]
    assert sorted(told) == sorted(f'{{"text":"{key}"}}' for key in kept)
    assert owners == sessions == HUMANS


async def test_a_code_that_two_type_at_once_is_used_by_one(url: str) -> None:
    async with processes(url) as stores:
        head = await appoint(stores[0], "head", VILLAGE, Role.VILLAGE_HEAD)
        await take(stores[0], text_from("head", 1), IssueLinkCode(CODE, NOW + SOON))
        outcomes = await asyncio.gather(
            *(join(store, name, head.person.id) for store, name in zip(stores, ("a", "b"), strict=True))
        )
        async with stores[0]._database.reading("Counting") as connection:
            mine = await connection.scalar(select(func.count()).where(address.c.person_id == head.person.id))

    assert sorted(outcomes) == [False, True]
    assert mine == 2


async def join(store: Store, name: str, owner: int) -> bool:
    """Type the code; False when it was used meanwhile."""
    try:
        async with store.begin_turns(NOW) as turns:
            (fresh,) = await turns.claim([text_from(name, 1)])
            await turns.fetch([LinkNeed(CODE)])
            found = turns.brief(fresh).find(LinkNeed(CODE))
            assert isinstance(found, Counterpart)
            if found.is_usable:
                turns.apply(fresh, Step(NEW_SESSION, (LinkChat(owner, CODE),)))
            await turns.commit()
    except StorageError:
        return False
    return found.is_usable


async def test_whoever_writes_while_their_chat_is_let_go_is_a_stranger(url: str) -> None:
    """The event waits for the person; when its turn comes, the chat is somebody else's."""

    async def write(store: Store) -> int:
        async with store.begin_turns(NOW) as turns:
            (fresh,) = await turns.claim([text_from("other", 9)])
            return turns.brief(fresh).person.id

    async with processes(url, 3) as (one, other, watcher):
        head = await appoint(one, "head", VILLAGE, Role.VILLAGE_HEAD)
        await take(one, text_from("head", 1), IssueLinkCode(CODE, NOW + SOON))
        assert await join(one, "other", head.person.id)
        async with asyncio.TaskGroup() as tasks, one.begin_turns(NOW) as turns:
            (fresh,) = await turns.claim([text_from("head", 2)])
            writing = tasks.create_task(write(other))
            await somebody_waits(watcher)
            turns.apply(fresh, Step(NEW_SESSION, (LeaveChat(head.address + 1),)))
            await turns.commit()
        async with one._database.reading("Counting") as connection:
            newest = await connection.scalar(select(func.max(person.c.id)))

    assert writing.result() == newest != head.person.id

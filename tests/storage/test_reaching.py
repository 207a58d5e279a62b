"""Where somebody is told what they did not ask for, and what happens to what waits when that changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from conversations.actions import OptOut, PreferChannel, Say, Tell
from conversations.messages import Message
from conversations.session import Home, Session
from storage.moments import as_ms
from storage.outbox import Gone, Sender
from storage.outbox_states import OutboxState
from storage.reaching import Because, Chosen, reach
from storage.store import Store
from storage.tables import address, outbox, person, session
from storage.turns import AddressKey
from tests.storage.forms import NOW
from tests.storage.people import MUCH_ROOM, SENDER, phone, take, text_from

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TELEGRAM, WHATSAPP, SECOND = 1, 2, 3
"""The chats of person 1, who wrote last in the first; the third is on WhatsApp too."""
BLOCKED, OUT = {"blocked_at": 1}, {"opted_out_at": 1}
LAST, FREE, WINDOW, TEMPLATE = Because.WROTE_LAST, Because.FREE, Because.WINDOW, Because.TEMPLATE


async def two_channels(store: Store, heard_at: datetime | None, *, last: int = TELEGRAM) -> None:
    await take(store, text_from("a", 1), session=Session(place=Home()))
    rows = [
        {"channel": "whatsapp", "account": "5", "user": user, "person_id": 1, "heard_at": heard}
        for user, heard in (("x", heard_at and as_ms(heard_at)), ("y", None))
    ]
    async with store._database.writing("Giving a person more chats") as connection:
        await connection.execute(insert(address), rows)
        await connection.execute(update(session).values(address_id=last))
        await connection.commit()


async def change(store: Store, table: Any, number: int, **values: object) -> None:
    async with store._database.writing("Changing a row") as connection:
        await connection.execute(update(table).where(table.c.id == number).values(values))
        await connection.commit()


async def chosen(store: Store, *people: int) -> dict[int, Chosen]:
    async with store._database.reading("Choosing") as connection:
        return await reach(connection, people or [1], at=as_ms(NOW))


CASES = [
    # last, heard on WhatsApp ago, closed, preferred -> chat, because
    (TELEGRAM, HOUR, {}, "", TELEGRAM, LAST),
    (WHATSAPP, HOUR, {}, "", WHATSAPP, LAST),
    (WHATSAPP, DAY, {}, "", TELEGRAM, FREE),
    (TELEGRAM, HOUR, {TELEGRAM: BLOCKED}, "", WHATSAPP, WINDOW),
    (TELEGRAM, DAY, {TELEGRAM: OUT}, "", WHATSAPP, TEMPLATE),
    (TELEGRAM, HOUR, {}, "whatsapp", WHATSAPP, Because.PREFERRED),
    (TELEGRAM, DAY, {}, "whatsapp", WHATSAPP, Because.PREFERRED),
    (TELEGRAM, HOUR, {WHATSAPP: OUT}, "whatsapp", SECOND, Because.PREFERRED),
    (TELEGRAM, HOUR, {WHATSAPP: OUT, SECOND: BLOCKED}, "whatsapp", TELEGRAM, LAST),
    (WHATSAPP, HOUR, {}, "telegram", TELEGRAM, Because.PREFERRED),
]


@pytest.mark.parametrize(("last", "ago", "closed", "preferred", "chat", "because"), CASES)
async def test_a_chat_is_chosen(
    store: Store,
    *,
    last: int,
    ago: timedelta,
    closed: dict[int, dict[str, int]],
    preferred: str,
    chat: int,
    because: Because,
) -> None:
    await two_channels(store, NOW - ago, last=last)
    await change(store, person, 1, preferred_channel=preferred)
    for number, values in closed.items():
        await change(store, address, number, **values)

    found = (await chosen(store))[1]

    assert (found.address, found.because) == (chat, because)
    assert found.via == ("telegram:1" if chat == TELEGRAM else "whatsapp:5")


async def test_whoever_takes_nothing_anywhere_is_not_among_the_chosen(store: Store) -> None:
    await two_channels(store, None)
    for number, values in ((TELEGRAM, OUT), (WHATSAPP, OUT), (SECOND, BLOCKED)):
        await change(store, address, number, **values)
    await take(store, text_from("b", 1))

    assert list(await chosen(store, 1, 2, 99)) == [2]


async def test_a_message_says_why_it_goes_where_it_goes(store: Store) -> None:
    await two_channels(store, None)
    await take(store, text_from("b", 1), Tell(1, Message("Kabar"), "one"), Tell(1, Message("Ini"), "two", WHATSAPP))

    (there,) = await store.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)
    (here,) = await store.outbox.claim(NOW, sender=Sender("whatsapp:5", 1), room=MUCH_ROOM)

    assert (there.message.text, there.chosen_because) == ("Kabar", LAST)
    assert (here.message.text, here.chosen_because, here.heard_at) == ("Ini", Because.NAMED, None)


async def test_a_chat_that_is_not_theirs_is_not_told_what_is_meant_for_a_certain_one(store: Store) -> None:
    await two_channels(store, None)
    await change(store, address, WHATSAPP, opted_out_at=1)

    kept = await take(
        store,
        text_from("b", 1),
        Tell(1, Message("x"), "one", WHATSAPP),
        Tell(2, Message("x"), "two", TELEGRAM),
    )

    assert kept.outbox == 0


async def states(store: Store) -> list[tuple[str, int, OutboxState, str]]:
    async with store._database.reading("Looking") as connection:
        names = ("dedupe", "address_id", "state", "chosen_because", "reason")
        rows = await connection.execute(select(*(outbox.c[each] for each in names)).order_by(outbox.c.id))
        return [(row[0] or "reply", row[1], OutboxState(row[2]), row[3] or row[4]) for row in rows]


async def test_opting_out_in_chat_sends_what_waits_to_another_chat_and_stops_no_reply(store: Store) -> None:
    await two_channels(store, None)
    await take(store, text_from("b", 1), Tell(1, Message("Kabar"), "one"), Tell(1, Message("Ini"), "two", TELEGRAM))

    left = await take(store, text_from("a", 2), OptOut(is_out=True), Say(Message("Baik")))
    await take(store, text_from("b", 2), Tell(1, Message("Lagi"), "three"))

    assert left.via == {"telegram:1", "whatsapp:5"}
    assert await states(store) == [
        ("tell:1:one", WHATSAPP, OutboxState.WAITING, TEMPLATE),
        ("tell:1:two", TELEGRAM, OutboxState.FAILED, Because.NAMED),
        ("reply", TELEGRAM, OutboxState.WAITING, ""),
        ("tell:1:three", WHATSAPP, OutboxState.WAITING, TEMPLATE),
    ]
    async with store.begin_turns(NOW) as turns:
        (fresh,) = await turns.claim([text_from("a", 3)])
        assert turns.brief(fresh).is_opted_out
    await take(store, text_from("a", 4), OptOut(is_out=False), PreferChannel("telegram"))
    assert (await chosen(store))[1].because is Because.PREFERRED


async def test_an_opt_out_that_the_channel_tells_counts_as_one(store: Store) -> None:
    await take(store, text_from("a", 1))
    await take(store, text_from("b", 1), Tell(1, Message("Kabar"), "one"))

    await store.roster.opt_out(phone("a"), NOW, now=NOW)
    await store.roster.opt_out(AddressKey("telegram", "1", "nobody"), NOW, now=NOW)

    assert await states(store) == [("tell:1:one", 1, OutboxState.FAILED, LAST)]
    assert await chosen(store) == {}
    await store.roster.opt_out(phone("a"), None, now=NOW)
    assert list(await chosen(store)) == [1]


async def test_what_waits_for_somebody_who_has_blocked_us_goes_another_way(store: Store) -> None:
    await two_channels(store, None)
    await take(store, text_from("b", 1), Tell(1, Message("Kabar"), "one"), Tell(1, Message("Lagi"), "two"))
    (first,) = await store.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)

    await store.outbox.record([Gone(first.id, "blocked")], NOW, sender=SENDER)

    assert await states(store) == [
        ("tell:1:one", TELEGRAM, OutboxState.FAILED, LAST),
        ("tell:1:two", WHATSAPP, OutboxState.WAITING, TEMPLATE),
    ]

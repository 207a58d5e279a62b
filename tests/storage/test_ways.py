"""A message whose chat is closed when it is to be sent goes elsewhere, as a template, or waits for its reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from conversations.actions import Say
from conversations.events import TextReceived
from conversations.messages import Message, Template
from conversations.people import Person, Role
from conversations.session import Home, Session
from storage.envelopes import AddressKey, Envelope
from storage.moments import FOREVER, as_ms
from storage.outbox import OutboxRow, Priority, Sender, Sent
from storage.outbox_states import UNTIL_HEARD, OutboxState
from storage.reaching import Because
from storage.rows import encode
from storage.store import Store
from storage.tables import address, outbox, person
from tests.storage.forms import NOW
from tests.storage.people import MUCH_ROOM, VILLAGE, appoint, take
from tests.storage.test_reaching import change

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
META = Sender("whatsapp:5", 1)
CHAT = 1
REMINDER = Template("pengingat", "id", ("Desa",))


def notice(reader: Person, place: str) -> Message:
    """Tell somebody that something waits."""
    name = f"{reader.honorific} {reader.name}".strip()
    return Message("Ada kabar", template=Template("kabar_menunggu", reader.language, (name, place)))


def written(user: str, number: int, at: datetime) -> Envelope:
    event = TextReceived(at=at, message=str(number), text="halo")
    return Envelope(f"whatsapp:5:{user}-{number}", AddressKey("whatsapp", "5", user), event)


async def write(store: Store, number: int, at: datetime, *, user: str = "ID.1") -> None:
    """Let somebody write on WhatsApp; they are answered at once."""
    say = Say(Message(f"answer {number}"))
    await take(store, written(user, number, at), say, session=Session(place=Home()), at=at)


async def put(store: Store, words: str, *, template: Template | None = None, **columns: object) -> None:
    async with store._database.writing("Putting a message") as connection:
        row = {"address_id": CHAT, "via": META.via, "priority": Priority.REMINDER, "not_after": FOREVER}
        row |= {"body": encode(Message(words, template=template)).decode(), "created_at": as_ms(NOW)}
        await connection.execute(insert(outbox), row | columns)
        await connection.commit()


async def claim(store: Store, at: datetime, *, sender: Sender = META) -> list[OutboxRow]:
    return await store.outbox.claim(at, sender=sender, room=MUCH_ROOM)


async def answered(store: Store, at: datetime) -> None:
    """Send whatever may go."""
    while rows := await claim(store, at):
        await store.outbox.record([Sent(row.id, f"m{row.id}") for row in rows], at, sender=META)


async def find_ways(store: Store, at: datetime) -> tuple[Sequence[OutboxRow], set[int]]:
    rows = await claim(store, at)
    return rows, await store.outbox.find_ways(rows, at, sender=META, notice=notice)


async def go(store: Store, at: datetime) -> None:
    """Do what the sender does while the chat is closed, until nothing more may go."""
    while True:
        rows, templates = await find_ways(store, at)
        if not rows:
            return
        await store.outbox.record([Sent(number, f"m{number}") for number in templates], at, sender=META)


async def rows_of(store: Store) -> list[Any]:
    async with store._database.reading("Looking") as connection:
        return list((await connection.execute(select(outbox).order_by(outbox.c.id))).all())


async def has_telegram(store: Store, **columns: object) -> None:
    """Let the person have a chat on Telegram too."""
    async with store._database.writing("Giving a person one more chat") as connection:
        row = {"channel": "telegram", "account": "1", "user": "t", "person_id": 1}
        await connection.execute(insert(address), row | columns)
        await connection.commit()


@pytest.fixture
async def silent(store: Store) -> Store:
    """A store with a person who wrote on WhatsApp, was answered, and has been silent for a day since."""
    await write(store, 1, NOW - DAY)
    await answered(store, NOW - DAY + HOUR)
    return store


async def test_what_has_no_other_way_waits_and_its_reader_is_told_once(silent: Store) -> None:
    await put(silent, "kabar")
    rows, templates = await find_ways(silent, NOW)
    await put(silent, "kabar lagi")

    told, as_templates = await find_ways(silent, NOW)
    nothing, _ = await find_ways(silent, NOW)

    assert (templates, [row.message.text for row in rows]) == (set(), ["kabar"])
    assert [row.message.text for row in told] == ["Ada kabar"]
    assert as_templates == {told[0].id}
    assert [row.message.text for row in nothing] == []
    held = [row for row in await rows_of(silent) if row.not_before == UNTIL_HEARD]
    assert [(row.state, row.chosen_because) for row in held] == [(OutboxState.WAITING, Because.WAITS)]


async def test_what_waits_goes_in_order_as_soon_as_its_reader_writes(silent: Store) -> None:
    for words in ("first", "second"):
        await put(silent, words)
    await put(silent, "too late", not_after=as_ms(NOW + HOUR))
    await go(silent, NOW)

    await write(silent, 2, NOW + 2 * HOUR)

    found = []
    while rows := await claim(silent, NOW + 2 * HOUR):
        found += [row.message.text for row in rows]
        await silent.outbox.record([Sent(row.id, "m") for row in rows], NOW, sender=META)
    assert found == ["answer 2", "first", "second"]


async def test_a_notice_that_has_not_gone_is_dropped_when_its_reader_writes(silent: Store) -> None:
    await put(silent, "kabar")
    await find_ways(silent, NOW)

    await write(silent, 2, NOW + HOUR)

    assert [row.chosen_because for row in await rows_of(silent)] == ["", Because.WAITS, ""]


async def test_the_next_silence_has_a_notice_of_its_own(silent: Store) -> None:
    await put(silent, "kabar")
    await find_ways(silent, NOW)
    await answered(silent, NOW)
    await write(silent, 2, NOW + HOUR)
    await answered(silent, NOW + HOUR)

    await put(silent, "kabar lagi")
    await find_ways(silent, NOW + 2 * DAY)

    assert [row.chosen_because for row in await rows_of(silent)].count(Because.NOTICE) == 2


async def test_a_message_that_comes_days_late_does_not_open_the_chat(silent: Store) -> None:
    await put(silent, "kabar")
    await find_ways(silent, NOW)

    late = written("ID.1", 2, NOW + 5 * DAY)
    await take(silent, Envelope(late.key, late.address, late.event, sent_at=NOW + HOUR), at=NOW + 5 * DAY)
    rows, templates = await find_ways(silent, NOW + 5 * DAY)

    assert ([row.message.text for row in rows], templates) == (["kabar"], set())


async def test_another_open_chat_of_the_person_comes_before_a_template(silent: Store) -> None:
    await has_telegram(silent)
    await put(silent, "kabar", template=REMINDER)

    _, templates = await find_ways(silent, NOW)

    (moved,) = await claim(silent, NOW, sender=Sender("telegram:1", 1))
    assert (templates, moved.message.text, moved.chosen_because) == (set(), "kabar", Because.FREE)


@pytest.mark.parametrize("closed", [{"opted_out_at": 1}, {"blocked_at": 1}])
async def test_a_chat_that_takes_nothing_unasked_is_no_other_way(silent: Store, closed: dict[str, int]) -> None:
    await has_telegram(silent, **closed)
    await put(silent, "kabar", template=REMINDER)

    rows, templates = await find_ways(silent, NOW)

    assert templates == {rows[0].id}


async def test_whoever_prefers_this_channel_gets_the_template_here(silent: Store) -> None:
    await has_telegram(silent)
    await change(silent, person, 1, preferred_channel="whatsapp")
    await put(silent, "kabar", template=REMINDER)
    await put(silent, "without one")

    rows, templates = await find_ways(silent, NOW)
    await silent.outbox.record([Sent(rows[0].id, "m")], NOW, sender=META)
    _, none = await find_ways(silent, NOW)

    assert (templates, none) == ({rows[0].id}, set())
    assert [row.via for row in await rows_of(silent)][1:] == ["whatsapp:5", "telegram:1"]


async def test_what_concerns_this_chat_alone_does_not_leave_it(silent: Store) -> None:
    await has_telegram(silent)
    await put(silent, "kabar", chosen_because=Because.NAMED, template=REMINDER)

    rows, templates = await find_ways(silent, NOW)

    assert (templates, (await rows_of(silent))[1].chosen_because) == ({rows[0].id}, Because.NAMED)


async def test_a_chat_that_was_opened_while_its_message_was_handed_out_takes_it(silent: Store) -> None:
    await put(silent, "kabar")
    rows = await claim(silent, NOW)
    await write(silent, 2, NOW)
    templates = await silent.outbox.find_ways(rows, NOW, sender=META, notice=notice)

    await answered(silent, NOW)

    found = await rows_of(silent)
    assert (templates, [row.state for row in found]) == (set(), [OutboxState.SENT] * 3)


async def test_what_was_taken_over_or_settled_meanwhile_is_left_alone(silent: Store) -> None:
    await put(silent, "kabar", template=REMINDER)
    rows = await claim(silent, NOW)
    await change(silent, outbox, rows[0].id, tenure=2)

    assert await silent.outbox.find_ways(rows, NOW, sender=META, notice=notice) == set()
    assert (await rows_of(silent))[1].state == OutboxState.LEASED


async def test_whoever_opted_out_is_not_told_that_a_reply_waits(silent: Store) -> None:
    await change(silent, address, CHAT, opted_out_at=1)
    await put(silent, "an answer that was held up", priority=Priority.REPLY)

    await find_ways(silent, NOW)

    assert [row.chosen_because for row in await rows_of(silent)] == ["", Because.WAITS]


async def test_a_notice_names_the_person_and_a_region_of_theirs(kaur: Store) -> None:
    await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    async with kaur._database.writing("Moving a chat to WhatsApp") as connection:
        values = {"channel": "whatsapp", "account": "5", "user": "ID.1", "heard_at": as_ms(NOW - DAY)}
        await connection.execute(update(address).where(address.c.person_id == 1).values(values))
        await connection.commit()
    await put(kaur, "kabar")
    await find_ways(kaur, NOW)

    (told,) = await claim(kaur, NOW)

    assert told.message.template
    name, place = told.message.template.parameters
    assert (name, bool(place)) == ("Bapak Ahmad", True)


async def test_what_waits_is_judged_again_when_there_is_a_free_chat_by_now(silent: Store) -> None:
    await put(silent, "kabar")
    await go(silent, NOW)
    assert (await silent.figures.read(NOW)).held == 1
    await has_telegram(silent)

    await silent.housekeeping.clean(NOW + HOUR)
    await go(silent, NOW + HOUR)

    (moved,) = await claim(silent, NOW + HOUR, sender=Sender("telegram:1", 1))
    assert (moved.message.text, (await silent.figures.read(NOW)).held) == ("kabar", 0)


async def test_what_waits_here_goes_elsewhere_at_once_when_its_reader_opts_out(silent: Store) -> None:
    await put(silent, "kabar")
    await find_ways(silent, NOW)
    await has_telegram(silent)

    await silent.roster.opt_out(AddressKey("whatsapp", "5", "ID.1"), NOW, now=NOW)

    (moved,) = await claim(silent, NOW, sender=Sender("telegram:1", 1))
    assert moved.message.text == "kabar"


async def test_what_waits_disturbs_neither_the_next_look_nor_what_comes_after_it(silent: Store) -> None:
    await put(silent, "kabar", attempts=3)
    await go(silent, NOW)
    await silent.outbox.sweep(NOW + HOUR, sender=META)

    await put(silent, "with a template", template=REMINDER)
    rows, templates = await find_ways(silent, NOW + HOUR)

    assert ([row.message.text for row in rows], templates) == (["with a template"], {rows[0].id})
    assert await silent.outbox.next_due(NOW, via=META.via) is None

"""One person in two chats, through the dialogs and a real database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from bot.composition import DIALOG
from bot.pipeline import Pipeline
from conversations.events import ChoiceTapped, ContactReceived, Event, FileRefused, FileTarget, TextReceived
from conversations.messages import Message
from conversations.people import Role, Standing
from conversations.taps import Verb, tap
from storage import statements
from storage.identity import TOLD
from storage.outbox import Sender, Sent
from storage.store import Store
from storage.turns import AddressKey, Envelope
from tests.bot.clocks import JumpingClock
from tests.databases import Databases
from tests.storage.conftest import WITH_KAUR, open_store
from tests.storage.forms import NOW
from tests.storage.people import KAUR, MUCH_ROOM, VILLAGE

TELEGRAM, WHATSAPP = AddressKey("telegram", "1", "77"), AddressKey("whatsapp", "5", "ID.77")
COORDINATOR = AddressKey("telegram", "1", "88")
PHONE = "6281100001"


class Town:
    """People who write, and what they are told."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.count = 0

    async def happens(self, where: AddressKey | int, *events: Event, phone: str = "") -> dict[str, list[Message]]:
        """Take these events as one batch; give what goes out, by user."""
        envelopes = []
        for event in events:
            self.count += 1
            envelopes.append(Envelope(f"{where}:{self.count}", where, event, phone=phone))
        pipeline = Pipeline(self.store.begin_turns, DIALOG, JumpingClock(NOW), lambda _: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pipeline.run())
            await pipeline.submit(envelopes)
            pipeline.stop()
        assert await self.store.failures.list() == []
        return await self._told()

    async def says(self, where: AddressKey, *texts: str, phone: str = "") -> str:
        """Type texts, as one batch; give the last reply."""
        told = await self.happens(where, *(TextReceived(at=NOW, text=each) for each in texts), phone=phone)
        return told[where.user][-1].text

    async def _told(self) -> dict[str, list[Message]]:
        told: dict[str, list[Message]] = {}
        for via in ("telegram:1", "whatsapp:5"):
            sender = Sender(via, 1)
            while rows := await self.store.outbox.claim(NOW, sender=sender, room=MUCH_ROOM):
                for row in rows:
                    told.setdefault(row.address.user, []).append(row.message)
                await self.store.outbox.record([Sent(row.id, f"m{row.id}") for row in rows], NOW, sender=sender)
        return told

    async def register(self, where: AddressKey, region: str, role: Role, name: str) -> None:
        """Let somebody take a post by an invitation."""
        post = await self.store.roster.find_post(region, role)
        assert post is not None
        code = await self.store.roster.issue_invitation(post, Standing.DEFINITIVE, at=NOW, name=name, honorific="Ibu")
        assert "Benar?" in await self.says(where, f"daftar {code}")
        await self.says(where, "ya", "setuju")


@pytest.fixture
async def town(databases: Databases) -> AsyncIterator[Town]:
    """A village head on Telegram, in a district with its posts."""
    url = databases.new(WITH_KAUR)
    store = open_store(url)
    town = Town(store)
    await town.register(TELEGRAM, VILLAGE, Role.VILLAGE_HEAD, "Sri")
    yield town
    await store.close()
    databases.drop(url)


def code_in(text: str) -> str:
    found = re.search("sambung ([A-Z2-9]{8})<", text)
    assert found, text
    return found[1]


def tapped(message: Message, label: str) -> ChoiceTapped:
    """Tap the button of a message that says this."""
    data = next(button.data for line in message.buttons for button in line if button.label == label)
    return ChoiceTapped(at=NOW, data=data)


async def link(town: Town) -> None:
    code = code_in(await town.says(TELEGRAM, "sambung"))
    assert "Ibu Sri, Kepala Desa" in await town.says(WHATSAPP, f"sambung {code.lower()}")
    told = await town.happens(WHATSAPP, ChoiceTapped(at=NOW, data=tap(Verb.CHATS, "yes")))
    assert "WhatsApp sudah tersambung dengan Telegram" in told[WHATSAPP.user][-1].text
    assert "WhatsApp baru saja disambungkan" in told[TELEGRAM.user][-1].text


async def test_a_question_is_answered_where_it_was_not_asked(town: Town) -> None:
    await town.says(TELEGRAM, "isi")
    await link(town)

    assert "5" in await town.says(WHATSAPP, "5")
    assert "1 dari 4" in await town.says(TELEGRAM, "status")


async def test_code_answer_and_goodbye_in_one_batch_are_of_the_right_people(town: Town) -> None:
    await town.says(TELEGRAM, "isi")
    code = code_in(await town.says(TELEGRAM, "sambung"))

    texts = (f"sambung {code}", "ya", "7", "saluran")
    told = await town.happens(WHATSAPP, *(TextReceived(at=NOW, text=each) for each in texts))
    assert "• <b>Telegram</b>" in told[WHATSAPP.user][-1].text
    told = await town.happens(WHATSAPP, tapped(told[WHATSAPP.user][-1], "Lepaskan WhatsApp"))
    gone = tapped(told[WHATSAPP.user][-1], "Ya, lepaskan")
    told = await town.happens(WHATSAPP, gone, TextReceived(at=NOW, text="isi"))

    assert "memerlukan undangan" in told[WHATSAPP.user][-1].text
    assert "1 dari 4" in await town.says(TELEGRAM, "status")


async def test_a_result_reaches_its_person_where_they_wrote_last(town: Town) -> None:
    await link(town)
    refused = FileRefused(at=NOW, reason="unavailable", target=FileTarget(1, "", ""))

    on_whatsapp = await town.happens(1, refused)
    await town.says(TELEGRAM, "menu")
    on_telegram = await town.happens(2, refused)
    await town.says(WHATSAPP, "menu")
    await town.store.roster.mark_blocked(WHATSAPP, NOW)
    where_asked = await town.happens(1, refused)

    assert [list(each) for each in (on_whatsapp, on_telegram, where_asked)] == [
        [WHATSAPP.user],
        [TELEGRAM.user],
        [TELEGRAM.user],
    ]


async def test_the_same_number_on_both_channels_is_offered_and_accepted(town: Town) -> None:
    told = await town.happens(TELEGRAM, ContactReceived(at=NOW, phone=f"+{PHONE}", is_own=True))
    assert PHONE in told[TELEGRAM.user][-1].text

    assert "Nomor telepon ini sama" in await town.says(WHATSAPP, "halo", phone=PHONE)
    assert "sudah tersambung" in await town.says(WHATSAPP, "ya", phone=PHONE)
    assert "Ibu Sri" in await town.says(WHATSAPP, "menu", phone=PHONE)


async def test_an_invitation_to_a_post_that_is_held_says_how_to_link_instead(town: Town) -> None:
    post = await town.store.roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
    assert post is not None
    code = await town.store.roster.issue_invitation(post, Standing.DEFINITIVE, at=NOW, name="Sri", honorific="Ibu")

    assert "yang menulis lewat Telegram" in await town.says(WHATSAPP, f"daftar {code}")


async def test_news_goes_where_it_is_wanted(town: Town) -> None:
    await town.register(COORDINATOR, KAUR, Role.COORDINATOR, "Siti")
    await link(town)

    async def told_after(*texts: str) -> list[str]:
        """Let the head refuse or prefer, and somebody else ask for help of the coordinator; give who heard of it."""
        for text in texts:
            await town.says(COORDINATOR, text)
        told = await town.happens(TELEGRAM, TextReceived(at=NOW, text="tanya koordinator"))
        return [user for user in told if user == COORDINATOR.user]

    assert await told_after("berhenti") == []
    assert await told_after("langganan") == [COORDINATOR.user]


async def test_a_turn_on_telegram_asks_nothing_about_phone_numbers(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[statements.Statement] = []
    fetch = statements.Statement.fetch

    async def noted(self: statements.Statement, *arguments: object, **values: object) -> object:
        fetched.append(self)
        return await fetch(self, *arguments, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(statements.Statement, "fetch", noted)

    await town.says(TELEGRAM, "menu")
    assert TOLD not in fetched
    await town.says(WHATSAPP, "menu", phone=PHONE)
    assert TOLD in fetched

"""What every channel promises, whatever stands behind it."""

from __future__ import annotations

import asyncio
import hashlib
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.port import Accept, Channel, ChannelError, Editor, OpenFile
from bot.clock import SystemClock
from conversations.events import FileReceived, IncomingFile, StoredFile, TextReceived
from conversations.messages import Button, Message, escaped
from storage.errors import StorageError
from storage.outbox import OutboxRow, Priority
from storage.turns import AddressKey, Envelope
from tests.bot.clocks import NOON
from tests.contracts.channels import (
    AiogramHarness,
    Harness,
    Platforms,
    Seen,
    SimulatorHarness,
    TelegramHarness,
    WhatsAppHarness,
)
from tests.telegram_server import TelegramServer
from tests.whatsapp_server import WhatsAppServer

Make = Callable[[Platforms, Path, OpenFile], Harness]
CHANNELS: dict[str, Any] = {
    "python-telegram-bot": TelegramHarness,
    "aiogram": AiogramHarness,
    "simulator": SimulatorHarness,
    "whatsapp": WhatsAppHarness,
}
TROUBLES: Mapping[str, Mapping[str, object]] = {
    "busy": {"retryable": True, "retry_after": timedelta(seconds=7), "is_uncertain": False},
    "down": {"retryable": True, "is_uncertain": True},
    "nobody there": {"retryable": True, "is_uncertain": False},
    "a proxy's page": {"retryable": True, "is_uncertain": True},
    "gone": {"is_gone": True, "retryable": False, "alert": False},
    "rejected": {"is_gone": False, "retryable": False, "alert": True, "is_uncertain": False},
    "too large": {"is_gone": False, "retryable": False, "alert": True, "is_uncertain": False},
    "wrong token": {"retryable": True, "alert": True, "is_uncertain": False},
    "slow": {"retryable": True, "is_uncertain": True},
    "unknown outcome": {"retryable": True, "is_uncertain": True},
    "cut off": {"retryable": True, "is_uncertain": True},
}
"""What can go wrong, and what a channel says about it."""
ARRIVED_ALL_THE_SAME = ("unknown outcome", "cut off")
ODD = "<b>Ahmad</b> & \"Siti\" 'O'Neil' <i>5 < 6 &amp; 7"
"""Somebody's own words, in which nothing is meant as markup."""
PICTURE = b"\xff\xd8\xff a picture " + bytes(range(256)) * 300
PAPER = b"%PDF-1.7 a paper " + bytes(range(256)) * 300


def possible(troubles: Sequence[str]) -> list[object]:
    """Give each channel with each of the troubles that it can have."""
    pairs = [(name, trouble) for name in CHANNELS for trouble in troubles]
    return [pytest.param(*pair, id=" ".join(pair)) for pair in pairs if pair[1] not in CHANNELS[pair[0]].impossible]


@pytest.fixture(scope="module")
def platforms() -> Iterator[Platforms]:
    with TelegramServer() as telegram, WhatsAppServer() as whatsapp:
        yield Platforms(telegram, whatsapp)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The folder of the files that the bot has stored."""
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


@pytest.fixture
def make(platforms: Platforms, tmp_path: Path, kept: Path) -> Callable[[str], Harness]:
    """Makes a channel by its name, with a person of its own."""

    def open_file(sha256: str) -> Path:
        path = kept / sha256
        if not path.is_file():
            raise StorageError(f"no file {sha256[:12]}")
        return path

    return lambda name: CHANNELS[name](platforms, tmp_path / "channel", open_file)


@pytest.fixture(params=CHANNELS)
def harness(request: pytest.FixtureRequest, make: Callable[[str], Harness]) -> Harness:
    return make(request.param)


class Inbox:
    """Takes events in."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.arrived = asyncio.Event()

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take events in."""
        self.taken += envelopes
        self.arrived.set()


@asynccontextmanager
async def running(channel: Channel, accept: Accept) -> AsyncIterator[None]:
    """Let a channel take updates in around a block."""
    async with asyncio.TaskGroup() as tasks:
        intake = tasks.create_task(channel.run(accept))
        await asyncio.sleep(0)
        yield
        intake.cancel()
    await channel.close()


@contextmanager
def refused() -> Iterator[pytest.ExceptionInfo[ChannelError]]:
    """Expect the port's own error and no other."""
    with pytest.raises(ChannelError) as raised:
        yield raised


def row(harness: Harness, message: Message, *, user: str = "", number: int = 1) -> OutboxRow:
    """Make an outbox row for the person."""
    return OutboxRow(
        id=number,
        address=AddressKey(harness.channel.name, harness.channel.account, user or harness.user),
        address_id=1,
        message=message,
        priority=Priority.REPLY,
        attempts=0,
        is_uncertain=False,
        created_at=NOON,
    )


def store(kept: Path, content: bytes, name: str) -> StoredFile:
    """Keep a file as the store does."""
    sha256 = hashlib.sha256(content).hexdigest()
    (kept / sha256).write_bytes(content)
    return StoredFile(sha256, name, "photo" if content == PICTURE else "document", len(content))


async def send(harness: Harness, *messages: Message) -> list[str]:
    """Send messages and close the channel."""
    try:
        return [
            await harness.channel.send(row(harness, message, number=number))
            for number, message in enumerate(messages, start=1)
        ]
    finally:
        await harness.channel.close()


async def test_a_message_that_was_sent_is_seen_and_has_an_id_of_its_own(harness: Harness) -> None:
    first, second = await send(harness, Message("satu"), Message("dua", ((Button("Ya", "y"), Button("Tidak", "n")),)))

    assert harness.seen() == [Seen("satu"), Seen("dua", ("Ya", "Tidak"))]
    assert first
    assert second not in ("", first)


async def test_somebody_who_is_not_there_is_gone(harness: Harness) -> None:
    with refused() as raised:
        await harness.channel.send(row(harness, Message("halo"), user="4711"))
    await harness.channel.close()

    assert raised.value.is_gone


@pytest.mark.parametrize(("name", "trouble"), possible(list(TROUBLES)))
async def test_a_channel_says_what_to_do_when_a_message_cannot_be_sent(
    make: Callable[[str], Harness], name: str, trouble: str
) -> None:
    harness = make(name)
    harness.has(trouble)

    with refused() as raised:
        await send(harness, Message("halo"))

    told = raised.value.reason + "".join(traceback.format_exception(raised.value))
    assert {flag: getattr(raised.value, flag) for flag in TROUBLES[trouble]} == TROUBLES[trouble]
    assert "very-secret" not in told
    assert [seen.text for seen in harness.seen()] == ["halo"] * (trouble in ARRIVED_ALL_THE_SAME)


@pytest.mark.parametrize(("name", "trouble"), possible(["busy", "gone", "slow", "unknown outcome", "too large"]))
async def test_a_file_that_cannot_be_sent_is_no_different(
    make: Callable[[str], Harness], kept: Path, name: str, trouble: str
) -> None:
    harness = make(name)
    harness.has(trouble)

    with refused() as raised:
        await send(harness, Message("Surat", (), store(kept, PAPER, "surat.pdf")))

    assert {flag: getattr(raised.value, flag) for flag in TROUBLES[trouble]} == TROUBLES[trouble]


@pytest.mark.parametrize(("name", "trouble"), possible(["busy", "down", "slow", "nobody there"]))
async def test_a_file_that_cannot_be_fetched_now_is_fetched_later(
    make: Callable[[str], Harness], name: str, trouble: str
) -> None:
    harness = make(name)
    harness.has(trouble)

    with refused() as raised:
        _ = [chunk async for chunk in harness.channel.fetch(IncomingFile("file-0", "photo"))]
    await harness.channel.close()

    assert raised.value.retryable


def test_what_cannot_happen_to_a_channel_is_listed_with_a_reason() -> None:
    for each in CHANNELS.values():
        assert each.impossible.keys() <= TROUBLES.keys()
        assert all(each.impossible.values())
    assert not TelegramHarness.impossible
    assert not WhatsAppHarness.impossible


async def test_more_choices_than_fit_can_still_be_read(harness: Harness) -> None:
    labels = [f"Desa {number:03}" for number in range(150)]

    await send(harness, Message("Pilih desa", tuple((Button(label, label),) for label in labels)))

    (seen,) = harness.seen()
    assert [label for label in labels if label not in seen.labels and label not in seen.text] == []


async def test_a_text_that_is_too_long_arrives_whole(harness: Harness) -> None:
    words = [f"kata{number}" for number in range(2000)]

    await send(harness, Message("<b>" + " ".join(words) + "</b>", ((Button("Ya", "y"),),)))

    seen = harness.seen()
    assert " ".join(part.text for part in seen).split() == words
    assert [part.labels for part in seen] == [()] * (len(seen) - 1) + [("Ya",)]


async def test_somebodys_words_are_never_taken_for_markup(harness: Harness, kept: Path) -> None:
    paper = store(kept, PAPER, "<b>surat</b> & lampiran.pdf")
    buttons = ((Button(ODD, "y"),),)

    await send(harness, Message(f"<b>{escaped(ODD)}</b>", buttons), Message(f"<i>{escaped(ODD)}</i>", buttons, paper))

    file = ("document", paper.name, PAPER)
    assert harness.seen() == [Seen(ODD, (ODD,)), Seen(ODD, (ODD,), file)]


async def test_pictures_and_papers_arrive_whole_with_their_captions(harness: Harness, kept: Path) -> None:
    picture, paper = store(kept, PICTURE, "foto.jpg"), store(kept, PAPER, "surat undangan.pdf")

    await send(harness, Message("<b>Foto</b>", ((Button("Ya", "y"),),), picture), Message("", (), paper))

    assert harness.seen() == [
        Seen("Foto", ("Ya",), ("photo", "", PICTURE)),
        Seen("", (), ("document", "surat undangan.pdf", PAPER)),
    ]


async def test_a_text_too_long_for_a_caption_comes_with_the_file_all_the_same(harness: Harness, kept: Path) -> None:
    words = "kata " * 400

    await send(harness, Message(words, ((Button("Ya", "y"),),), store(kept, PAPER, "surat.pdf")))

    seen = harness.seen()
    assert " ".join(part.text for part in seen).split() == words.split()
    assert [bool(part.file) for part in seen] == [True] + [False] * (len(seen) - 1)
    assert seen[-1].labels == ("Ya",)


async def test_a_file_that_the_store_has_lost_is_reported(harness: Harness) -> None:
    lost = StoredFile("0" * 64, "surat.pdf", "document", 10)

    with refused() as raised:
        await send(harness, Message("Surat", (), lost))

    assert (raised.value.alert, raised.value.retryable) == (True, False)


EDITORS = [name for name in CHANNELS if name != "whatsapp"]
FIRST = Message("<b>1</b> dari 9", ((Button("Jeda", "p"),),))
SECOND = Message("<b>9</b> dari 9 & selesai", ((Button("Catatan", "r"), Button("Ulang", "u")),))


def editor(harness: Harness) -> Editor:
    """Give a channel that can change what it has sent."""
    assert isinstance(harness.channel, Editor)
    return harness.channel


@pytest.mark.parametrize("name", EDITORS)
async def test_a_message_says_something_else_in_its_place(make: Callable[[str], Harness], name: str) -> None:
    harness = make(name)
    first = await harness.channel.send(row(harness, FIRST))
    await harness.channel.send(row(harness, Message("lain"), number=2))

    await editor(harness).edit(row(harness, SECOND, number=3), first)
    await editor(harness).edit(row(harness, SECOND, number=4), first)
    changed = harness.seen()
    await editor(harness).edit(row(harness, Message("selesai"), number=5), first)
    await harness.channel.close()

    assert changed == [Seen("9 dari 9 & selesai", ("Catatan", "Ulang")), Seen("lain")]
    assert harness.seen() == [Seen("selesai"), Seen("lain")]


@pytest.mark.parametrize("name", EDITORS)
async def test_a_message_that_is_not_there_cannot_be_changed_and_needs_nobody(
    make: Callable[[str], Harness], name: str
) -> None:
    harness = make(name)

    with refused() as raised:
        await editor(harness).edit(row(harness, SECOND), "4711")
    await harness.channel.close()

    assert (raised.value.retryable, raised.value.alert, raised.value.is_gone) == (False, False, False)


@pytest.mark.parametrize("trouble", ["busy", "down", "slow"])
@pytest.mark.parametrize("name", [name for name in EDITORS if name != "simulator"])
async def test_what_cannot_be_changed_now_is_changed_later(
    make: Callable[[str], Harness], name: str, trouble: str
) -> None:
    harness = make(name)
    sending = harness.channel
    first = await sending.send(row(harness, FIRST))
    harness.has(trouble)

    with refused() as raised:
        await editor(harness).edit(row(harness, SECOND, number=2), first)
    for channel in {sending, harness.channel}:
        await channel.close()

    assert raised.value.retryable
    assert harness.seen() == [Seen("1 dari 9", ("Jeda",))]


async def test_whatsapp_takes_nothing_back(make: Callable[[str], Harness]) -> None:
    channels = {name: make(name).channel for name in CHANNELS}

    assert [name for name, channel in channels.items() if not isinstance(channel, Editor)] == ["whatsapp"]
    for channel in channels.values():
        await channel.close()


async def test_a_photo_comes_in_whole(harness: Harness) -> None:
    inbox = Inbox()

    async with running(harness.channel, inbox.accept):
        await harness.sends_photo(PICTURE)
        await inbox.arrived.wait()
        event = inbox.taken[0].event
        assert isinstance(event, FileReceived)
        fetched = b"".join([chunk async for chunk in harness.channel.fetch(event.file)])

    assert fetched == PICTURE


async def test_a_file_that_is_not_there_is_the_ports_error(harness: Harness) -> None:
    with refused() as raised:
        _ = [chunk async for chunk in harness.channel.fetch(IncomingFile("nothing", "photo"))]
    await harness.channel.close()

    assert not raised.value.retryable


async def test_what_a_person_says_comes_in_with_their_address(harness: Harness) -> None:
    inbox = Inbox()

    async with running(harness.channel, inbox.accept):
        await harness.says("halo")
        await inbox.arrived.wait()

    (envelope,) = inbox.taken
    assert isinstance(envelope.event, TextReceived)
    assert envelope.event.text == "halo"
    assert envelope.address == AddressKey(harness.channel.name, harness.channel.account, harness.user)


async def test_keys_differ_from_event_to_event(harness: Harness) -> None:
    inbox = Inbox()

    async with running(harness.channel, inbox.accept):
        for text in ("satu", "dua", "tiga"):
            inbox.arrived.clear()
            await harness.says(text)
            await inbox.arrived.wait()

    assert len({envelope.key for envelope in inbox.taken}) == 3


async def test_a_channel_that_runs_is_in_no_trouble(harness: Harness) -> None:
    inbox = Inbox()

    async with running(harness.channel, inbox.accept):
        await harness.says("halo")
        await inbox.arrived.wait()

        assert harness.channel.trouble(SystemClock().now()) == ""

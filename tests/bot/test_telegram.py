"""The Telegram adapter against a local Bot API server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from bot.backoff import Backoff
from bot.channels.port import ChannelError, NotAcceptedError
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.menu import load_menu
from bot.channels.telegram.ptb import PtbApi
from bot.clock import SystemClock
from conversations.events import ChoiceTapped, FileReceived, IncomingFile, TextReceived
from conversations.messages import Button, Message
from storage.outbox import OutboxRow, Priority
from storage.turns import AddressKey, Envelope
from tests.bot.clocks import NOON
from tests.telegram_server import Fault, Person, TelegramServer

QUICK = Backoff(timedelta(milliseconds=1), timedelta(milliseconds=5), random.Random(1))


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


class Inbox:
    """Takes events in, or refuses them as told."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refusals = 0
        self.blocked: list[AddressKey] = []
        self.arrived = asyncio.Event()

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take events in."""
        if self.refusals:
            self.refusals -= 1
            raise NotAcceptedError
        self.taken += envelopes
        self.arrived.set()

    async def on_block(self, address: AddressKey, at: datetime | None) -> None:
        """Hear who blocked the bot."""
        assert at is not None
        self.blocked.append(address)
        self.arrived.set()

    async def next(self, number: int = 1) -> list[Envelope]:
        """Wait until so many have been taken."""
        while len(self.taken) < number:
            self.arrived.clear()
            await self.arrived.wait()
        return self.taken


@asynccontextmanager
async def channel_of(server: TelegramServer, inbox: Inbox | None = None) -> AsyncIterator[TelegramChannel]:
    """Open a channel, and poll when there is an inbox."""
    api = PtbApi(server.token, base_url=server.url)
    channel = TelegramChannel(
        api,
        "1",
        menu=load_menu(),
        clock=SystemClock(),
        backoff=QUICK,
        on_block=inbox.on_block if inbox else Inbox().on_block,
    )
    async with asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(channel.run(inbox.accept)) if inbox else None
        yield channel
        if polling:
            polling.cancel()
    await channel.close()


def outgoing(person: Person, text: str, *rows: tuple[Button, ...]) -> OutboxRow:
    """Make an outbox row for somebody."""
    return OutboxRow(
        id=1,
        address=AddressKey("telegram", "1", str(person.chat.id)),
        address_id=1,
        message=Message(text, rows),
        priority=Priority.REPLY,
        attempts=0,
        is_uncertain=False,
        created_at=NOON,
    )


async def test_a_message_arrives_with_its_buttons(server: TelegramServer) -> None:
    ahmad = server.person()

    async with channel_of(server) as channel:
        number = await channel.send(outgoing(ahmad, "<b>Benar?</b>", (Button("Benar", "y"), Button("Bukan", "n"))))

    bubble = await ahmad.hears("Benar?")
    assert (str(bubble.id), bubble.labels) == (number, ["Benar", "Bukan"])


async def test_a_long_message_arrives_in_parts_and_is_known_by_its_last(server: TelegramServer) -> None:
    ahmad = server.person()

    async with channel_of(server) as channel:
        number = await channel.send(outgoing(ahmad, "<b>" + "kata " * 1000 + "</b>", (Button("Ya", "y"),)))

    assert [len(bubble.labels) for bubble in ahmad.heard] == [0, 1]
    assert number == str(ahmad.heard[-1].id)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("sendMessage", 429, retry_after=7), {"retryable": True, "retry_after": timedelta(seconds=7)}),
        (Fault("sendMessage", 500), {"retryable": True, "is_uncertain": True}),
        (Fault("sendMessage", 502), {"retryable": True, "is_uncertain": True}),
        (Fault("sendMessage", 403), {"is_gone": True, "retryable": False}),
        (Fault("sendMessage", 400), {"retryable": False, "alert": True, "is_gone": False}),
        (Fault("sendMessage", 401), {"retryable": True, "alert": True}),
    ],
)
async def test_errors_say_what_to_do(server: TelegramServer, fault: Fault, expected: dict[str, object]) -> None:
    ahmad = server.person()
    server.fails(fault)

    async with channel_of(server) as channel:
        with pytest.raises(ChannelError) as raised:
            await channel.send(outgoing(ahmad, "halo"))

    assert {name: getattr(raised.value, name) for name in expected} == expected


async def test_somebody_who_does_not_exist_is_gone(server: TelegramServer) -> None:
    stranger = server.person()
    del server.world.chats[stranger.chat.id]

    async with channel_of(server) as channel:
        with pytest.raises(ChannelError) as raised:
            await channel.send(outgoing(stranger, "halo"))

    assert raised.value.is_gone


async def test_a_server_that_is_not_there_means_that_nothing_was_sent(server: TelegramServer) -> None:
    ahmad = server.person()
    api = PtbApi(server.token, base_url="http://127.0.0.1:1")
    try:
        with pytest.raises(ChannelError) as raised:
            await api.send_message(str(ahmad.chat.id), "halo", ())
    finally:
        await api.close()

    assert (raised.value.retryable, raised.value.is_uncertain) == (True, False)


async def test_no_error_names_the_token(server: TelegramServer) -> None:
    server.fails(Fault("getMe", 500))

    async with channel_of(server) as channel:
        with pytest.raises(ChannelError) as raised:
            await channel.username()

    assert server.token not in raised.value.reason


async def test_what_people_say_comes_in(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()

    async with channel_of(server, inbox):
        ahmad.says("halo")
        (envelope,) = await inbox.next()

    assert isinstance(envelope.event, TextReceived)
    assert envelope.event.text == "halo"
    assert envelope.address == AddressKey("telegram", "1", str(ahmad.chat.id))


async def test_the_offset_moves_only_after_the_commit(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()
    inbox.refusals = 2
    ahmad.says("halo")

    async with channel_of(server, inbox):
        await inbox.next()

    assert [each.event.text for each in inbox.taken if isinstance(each.event, TextReceived)] == ["halo"]
    assert len([given for given in server.calls("getUpdates") if given["offset"] == "0"]) >= 3


async def test_what_has_been_committed_is_confirmed(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()

    async with channel_of(server, inbox):
        ahmad.says("halo")
        await inbox.next()
        ahmad.says("dua")
        await inbox.next(2)

    assert len(inbox.taken) == 2


@pytest.mark.parametrize("status", [409, 429, 500, 502])
async def test_polling_goes_on_after_an_error(server: TelegramServer, status: int) -> None:
    ahmad, inbox = server.person(), Inbox()
    server.fails(Fault("getUpdates", status, times=3))
    server.fails(Fault("deleteWebhook", status, times=2))
    ahmad.says("halo")

    async with channel_of(server, inbox):
        await inbox.next()

    assert len(inbox.taken) == 1


async def test_a_tap_is_answered_after_its_commit(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()

    async with channel_of(server, inbox) as channel:
        await channel.send(outgoing(ahmad, "Benar?", (Button("Benar", "y"),)))
        ahmad.taps("Benar")
        (envelope,) = await inbox.next()
        await asyncio.wrap_future(server.start(_called(server, "answerCallbackQuery")))

    assert isinstance(envelope.event, ChoiceTapped)
    assert envelope.event.data == "y"


async def test_a_tap_that_cannot_be_answered_any_more_harms_nothing(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()
    server.fails(Fault("answerCallbackQuery", 400))

    async with channel_of(server, inbox) as channel:
        await channel.send(outgoing(ahmad, "Benar?", (Button("Benar", "y"),)))
        ahmad.taps("Benar")
        await inbox.next()
        ahmad.says("halo")
        await inbox.next(2)

    assert len(inbox.taken) == 2


async def test_a_photo_is_fetched_whole(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()
    content = random.Random(3).randbytes(300_000)

    async with channel_of(server, inbox) as channel:
        ahmad.sends_photo(content)
        (envelope,) = await inbox.next()
        assert isinstance(envelope.event, FileReceived)
        fetched = b"".join([chunk async for chunk in channel.fetch(envelope.event.file)])

    assert fetched == content


async def test_a_file_that_telegram_does_not_have_is_an_error_of_the_channel(server: TelegramServer) -> None:
    async with channel_of(server) as channel:
        with pytest.raises(ChannelError):
            _ = [chunk async for chunk in channel.fetch(IncomingFile("nothing", "photo"))]


async def test_somebody_who_blocks_the_bot_is_noted(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()

    async with channel_of(server, inbox):
        ahmad.blocks_the_bot()
        await inbox.arrived.wait()

    assert inbox.blocked == [AddressKey("telegram", "1", str(ahmad.chat.id))]


async def test_the_menu_is_shown_in_both_languages(server: TelegramServer) -> None:
    inbox = Inbox()
    ahmad = server.person()
    ahmad.says("halo")

    async with channel_of(server, inbox):
        await inbox.next()

    assert [given.get("language_code") for given in server.calls("setMyCommands")] == [None, "en"]


async def test_the_channel_knows_when_telegram_has_gone_silent(server: TelegramServer) -> None:
    async with channel_of(server) as channel:
        now = SystemClock().now()

        assert channel.is_alive(now)
        assert not channel.is_alive(now + timedelta(minutes=4))


async def _called(server: TelegramServer, method: str) -> None:
    while not server.calls(method):  # noqa: ASYNC110 - the server announces nothing about calls
        await asyncio.sleep(0)

"""What Telegram has beyond the contract of channels, against a local Bot API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from bot.channels.port import NotAcceptedError
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.ptb import PtbApi
from bot.clock import Clock, SystemClock
from conversations.events import ChoiceTapped, TextReceived
from conversations.messages import Button, Message
from storage.outbox import OutboxRow, Priority
from storage.turns import AddressKey, Envelope
from tests.bot.clocks import NOON, SteppingClock
from tests.bot.telegram_channels import telegram_channel
from tests.telegram_server import Fault, Person, TelegramServer


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
async def channel_of(
    server: TelegramServer, inbox: Inbox | None = None, *, clock: Clock | None = None
) -> AsyncIterator[TelegramChannel]:
    """Open a channel, and poll when there is an inbox."""
    api = PtbApi(server.token, base_url=server.url)
    channel = telegram_channel(api, clock=clock, on_block=(inbox or Inbox()).on_block)
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


async def test_a_long_message_arrives_in_parts_and_is_known_by_its_last(server: TelegramServer) -> None:
    ahmad = server.person()

    async with channel_of(server) as channel:
        number = await channel.send(outgoing(ahmad, "<b>" + "kata " * 1000 + "</b>", (Button("Ya", "y"),)))

    assert [len(bubble.labels) for bubble in ahmad.heard] == [0, 1]
    assert number == str(ahmad.heard[-1].id)


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
    server.fails(Fault("getWebhookInfo", status, times=2))
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


async def test_somebody_who_blocks_the_bot_is_noted(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()

    async with channel_of(server, inbox):
        ahmad.blocks_the_bot()
        await inbox.arrived.wait()

    assert inbox.blocked == [AddressKey("telegram", "1", str(ahmad.chat.id))]


async def test_the_menu_is_shown_in_both_languages(server: TelegramServer) -> None:
    inbox = Inbox()

    async with channel_of(server, inbox):
        await asyncio.wrap_future(server.start(_called(server, "setMyCommands", 2)))

    assert [given.get("language_code") for given in server.calls("setMyCommands")] == [None, "en"]


async def test_the_channel_knows_when_telegram_has_gone_silent(server: TelegramServer) -> None:
    async with channel_of(server) as channel:
        now = SystemClock().now()

        assert channel.trouble(now) == ""
        assert "3 minutes" in channel.trouble(now + timedelta(minutes=4))


async def _called(server: TelegramServer, method: str, times: int = 1) -> None:
    while len(server.calls(method)) < times:  # noqa: ASYNC110 - the server announces nothing about calls
        await asyncio.sleep(0)


async def test_a_bot_whose_updates_are_brought_elsewhere_does_not_poll_until_that_ends(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()
    server.do(server.world.set_webhook("http://127.0.0.1:1/another-program"))

    async with channel_of(server, inbox):
        ahmad.says("halo")
        await asyncio.wrap_future(server.start(_called(server, "getWebhookInfo", 3)))
        polls = len(server.calls("getUpdates"))
        server.do(server.world.set_webhook(""))
        await inbox.next()

    assert polls == 0
    assert len(inbox.taken) == 1


async def test_a_bot_that_polls_looks_for_a_webhook_when_telegram_refuses(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()

    async with channel_of(server, inbox):
        await asyncio.wrap_future(server.start(_called(server, "getUpdates")))
        server.do(server.world.set_webhook("http://127.0.0.1:1/another-program"))
        ahmad.says("halo")
        await asyncio.wrap_future(server.start(_called(server, "getWebhookInfo", 3)))
        server.do(server.world.set_webhook(""))
        await inbox.next()

    assert len(inbox.taken) == 1


async def test_a_group_is_pointed_to_the_private_chat_once_a_day(server: TelegramServer) -> None:
    ahmad, inbox, clock = server.person(), Inbox(), SteppingClock()
    group, other = server.group("Forum Camat"), server.group("Forum Kades")

    async with channel_of(server, inbox, clock=clock):
        for _ in range(3):
            ahmad.says_in(group, "/start")
        ahmad.says_in(other, "/menu@jemputbola_bot")
        ahmad.says("halo")
        await inbox.next()
        await asyncio.wrap_future(server.start(_called(server, "sendMessage", 2)))
        clock.advance(timedelta(hours=25))
        ahmad.says_in(group, "halo @jemputbola_bot")
        await asyncio.wrap_future(server.start(_called(server, "sendMessage", 3)))

    assert [len(chat.bubbles) for chat in (group, other)] == [2, 1]
    assert "https://t.me/jemputbola_bot" in group.bubbles[0].text
    assert len(inbox.taken) == 1


async def test_talk_in_a_group_that_is_not_for_us_stays_without_reply(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()
    group = server.group()

    async with channel_of(server, inbox):
        ahmad.says_in(group, "Rapat jam 9 ya")
        ahmad.says_in(group, "/start@another_bot")
        ahmad.says_in(group, "@budi tolong dibantu")
        ahmad.says("halo")
        await inbox.next()
        ahmad.says_in(group, "Baik", to_the_bot=True)
        await asyncio.wrap_future(server.start(_called(server, "sendMessage")))

    assert len(group.bubbles) == 1
    assert [event.text for event in (each.event for each in inbox.taken) if isinstance(event, TextReceived)] == ["halo"]


async def test_a_bot_that_is_taken_into_a_group_says_where_it_talks(server: TelegramServer) -> None:
    inbox, group = Inbox(), server.group()
    joined = {"chat": group.written(), "from": {"id": 1}, "date": 1, "new_chat_member": {"status": "member"}}

    async with channel_of(server, inbox):
        server.do(server.world.announce(my_chat_member=joined))
        await asyncio.wrap_future(server.start(_called(server, "sendMessage")))

    assert "https://t.me/jemputbola_bot" in group.bubbles[0].text


async def test_a_group_in_which_the_bot_may_not_write_harms_nothing(server: TelegramServer) -> None:
    ahmad, inbox, group = server.person(), Inbox(), server.group()
    server.fails(Fault("sendMessage", 403))

    async with channel_of(server, inbox):
        ahmad.says_in(group, "/start")
        await asyncio.wrap_future(server.start(_called(server, "sendMessage")))
        ahmad.says("halo")
        await inbox.next()

    assert len(inbox.taken) == 1


async def test_the_menu_is_shown_as_soon_as_telegram_answers(server: TelegramServer) -> None:
    server.fails(Fault("setMyCommands", 500, times=3))

    async with channel_of(server, Inbox()):
        await asyncio.wrap_future(server.start(_called(server, "setMyCommands", 5)))

    assert [given.get("language_code") for given in server.calls("setMyCommands")] == [None] * 4 + ["en"]


async def test_a_menu_that_telegram_does_not_want_keeps_nobody_from_talking(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()
    server.fails(Fault("setMyCommands", 400, times=100))

    async with channel_of(server, inbox):
        ahmad.says("halo")
        await inbox.next()
        ahmad.says("dua")
        await inbox.next(2)

    assert len(server.calls("setMyCommands")) == 1

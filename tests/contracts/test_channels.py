"""What every channel promises, whatever stands behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from bot.channels.port import Accept, Channel, ChannelError
from bot.channels.simulator.bubbles import Bubble, Phone
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.telegram.aiogram_api import AiogramApi
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.ptb import PtbApi
from bot.clock import SystemClock
from conversations.events import IncomingFile, TextReceived
from conversations.messages import Button, Message
from storage.outbox import OutboxRow, Priority
from storage.turns import AddressKey, Envelope
from tests.bot.clocks import NOON
from tests.bot.telegram_channels import telegram_channel
from tests.telegram_server import Person, TelegramServer


class Harness(Protocol):
    """One person at the other side of a channel."""

    channel: Channel
    user: str

    async def says(self, text: str) -> None:
        """Type something."""

    def seen(self) -> list[str]:
        """Give what the bot has said, as it reads."""


class TelegramHarness:
    """Telegram through python-telegram-bot, behind a local server."""

    open_api: Callable[..., TelegramApi] = PtbApi

    def __init__(self, server: TelegramServer, _folder: Path) -> None:
        self._person: Person = server.person()
        self.user = str(self._person.chat.id)
        self.channel: Channel = telegram_channel(type(self).open_api(server.token, base_url=server.url))

    async def says(self, text: str) -> None:
        """Type something."""
        self._person.says(text)

    def seen(self) -> list[str]:
        """Give what the bot has said."""
        return [bubble.text for bubble in self._person.heard]


class AiogramHarness(TelegramHarness):
    """Telegram through aiogram."""

    open_api = AiogramApi


class SimulatorHarness:
    """The simulator."""

    user = "phone-1"

    def __init__(self, _server: TelegramServer, folder: Path) -> None:
        self._simulator = SimulatorChannel(folder, SystemClock())
        self._phone = Phone(self.user, "stranger", NOON)
        self._simulator.exchange.journal.open(self._phone)
        self.channel: Channel = self._simulator

    async def says(self, text: str) -> None:
        """Type something, again while the bot does not take it."""
        bubble = Bubble(id=f"mine-{text}", side="person", at=NOON, text=text)
        while not await self._taken(bubble):  # noqa: ASYNC110 - it announces nothing
            await asyncio.sleep(0)

    async def _taken(self, bubble: Bubble) -> bool:
        try:
            await self._simulator.take(self._phone, bubble)
        except Exception:  # noqa: BLE001 - whatever it is, a person would try again
            return False
        return True

    def seen(self) -> list[str]:
        """Give what the bot has said."""
        chat = self._simulator.exchange.journal.chat(self.user).values()
        return [bubble.text for bubble in chat if bubble.side == "bot"]


Make = Callable[[TelegramServer, Path], Harness]


@pytest.fixture(params=[TelegramHarness, AiogramHarness, SimulatorHarness])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    make: Make = request.param
    with TelegramServer() as server:
        yield make(server, tmp_path)


class Inbox:
    """Takes events in, refusing the first few."""

    def __init__(self, refusals: Sequence[Exception] = ()) -> None:
        self._refusals = list(refusals)
        self.taken: list[Envelope] = []
        self.arrived = asyncio.Event()

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take events in."""
        if self._refusals:
            raise self._refusals.pop(0)
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


def reply(harness: Harness, text: str, *, user: str = "", number: int = 1) -> OutboxRow:
    """Make an outbox row for the person."""
    return OutboxRow(
        id=number,
        address=AddressKey(harness.channel.name, harness.channel.account, user or harness.user),
        address_id=1,
        message=Message(text, ((Button("Ya", "y"), Button("Tidak", "n")),)),
        priority=Priority.REPLY,
        attempts=0,
        is_uncertain=False,
        created_at=NOON,
    )


async def test_a_message_that_was_sent_is_seen_and_has_an_id_of_its_own(harness: Harness) -> None:
    async with running(harness.channel, Inbox().accept):
        first = await harness.channel.send(reply(harness, "satu", number=1))
        second = await harness.channel.send(reply(harness, "dua", number=2))

    assert harness.seen() == ["satu", "dua"]
    assert first
    assert second not in ("", first)


async def test_somebody_who_is_not_there_is_gone(harness: Harness) -> None:
    async with running(harness.channel, Inbox().accept):
        with refused() as raised:
            await harness.channel.send(reply(harness, "halo", user="4711"))

    assert raised.value.is_gone


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


async def test_a_file_that_is_not_there_is_the_ports_error(harness: Harness) -> None:
    async with running(harness.channel, Inbox().accept):
        with refused():
            _ = [chunk async for chunk in harness.channel.fetch(IncomingFile("nothing", "photo"))]


async def test_a_channel_that_runs_is_alive(harness: Harness) -> None:
    inbox = Inbox()

    async with running(harness.channel, inbox.accept):
        await harness.says("halo")
        await inbox.arrived.wait()

        assert harness.channel.is_alive(SystemClock().now())

"""The channels that the contract is about, each with a person at the other side and the troubles that it can have."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from bot.channels.connections import Patience
from bot.channels.port import Channel, OpenFile
from bot.channels.rendering.markup import plain, read_markup
from bot.channels.simulator.bubbles import Attachment, Bubble, Phone
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.telegram.aiogram_api import AiogramApi
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.ptb import PtbApi
from bot.clock import SystemClock
from tests.bot.clocks import NOON
from tests.bot.telegram_channels import telegram_channel
from tests.telegram_server import Fault, Person, TelegramServer

BRIEF = Patience(reply=timedelta(milliseconds=100))
"""Long enough for a server on this machine that answers at all, unless it hangs on purpose."""
SENDS = ("sendMessage", "sendPhoto", "sendDocument")
_numbers = itertools.count(100)


@dataclass(frozen=True, slots=True)
class Seen:
    """One message of the bot's, as its reader sees it."""

    text: str
    labels: tuple[str, ...] = ()
    file: tuple[str, str, bytes] | None = None
    """Kind, name (of a document) and content."""


class Harness(Protocol):
    """One person at the other side of a channel."""

    channel: Channel
    user: str
    impossible: Mapping[str, str]
    """Troubles that this channel cannot have, and why."""

    async def says(self, text: str) -> None:
        """Type something."""

    async def sends_photo(self, content: bytes) -> None:
        """Send a photo."""

    def seen(self) -> list[Seen]:
        """Give what the bot has said."""

    def has(self, trouble: str) -> None:
        """Have a trouble at the next attempt to reach the person, or to fetch what they sent."""


class TelegramHarness:
    """Telegram through python-telegram-bot, behind a local server."""

    api: Callable[..., TelegramApi] = PtbApi
    impossible: Mapping[str, str] = {}
    faults: Mapping[str, Callable[[str], Fault]] = {
        "busy": lambda method: Fault(method, 429, retry_after=7),
        "down": lambda method: Fault(method, 502, says="<html>Bad Gateway</html>"),
        "a proxy's page": lambda method: Fault(method, 200, says="<html>Please log in</html>"),
        "rejected": lambda method: Fault(method, 400),
        "too large": lambda method: Fault(method, 413),
        "wrong token": lambda method: Fault(method, 401),
        "slow": Fault,
        "unknown outcome": lambda method: Fault(method, 500, is_late=True),
        "cut off": lambda method: Fault(method, is_late=True, is_cut=True),
    }

    def __init__(self, server: TelegramServer, _folder: Path, open_file: OpenFile) -> None:
        number = next(_numbers)
        self.token = f"{number}:very-secret-{number}"
        self._server = server
        self._world = server.bot(self.token)
        self.person: Person = server.person(world=self._world)
        self.user = str(self.person.chat.id)
        self._open_file = open_file
        self.channel: Channel = telegram_channel(self.open(), str(number), open_file=open_file)

    def open(self, **options: Any) -> TelegramApi:
        """Open a line to Telegram."""
        return type(self).api(self.token, **{"base_url": self._server.url, **options})

    async def says(self, text: str) -> None:
        """Type something."""
        self.person.says(text)

    async def sends_photo(self, content: bytes) -> None:
        """Send a photo."""
        self.person.sends_photo(content)

    def seen(self) -> list[Seen]:
        """Give what the bot has said."""
        return [
            Seen(
                bubble.text,
                tuple(bubble.labels),
                (bubble.file.kind, bubble.file.name if bubble.file.kind == "document" else "", bubble.file.content)
                if bubble.file
                else None,
            )
            for bubble in self.person.heard
        ]

    def has(self, trouble: str) -> None:
        """Have a trouble at the next call."""
        match trouble:
            case "gone":
                self.person.chat.is_blocked = True
            case "nobody there":
                self._use(self.open(base_url="http://127.0.0.1:1"))
            case _:
                if trouble == "slow":
                    self._use(self.open(patience=BRIEF))
                self._world.faults += [self.faults[trouble](method) for method in (*SENDS, "getFile")]

    def _use(self, api: TelegramApi) -> None:
        self.channel = telegram_channel(api, self.channel.account, open_file=self._open_file)


class AiogramHarness(TelegramHarness):
    """Telegram through aiogram."""

    api = AiogramApi


class SimulatorHarness:
    """The simulator."""

    user = "phone-1"
    impossible: Mapping[str, str] = dict.fromkeys(
        (
            "busy",
            "down",
            "a proxy's page",
            "rejected",
            "too large",
            "wrong token",
            "slow",
            "unknown outcome",
            "cut off",
            "nobody there",
        ),
        "nothing lies between the bot and a page that it serves itself",
    )

    def __init__(self, _server: TelegramServer, folder: Path, open_file: OpenFile) -> None:
        self._simulator = SimulatorChannel(folder, SystemClock(), open_file)
        self._phone = Phone(self.user, "stranger", NOON)
        self._simulator.exchange.journal.open(self._phone)
        self.channel: Channel = self._simulator

    async def says(self, text: str) -> None:
        """Type something, again while the bot does not take it."""
        await self._sends(Bubble(id=f"mine-{text}", side="person", at=NOON, text=text))

    async def sends_photo(self, content: bytes) -> None:
        """Send a photo."""
        reference = await self._simulator.exchange.uploads.keep(io.BytesIO(content))
        attachment = Attachment(reference, "photo", "foto.jpg", len(content))
        await self._sends(Bubble(id="mine-photo", side="person", at=NOON, attachment=attachment))

    def seen(self) -> list[Seen]:
        """Give what the bot has said."""
        chat = self._simulator.exchange.journal.chat(self.user).values()
        return [self._seen(bubble) for bubble in chat if bubble.side == "bot"]

    def has(self, trouble: str) -> None:
        """Have a trouble from now on."""
        assert trouble == "gone"
        self._simulator.exchange.remove(self.user)

    async def _sends(self, bubble: Bubble) -> None:
        while not await self._taken(bubble):  # noqa: ASYNC110 - it announces nothing
            await asyncio.sleep(0)

    async def _taken(self, bubble: Bubble) -> bool:
        try:
            await self._simulator.take(self._phone, bubble)
        except Exception:  # noqa: BLE001 - whatever it is, a person would try again
            return False
        return True

    def _seen(self, bubble: Bubble) -> Seen:
        labels = tuple(button.label for row in bubble.buttons for button in row)
        return Seen(plain(read_markup(bubble.text)), labels, self._file(bubble.attachment))

    def _file(self, attachment: Attachment | None) -> tuple[str, str, bytes] | None:
        if attachment is None:
            return None
        path = self._simulator.exchange.uploads.find(attachment.reference)
        assert path
        return attachment.kind, attachment.name if attachment.kind == "document" else "", path.read_bytes()

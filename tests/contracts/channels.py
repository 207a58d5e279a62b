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

import httpx
from starlette.applications import Starlette

from bot.channels.connections import Patience
from bot.channels.port import Channel, OpenFile
from bot.channels.rendering.markup import plain, read_markup
from bot.channels.rendering.whatsapp import NOTHING
from bot.channels.simulator.bubbles import Attachment, Bubble, Phone
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.telegram.aiogram_api import AiogramApi
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.ptb import PtbApi
from bot.channels.whatsapp.graph import GraphApi
from bot.channels.whatsapp.webhook import Webhook
from bot.clock import SystemClock
from bot.whatsapp_number import WEBHOOK_PATH
from tests.bot.clocks import NOON
from tests.bot.telegram_channels import telegram_channel
from tests.bot.whatsapp.channels import NUMBER_LINE, configured, whatsapp_channel
from tests.telegram_server import Fault, Person, TelegramServer
from tests.whatsapp_server import Person as WhatsAppPerson
from tests.whatsapp_server import WhatsAppServer
from tests.whatsapp_server.deliveries import signed, written
from tests.whatsapp_server.messages import Bubble as WhatsAppBubble
from tests.whatsapp_server.server import APP_SECRET

BRIEF = Patience(reply=timedelta(milliseconds=100))
"""Long enough for a server on this machine that answers at all, unless it hangs on purpose."""
SENDS = ("sendMessage", "sendPhoto", "sendDocument", "editMessageText")
_numbers = itertools.count(100)


@dataclass(frozen=True, slots=True)
class Platforms:
    """What runs on this machine in their place."""

    telegram: TelegramServer
    whatsapp: WhatsAppServer


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

    def __init__(self, platforms: Platforms, _folder: Path, open_file: OpenFile) -> None:
        server = platforms.telegram
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


class WhatsAppHarness:
    """WhatsApp through PyWa, behind a local server."""

    impossible: Mapping[str, str] = {}
    faults: Mapping[str, Callable[[str], Fault]] = {
        "busy": lambda method: Fault(method, 429, code=130429, retry_after=7),
        "down": lambda method: Fault(method, 502, says="<html>Bad Gateway</html>"),
        "a proxy's page": lambda method: Fault(method, 200, says="<html>Please log in</html>"),
        "rejected": lambda method: Fault(method, 400, code=131009),
        "too large": lambda method: Fault(method, 413, says="<html>Request Entity Too Large</html>"),
        "wrong token": lambda method: Fault(method, 401, code=190),
        "slow": Fault,
        "unknown outcome": lambda method: Fault(method, 500, code=131000, is_late=True),
        "cut off": lambda method: Fault(method, is_late=True, is_cut=True),
    }

    def __init__(self, platforms: Platforms, _folder: Path, open_file: OpenFile) -> None:
        number = str(200_000 + next(_numbers))
        self._server = platforms.whatsapp
        self._settings = configured(number, token=f"very-secret-{number}")
        self._number = self._server.number(number, token=f"very-secret-{number}")
        self.user = f"ID.{number}"
        self.person: WhatsAppPerson = self._server.person(self._number, user_id=self.user)
        self._open_file = open_file
        self._webhook = Webhook([self._settings], SystemClock())
        self._use(self.open())

    def open(self, **options: Any) -> GraphApi:
        """Open a line to Meta."""
        return GraphApi(self._settings, **{"base_url": self._server.url, **options})

    async def says(self, text: str) -> None:
        """Type something."""
        await self._bring(self.person.message("text", {"body": text}))

    async def sends_photo(self, content: bytes) -> None:
        """Send a photo."""
        self._number.files["file-0"] = content
        await self._bring(self.person.message("image", {"id": "file-0", "mime_type": "image/jpeg"}))

    def seen(self) -> list[Seen]:
        """Give what the number has said."""
        return [self._seen(bubble) for bubble in self.person.heard]

    def has(self, trouble: str) -> None:
        """Have a trouble at the next call."""
        match trouble:
            case "gone":
                self.person.chat.is_gone = True
            case "nobody there":
                self._use(self.open(base_url="http://127.0.0.1:1"))
            case _:
                if trouble == "slow":
                    self._use(self.open(patience=BRIEF))
                self._number.faults += [self.faults[trouble](method) for method in ("messages", "find")]

    async def _bring(self, message: dict[str, Any]) -> None:
        """Have Meta bring a message until it is taken."""
        body = written(self._number.account, [self._number.change(self.person.value(message))])
        app = Starlette(routes=self._webhook.routes)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as meta:
            while not (  # noqa: ASYNC110 - it announces nothing
                await meta.post(WEBHOOK_PATH, content=body, headers=signed(body, APP_SECRET))
            ).is_success:
                await asyncio.sleep(0)

    def _use(self, api: GraphApi) -> None:
        self.channel: Channel = whatsapp_channel(api, self._settings, webhook=self._webhook, open_file=self._open_file)

    def _seen(self, bubble: WhatsAppBubble) -> Seen:
        """See a message as somebody does who looks titles that were cut up in the list above them."""
        lines = {match[1]: match[2] for match in NUMBER_LINE.finditer(bubble.text)} if bubble.choices else {}
        labels = tuple(lines.get(title.partition(".")[0], title) for title in bubble.titles)
        text = NUMBER_LINE.sub("", bubble.text).strip() if lines else bubble.text
        file = bubble.file
        name = file.name if file and file.kind == "document" else ""
        kind = "photo" if file and file.kind == "image" else "document"
        return Seen("" if text == NOTHING else text, labels, (kind, name, file.content) if file else None)


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

    def __init__(self, _platforms: Platforms, folder: Path, open_file: OpenFile) -> None:
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

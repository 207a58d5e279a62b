"""The chat platforms around an installation: who writes through them, what they are told, and what arrives there."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Protocol

import msgspec

from bot.channels.rendering import telegram, whatsapp
from bot.channels.telegram.channel import LIMITS as TELEGRAM_LIMITS
from bot.channels.telegram.updates import KINDS
from bot.channels.whatsapp.limits import LIMITS as WHATSAPP_LIMITS
from bot.whatsapp_number import WEBHOOK_PATH
from conversations.messages import Message
from tests.platform_server import Happenings, PlatformServer
from tests.telegram_server import TelegramServer
from tests.telegram_server.entities import parse_html
from tests.whatsapp_server import WhatsAppServer
from tests.whatsapp_server.messages import shown
from tests.whatsapp_server.server import APP_SECRET, TOKEN

PlatformName = Literal["telegram", "whatsapp"]
Look = tuple[str, tuple[tuple[tuple[str, str], ...], ...]]
"""Text and buttons of a message, as its reader sees them."""
RETRY_SECONDS = 0.2
"""When a platform brings again what the program did not take, because it was dead or its database away."""
CONNECTIONS = 100
WHATSAPP_NUMBER = "200100"


class Heard(Protocol):
    """A message of the bot's."""

    id: Any
    text: str

    @property
    def buttons(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Rows of (label, data)."""
        ...


class Writer(Protocol):
    """Somebody who talks with the bot."""

    chat: Any
    """Has a name, and the id that is the user of its address."""

    @property
    def heard(self) -> Sequence[Heard]:
        """Everything that the bot has said to them."""
        ...

    def says(self, text: str, *, reply_to: Any = ...) -> object:
        """Type something."""
        ...

    def presses(self, bubble: Any, data: str) -> None:
        """Tap the button that carries this below a message."""
        ...

    def sends_photo(self, content: bytes) -> object:
        """Send a photo."""
        ...

    async def hears(self, part: str = "", *, within: float = ...) -> Any:
        """Wait for the next message with these words in it."""
        ...


class Platform(Protocol):
    """One platform with one bot or number."""

    server: PlatformServer
    world: Happenings
    send: str
    """The call that carries a message."""
    via: str
    """By which messages go out."""

    def person(self, name: str) -> Writer:
        """Give somebody new."""
        ...

    def settings(self, base_url: str) -> dict[str, str]:
        """Give what a program has to know to reach it at this address."""
        ...

    def bring_to(self, address: str) -> dict[str, str]:
        """Bring everything to programs behind this address from now on; give what they have to know."""
        ...

    def announced(self) -> Iterable[str]:
        """Give the keys of all events so far."""
        ...

    def has_more(self) -> bool:
        """Tell whether something has not been taken."""
        ...

    def looks(self, body: str) -> Sequence[Look]:
        """Say how a message of the outbox is seen: its parts in order."""
        ...


class TelegramAround:
    """Telegram, with the first bot of a local server."""

    send = "sendMessage"
    via = "telegram:1"

    def __init__(self, server: TelegramServer) -> None:
        self.server = server
        self.world = server.world

    def person(self, name: str) -> Writer:
        """Give somebody new."""
        return self.server.person(name)

    def settings(self, base_url: str) -> dict[str, str]:
        """Give what a program has to know."""
        return {"JEMPUTBOLA_TELEGRAM_TOKEN": self.server.token, "JEMPUTBOLA_TELEGRAM_BASE_URL": base_url}

    def bring_to(self, address: str) -> dict[str, str]:
        """Bring updates by webhook."""
        secret = secrets.token_hex(16)
        url = f"{address}/telegram/{self.world.bot}"
        self.world.retry_seconds = RETRY_SECONDS
        self.server.do(self.world.set_webhook(url, secret=secret, connections=CONNECTIONS, kinds=KINDS))
        return {
            "JEMPUTBOLA_TELEGRAM_UPDATES": "webhook",
            "JEMPUTBOLA_TELEGRAM_WEBHOOK_SECRET": secret,
            "JEMPUTBOLA_PUBLIC_URL": address,
        }

    def announced(self) -> Iterable[str]:
        """Give the keys of all events so far."""
        return [f"{self.via}:{number}" for number in self.world.announced]

    def has_more(self) -> bool:
        """Tell whether something has not been taken."""
        return bool(self.world.updates)

    def looks(self, body: str) -> Sequence[Look]:
        """Say how a message is seen."""
        drawn = telegram.draw(msgspec.json.decode(body, type=Message), TELEGRAM_LIMITS)
        buttons = tuple(tuple((each.label, each.data) for each in row) for row in drawn.buttons)
        *before, last = (parse_html(part) for part in drawn.parts)
        return [*((text, ()) for text in before), (last, buttons)]


class WhatsAppAround:
    """WhatsApp, with one number of a local server, which reports about each message as Meta does."""

    send = "messages"
    via = f"whatsapp:{WHATSAPP_NUMBER}"

    def __init__(self, server: WhatsAppServer) -> None:
        self.server = server
        self.world = server.number(WHATSAPP_NUMBER)
        self.world.reports = ("read", "delivered", "sent")
        self._people = 0

    def person(self, name: str) -> Writer:
        """Give somebody new, who has a user id every second time."""
        self._people += 1
        return self.server.person(self.world, name, user_id=f"ID.{self._people}" if self._people % 2 else "")

    def settings(self, base_url: str) -> dict[str, str]:
        """Give what a program has to know."""
        return {
            "JEMPUTBOLA_WHATSAPP_NUMBER_ID": WHATSAPP_NUMBER,
            "JEMPUTBOLA_WHATSAPP_TOKEN": TOKEN,
            "JEMPUTBOLA_WHATSAPP_APP_SECRET": APP_SECRET,
            "JEMPUTBOLA_WHATSAPP_VERIFY_TOKEN": secrets.token_hex(16),
            "JEMPUTBOLA_WHATSAPP_BASE_URL": base_url,
        }

    def bring_to(self, address: str) -> dict[str, str]:
        """Bring messages and reports."""
        self.server.do(self.world.bring_to(f"{address}{WEBHOOK_PATH}", retry_seconds=RETRY_SECONDS))
        return {}

    def announced(self) -> Iterable[str]:
        """Give the keys of all events so far."""
        return [f"{self.via}:{message}" for message in self.world.announced]

    def has_more(self) -> bool:
        """Tell whether something has not been taken."""
        return bool(self.world.deliveries and self.world.deliveries.waiting)

    def looks(self, body: str) -> Sequence[Look]:
        """Say how a message is seen."""
        drawn = whatsapp.draw(msgspec.json.decode(body, type=Message), WHATSAPP_LIMITS)
        choices = tuple(((each.title, each.data),) for each in drawn.choices)
        *before, last = (shown(part) for part in drawn.parts)
        return [*((text, ()) for text in before), (last, choices)]


PLATFORMS: Mapping[PlatformName, Any] = {
    "telegram": (TelegramServer, TelegramAround),
    "whatsapp": (WhatsAppServer, WhatsAppAround),
}


@contextmanager
def platform_of(name: PlatformName) -> Iterator[Platform]:
    """Run a platform on this machine."""
    server, around = PLATFORMS[name]
    with server() as running:
        yield around(running)

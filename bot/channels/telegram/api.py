"""What we ask of Telegram's Bot API, whichever library does the talking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from conversations.messages import Button

Buttons = Sequence[Sequence[Button]]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or document to be sent."""

    kind: Literal["photo", "document"]
    name: str
    """As people see it, when it is a document."""
    source: Path | str
    """Where it lies on this machine; or what Telegram called it when it was sent before, and nothing is uploaded."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """What Telegram says of a file that it took."""

    message: str
    """Id of the message."""
    reference: str
    """What Telegram calls the file from now on; empty when it does not tell."""


@dataclass(frozen=True, slots=True)
class WebhookState:
    """What Telegram knows about a bot's webhook: https://core.telegram.org/bots/api#webhookinfo."""

    url: str = ""
    """Where it brings updates; empty: nowhere, the bot has to ask for them."""
    waiting: int = 0
    """Updates that have not been taken."""
    failed_at: datetime | None = None
    """When bringing one failed last; Telegram does not forget it when it works again."""
    failure: str = ""
    """Why."""
    kinds: Sequence[str] = ()
    """Kinds of updates it brings; empty: Telegram's own choice."""


class TelegramApi(Protocol):
    """One bot's line to Telegram. Every method raises ``ChannelError`` and nothing else (see ``errors``).

    python-telegram-bot stands behind it in ``ptb``, aiogram in ``aiogram_api``.
    """

    async def get_updates(self, offset: int, wait: timedelta) -> bytes:
        """Give the JSON array of updates from this number on; wait for the first at most 50 s."""
        ...

    async def webhook(self) -> WebhookState:
        """Tell where Telegram brings updates, and how that goes."""
        ...

    async def set_webhook(self, url: str, *, secret: str, connections: int) -> None:
        """Have Telegram bring the updates that we use, over so many connections (1 to 100); what is waiting is kept.

        Possible once a second.
        """
        ...

    async def delete_webhook(self) -> None:
        """Ask for updates by polling; what is waiting is kept."""
        ...

    async def set_commands(self, commands: Mapping[str, str], language: str) -> None:
        """Show these commands in the menu of people with this language (empty: all others)."""
        ...

    async def username(self) -> str:
        """Give the bot's public name, without the at sign."""
        ...

    async def send_message(self, chat: str, text: str, buttons: Buttons) -> str:
        """Send HTML and give the id of the message."""
        ...

    async def edit_message(self, chat: str, message: str, text: str, buttons: Buttons) -> None:
        """Change a message of this id to HTML of one part, with these buttons or none."""
        ...

    async def send_file(self, chat: str, attachment: Attachment, *, caption: str, buttons: Buttons) -> SentFile:
        """Send a picture (up to 10 MB) or document (up to 50 MB) with HTML of at most 1024 units under it, or none."""
        ...

    async def answer_tap(self, tap: str) -> None:
        """Stop the progress bar on a button; possible for 150 seconds after the tap."""
        ...

    def download(self, reference: str) -> AsyncIterator[bytes]:
        """Stream a file of up to 20 MB."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...

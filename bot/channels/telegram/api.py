"""What we ask of Telegram's Bot API, whichever library does the talking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from conversations.messages import Button

Buttons = Sequence[Sequence[Button]]


class TelegramApi(Protocol):
    """One bot's line to Telegram. Every method raises ``ChannelError`` and nothing else.

    python-telegram-bot stands behind it in ``ptb``; another library is one more class like that.
    """

    async def get_updates(self, offset: int, wait: timedelta) -> bytes:
        """Give the JSON array of updates from this number on; wait for the first at most 50 s."""
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

    async def answer_tap(self, tap: str) -> None:
        """Stop the progress bar on a button; possible for 150 seconds after the tap."""
        ...

    def download(self, reference: str) -> AsyncIterator[bytes]:
        """Stream a file of up to 20 MB."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...

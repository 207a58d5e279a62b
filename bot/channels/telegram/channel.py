"""One Telegram bot as a channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bot.channels.port import Accept, ChannelLimits, OpenFile, Rates
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.courtesies import Courtesies
from bot.channels.telegram.decoding import CHANNEL
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.sending import Sender
from conversations.events import IncomingFile
from storage.outbox import OutboxRow

LIMITS = ChannelLimits(
    text_units=4096,
    caption_units=1024,
    photo_bytes=10 * 1024 * 1024,
    buttons=100,
    buttons_a_row=8,
    label_characters=64,
    data_bytes=64,
    file_bytes=20 * 1024 * 1024,
    rates=Rates(account_messages=30, bulk_messages=28, chat_burst=3, chat_interval=timedelta(seconds=1)),
)
"""Telegram publishes about 30 messages a second over all and 1 a chat: https://core.telegram.org/bots/faq"""


class TelegramChannel:
    """Talks through one bot, whose id is the part of its token before the colon."""

    name = CHANNEL
    limits = LIMITS

    def __init__(
        self, api: TelegramApi, account: str, *, intake: Intake, courtesies: Courtesies, open_file: OpenFile
    ) -> None:
        self.account = account
        self._api = api
        self._sender = Sender(api, LIMITS, open_file)
        self._intake = intake
        self.is_polled = intake.is_polled
        self._courtesies = courtesies

    async def send(self, outgoing: OutboxRow) -> str:
        """Send a message and give the id of its (last) part.

        Raises:
            ChannelError: it could not be sent, or nobody knows whether it was.
        """
        return await self._sender.send(outgoing.address.user, outgoing.message)

    async def edit(self, outgoing: OutboxRow, message: str) -> None:
        """Change the text and the buttons of a message of this id.

        Raises:
            ChannelError: it could not be changed, or nobody knows whether it was.
        """
        await self._sender.edit(outgoing.address.user, message, outgoing.message)

    def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Stream a file that a person sent; raises ``ChannelError`` as it goes."""
        return self._api.download(file.reference)

    async def run(self, accept: Accept) -> None:
        """Take updates in until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._courtesies.show_menu())
            await self._intake.run(accept, lambda updates: self._courtesies.start(updates, tasks))

    def trouble(self, at: datetime) -> str:
        """Say why no updates come in, and what to do; empty: they come in, or could."""
        return self._intake.trouble(at)

    async def username(self) -> str:
        """Give the bot's public name, for deep links."""
        return await self._api.username()

    async def close(self) -> None:
        """Let the connections go."""
        await self._api.close()

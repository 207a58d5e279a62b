"""Sends one message: its file, its parts, and the buttons under the last of all."""

from __future__ import annotations

import asyncio

from bot.channels.port import ChannelError, ChannelLimits, OpenFile
from bot.channels.rendering.telegram import draw
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.errors import is_unchanged
from bot.channels.telegram.files import FileSender
from conversations.messages import Message

LONGEST_SECONDS = 100.0
"""A message is on its way no longer than this, however slowly its file trickles: it holds up the others of its chat."""


class Sender:
    """One bot's voice."""

    def __init__(self, api: TelegramApi, limits: ChannelLimits, open_file: OpenFile) -> None:
        self._api = api
        self._limits = limits
        self._files = FileSender(api, open_file, photo_bytes=limits.photo_bytes)

    async def send(self, chat: str, message: Message) -> str:
        """Send a message and give the id of its last part.

        Raises:
            ChannelError: it could not be sent, or nobody knows whether it was; uncertain too when a part has arrived.
        """
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await self._send(chat, message)
        except TimeoutError:
            reason = f"no end after {LONGEST_SECONDS:.0f} seconds"
            raise ChannelError(reason, retryable=True, is_uncertain=True) from None

    async def edit(self, chat: str, edited: str, message: Message) -> None:
        """Let a message of one part say something else; what it says already is fine.

        Raises:
            ChannelError: it could not be changed, or nobody knows whether it was.
        """
        drawn = draw(message, self._limits)
        try:
            await self._api.edit_message(chat, edited, drawn.parts[0], drawn.buttons)
        except ChannelError as error:
            if not is_unchanged(error):
                raise

    async def _send(self, chat: str, message: Message) -> str:
        drawn = draw(message, self._limits)
        last = ""
        try:
            if message.file:
                buttons = () if drawn.parts else drawn.buttons
                last = await self._files.send(chat, message.file, caption=drawn.caption, buttons=buttons)
            for number, part in enumerate(drawn.parts, start=1):
                buttons = drawn.buttons if number == len(drawn.parts) else ()
                last = await self._api.send_message(chat, part, buttons)
        except ChannelError as error:
            error.is_uncertain |= bool(last)
            raise
        return last

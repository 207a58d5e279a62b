"""What a number does besides the conversation: best effort after the commit, and nothing is lost when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.channels.port import ChannelError
from bot.channels.whatsapp.decoding import Receipt
from bot.channels.whatsapp.graph import GraphApi

MOST_AT_ONCE = 20
"""Beyond that messages stay unread a while: replies need the connections more."""

_log = structlog.get_logger(__name__)


class Courtesies:
    """Of one number: the blue ticks, and the sign that an answer is being written where it takes a while."""

    def __init__(self, api: GraphApi) -> None:
        self._api = api
        self._under_way = 0

    def start(self, receipts: Sequence[Receipt], tasks: asyncio.TaskGroup) -> None:
        """Begin to mark these messages as read, as far as there is room."""
        for each in receipts:
            if self._under_way < MOST_AT_ONCE:
                self._under_way += 1
                tasks.create_task(self._attempt(each))

    async def _attempt(self, receipt: Receipt) -> None:
        try:
            await self._api.mark_read(receipt.message, is_typing=receipt.takes_a_while)
        except ChannelError as error:
            _log.info("courtesy_failed", reason=type(error).__name__)
        finally:
            self._under_way -= 1

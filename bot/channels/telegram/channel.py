"""One Telegram bot as a channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.backoff import Backoff
from bot.channels.port import Accept, ChannelError, ChannelLimits, Rates
from bot.channels.rendering.telegram import draw
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.decoding import CHANNEL, Decoded
from bot.channels.telegram.menu import DEFAULT_LANGUAGE, Menu
from bot.channels.telegram.polling import Poller
from bot.clock import Clock, pause
from conversations.events import IncomingFile
from storage.errors import StorageError
from storage.outbox import OutboxRow
from storage.turns import AddressKey

LIMITS = ChannelLimits(
    text_units=4096,
    buttons=100,
    buttons_a_row=8,
    label_characters=64,
    data_bytes=64,
    file_bytes=20 * 1024 * 1024,
    rates=Rates(account_messages=28, bulk_messages=20, chat_burst=3, chat_interval=timedelta(seconds=1)),
)
"""Telegram publishes about 30 messages a second over all and 1 a chat: https://core.telegram.org/bots/faq"""
MOST_GROUPS_TOLD = 1000
MOST_COURTESIES = 300
"""Taps that are answered at the same time; beyond that, progress bars end by themselves."""

MembershipChange = Callable[[AddressKey, datetime | None], Awaitable[None]]
"""Told since when somebody blocks the bot, or that they do not any more (None)."""

_log = structlog.get_logger(__name__)


class TelegramChannel:
    """Talks through one bot, whose id is the part of its token before the colon."""

    name = CHANNEL
    limits = LIMITS

    def __init__(
        self,
        api: TelegramApi,
        account: str,
        *,
        menu: Menu,
        clock: Clock,
        backoff: Backoff,
        on_block: MembershipChange,
    ) -> None:
        self.account = account
        self._api = api
        self._menu = menu
        self._clock = clock
        self._backoff = backoff
        self._on_block = on_block
        self._poller = Poller(api, account, clock=clock, backoff=backoff, afterwards=self._afterwards)
        self._groups_told: set[int] = set()
        self._courtesies = 0

    async def send(self, outgoing: OutboxRow) -> str:
        """Send a message and give the id of its (last) part.

        Raises:
            ChannelError: it could not be sent, or nobody knows whether it was.
        """
        drawn = draw(outgoing.message, self.limits)
        for part in drawn.parts[:-1]:
            await self._api.send_message(outgoing.address.user, part, ())
        return await self._api.send_message(outgoing.address.user, drawn.parts[-1], drawn.buttons)

    def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Stream a file that a person sent; raises ``ChannelError`` as it goes."""
        return self._api.download(file.reference)

    async def run(self, accept: Accept) -> None:
        """Take updates in until cancelled."""
        await self._prepare()
        await self._poller.run(accept)

    def is_alive(self, at: datetime) -> bool:
        """Tell whether Telegram has answered lately."""
        return self._poller.is_alive(at)

    async def username(self) -> str:
        """Give the bot's public name, for deep links."""
        return await self._api.username()

    async def close(self) -> None:
        """Let the connections go."""
        await self._api.close()

    async def _prepare(self) -> None:
        """Switch to polling and show the menu; tried until Telegram answers."""
        attempts = 0
        while True:
            try:
                await self._api.delete_webhook()
                return await self._show_menu()
            except ChannelError as error:
                attempts += 1
                _log.warning("telegram_not_ready", reason=error.reason)
                wait = error.retry_after or self._backoff.wait(attempts)
                await pause(self._clock, self._clock.now() + wait)

    async def _show_menu(self) -> None:
        for language, commands in self._menu.commands.items():
            await self._api.set_commands(commands, "" if language == DEFAULT_LANGUAGE else language)

    async def _afterwards(self, batch: Sequence[Decoded]) -> None:
        """Do what a batch wants besides being committed; what fails here harms nothing."""
        wanted = [each for each in batch if each.callback or each.address or each.group]
        async with asyncio.TaskGroup() as tasks:
            for each in wanted[: max(MOST_COURTESIES - self._courtesies, 0)]:
                self._courtesies += 1
                tasks.create_task(self._attempt(each))

    async def _attempt(self, update: Decoded) -> None:
        try:
            await self._after(update)
        except (ChannelError, StorageError) as error:
            _log.info("courtesy_failed", reason=type(error).__name__)
        finally:
            self._courtesies -= 1

    async def _after(self, update: Decoded) -> None:
        if update.callback:
            await self._api.answer_tap(update.callback)
        if update.address:
            await self._on_block(update.address, self._clock.now() if update.membership == "kicked" else None)
        if update.group:
            await self._point_to_private_chat(update.group)

    async def _point_to_private_chat(self, group: int) -> None:
        """Say once in each group (and run of the program) that we talk in private."""
        if group not in self._groups_told and len(self._groups_told) < MOST_GROUPS_TOLD:
            self._groups_told.add(group)
            notice = self._menu.group.format(bot=await self._api.username())
            await self._api.send_message(str(group), notice, ())

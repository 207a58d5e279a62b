"""What a bot does besides the conversation: best effort after the commit, and nothing is lost when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.backoff import Backoff
from bot.channels.port import ChannelError
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.decoding import Decoded
from bot.channels.telegram.menu import DEFAULT_LANGUAGE, Menu
from bot.clock import Clock, pause
from storage.envelopes import AddressKey
from storage.errors import StorageError

MOST_AT_ONCE = 300
"""Beyond that, progress bars end by themselves."""
MOST_GROUPS = 1000
"""Groups that are remembered; the one told longest ago is forgotten first."""
GROUP_SILENCE = timedelta(hours=24)
"""How long nothing more is said in a group that has been told."""

MembershipChange = Callable[[AddressKey, datetime | None], Awaitable[None]]
"""Told since when somebody blocks the bot, or that they do not any more (None)."""

_log = structlog.get_logger(__name__)


class Courtesies:
    """Of one bot: the menu, progress bars that stop, who blocks it, and groups that are pointed to the private chat."""

    def __init__(
        self, api: TelegramApi, *, menu: Menu, clock: Clock, backoff: Backoff, on_block: MembershipChange
    ) -> None:
        self._api = api
        self._menu = menu
        self._clock = clock
        self._backoff = backoff
        self._on_block = on_block
        self._under_way = 0
        self._groups_told: dict[int, datetime] = {}
        self._name = ""

    async def show_menu(self) -> None:
        """Show the menu of commands; tried until Telegram answers."""
        attempts = 0
        while not await self._is_menu_shown(attempts):
            attempts += 1

    async def _is_menu_shown(self, attempts: int) -> bool:
        try:
            for language, commands in self._menu.commands.items():
                await self._api.set_commands(commands, "" if language == DEFAULT_LANGUAGE else language)
        except ChannelError as error:
            _log.warning("menu_not_shown", reason=error.reason)
            wait = error.retry_after or self._backoff.wait(attempts + 1)
            await pause(self._clock, self._clock.now() + wait)
            return not error.retryable
        return True

    def start(self, updates: Sequence[Decoded], tasks: asyncio.TaskGroup) -> None:
        """Begin what these updates want besides being committed, as far as there is room."""
        for each in updates:
            if (each.callback or each.address or each.group) and self._under_way < MOST_AT_ONCE:
                self._under_way += 1
                tasks.create_task(self._attempt(each))

    async def _attempt(self, update: Decoded) -> None:
        try:
            await self._do(update)
        except (ChannelError, StorageError) as error:
            _log.info("courtesy_failed", reason=type(error).__name__)
        finally:
            self._under_way -= 1

    async def _do(self, update: Decoded) -> None:
        if update.callback:
            await self._api.answer_tap(update.callback)
        if update.address:
            await self._on_block(update.address, self._clock.now() if update.membership == "kicked" else None)
        if update.group:
            await self._point_to_private_chat(update)

    async def _point_to_private_chat(self, update: Decoded) -> None:
        """Say in a group, once in a while, that we talk in private; not when only others are spoken to."""
        name = await self._username()
        if update.named and name.lower() not in update.named:
            return
        now = self._clock.now()
        told_at = self._groups_told.pop(update.group, None)
        is_due = told_at is None or now - told_at >= GROUP_SILENCE
        self._groups_told[update.group] = now if is_due else told_at or now
        if len(self._groups_told) > MOST_GROUPS:
            del self._groups_told[next(iter(self._groups_told))]
        if is_due:
            await self._api.send_message(str(update.group), self._menu.group.format(bot=name), ())

    async def _username(self) -> str:
        self._name = self._name or await self._api.username()
        return self._name

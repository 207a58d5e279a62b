"""Looks now and then whether Telegram still brings a bot's updates to us."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.backoff import Backoff
from bot.channels.port import ChannelError
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.webhook_state import complaint
from bot.clock import Clock, pause

LOOK_EVERY = timedelta(minutes=10)

_log = structlog.get_logger(__name__)


class WebhookWatch:
    """Of one bot and the address to which its updates are to come; what is wrong is logged with what to do."""

    def __init__(self, api: TelegramApi, bot: str, url: str, *, clock: Clock, backoff: Backoff) -> None:
        self._api = api
        self._bot = bot
        self._url = url
        self._clock = clock
        self._backoff = backoff
        self._failures = 0

    async def run(self) -> None:
        """Look at once, and again from time to time, until cancelled."""
        while True:
            await pause(self._clock, self._clock.now() + await self._look())

    async def _look(self) -> timedelta:
        """Look, and say how long to wait before the next time."""
        try:
            state = await self._api.webhook()
        except ChannelError as error:
            self._failures += 1
            _log.warning("webhook_unknown", bot=self._bot, reason=error.reason)
            return error.retry_after or self._backoff.wait(self._failures)
        self._failures = 0
        if wrong := complaint(state, self._url, self._clock.now()):
            _log.error("webhook_wrong", bot=self._bot, reason=wrong)
        return LOOK_EVERY

"""Takes updates in by long polling; the offset moves only when what came before it has been committed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec
import structlog

from bot.backoff import Backoff
from bot.channels.port import Accept, ChannelError, NotAcceptedError
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.decoding import decode_updates
from bot.channels.telegram.intake import Afterwards, report_problems
from bot.channels.telegram.webhook_state import complaint
from bot.clock import Clock, pause

LONG_POLL = timedelta(seconds=50)
"""The longest that Telegram holds a request."""
STUCK_AFTER = timedelta(minutes=3)
"""Without any reply for so long (three polls), something is wrong."""
RIVAL_REMEMBERED = timedelta(minutes=3)
"""Two programs that poll disturb each other about once a minute."""

_log = structlog.get_logger(__name__)


class Poller:
    """Polls one bot."""

    is_polled = True

    def __init__(self, api: TelegramApi, bot: str, *, clock: Clock, backoff: Backoff) -> None:
        self._api = api
        self._bot = bot
        self._clock = clock
        self._backoff = backoff
        self._offset = 0
        self._failures = 0
        self._has_looked = False
        """Whether Telegram is known to keep the updates for us instead of bringing them somewhere."""
        self._heard_at = clock.now()
        self._complaint = ""
        """What somebody has to put right."""
        self._rival_until: datetime | None = None
        """Until when we speak of another program that polls, though it may let us have our turn."""

    def trouble(self, at: datetime) -> str:
        """Say what keeps Telegram from handing updates over, or that it has not answered for minutes."""
        if self._complaint:
            return self._complaint
        is_stuck = at - self._heard_at >= STUCK_AFTER
        return f"Telegram has not answered for {STUCK_AFTER.seconds // 60} minutes: look at the log" if is_stuck else ""

    async def run(self, accept: Accept, afterwards: Afterwards) -> None:
        """Poll until cancelled. A batch that is not committed is asked for again, so nothing is lost."""
        self._heard_at = self._clock.now()
        while True:
            try:
                await self._look_for_webhook()
                await self._poll(accept, afterwards)
            except (ChannelError, NotAcceptedError, msgspec.DecodeError) as error:
                await self._rest(error)

    async def _look_for_webhook(self) -> None:
        """Refuse to poll while Telegram brings the updates somewhere: it would answer every request with 409.

        Nobody but a person knows whether another installation still takes them there, so it is not deleted.
        """
        if self._has_looked:
            return
        if wrong := complaint(await self._api.webhook(), "", self._clock.now()):
            raise ChannelError(wrong, retryable=True, alert=True)
        self._has_looked = True

    async def _poll(self, accept: Accept, afterwards: Afterwards) -> None:
        payload = await self._api.get_updates(self._offset, LONG_POLL)
        self._heard_at = self._clock.now()
        decoded = decode_updates(payload, bot=self._bot, at=self._heard_at)
        report_problems(decoded)
        if envelopes := [each.envelope for each in decoded if each.envelope]:
            await accept(envelopes)
        self._failures = 0
        if self._rival_until is None or self._heard_at >= self._rival_until:
            self._complaint = ""
        if decoded:
            self._offset = decoded[-1].update_id + 1
            afterwards(decoded)

    async def _rest(self, error: Exception) -> None:
        """Wait before the next poll: what Telegram says, or longer and longer up to the bound."""
        self._failures += 1
        wait = self._backoff.wait(self._failures)
        level = logging.WARNING
        if isinstance(error, ChannelError):
            wait = error.retry_after or wait
            if error.alert:
                self._note(error)
                level = logging.ERROR
        _log.log(level, "polling_failed", bot=self._bot, reason=_reason(error), wait_seconds=wait.total_seconds())
        await pause(self._clock, self._clock.now() + wait)

    def _note(self, error: ChannelError) -> None:
        self._has_looked = False
        self._complaint = error.reason
        if error.is_taken:
            self._rival_until = self._clock.now() + RIVAL_REMEMBERED


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, ChannelError) else type(error).__name__

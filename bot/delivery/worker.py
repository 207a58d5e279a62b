"""The worker that empties the outbox: as fast as the channels allow, replies first, each chat in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.backoff import Backoff
from bot.channels.port import Channel, ChannelError
from bot.clock import Clock
from bot.delivery.rates import AccountRate, ChatRates
from bot.delivery.verdict import judge
from bot.logging import described
from bot.metrics import SEND_SECONDS, SENT
from storage.errors import StorageError
from storage.outbox import Failed, Outbox, OutboxRow, Outcome, Retry, Sent

LEASE = timedelta(minutes=2)
"""Longer than any attempt: a row whose lease has run out belonged to a process that is gone."""
MOST_CLAIMED = 50
"""Rows that may be under way: those are the perhaps-sent ones after a crash."""
SAFETY_LOOK = timedelta(seconds=30)
"""How long it sleeps at most: a wake-up is an event, this covers one that another process could not give."""
NO_CHANNEL_WAIT = timedelta(minutes=10)
"""How long a message rests whose channel is not switched on."""
CUT_OFF = ChannelError("cut off when the program stopped", retryable=True, is_uncertain=True)

_log = structlog.get_logger(__name__)


class DeliveryWorker:
    """Sends what the outbox holds. One instance a process; ``run`` works until ``stop``."""

    def __init__(self, outbox: Outbox, channels: Sequence[Channel], clock: Clock, backoff: Backoff) -> None:
        self._outbox = outbox
        self._channels: Mapping[tuple[str, str], Channel] = {(each.name, each.account): each for each in channels}
        self._accounts = {key: AccountRate(each.limits.rates) for key, each in self._channels.items()}
        self._chats = ChatRates()
        self._clock = clock
        self._backoff = backoff
        self._under_way: set[int] = set()
        self._outcomes: list[Outcome] = []
        self._awake = asyncio.Event()
        self._is_stopping = False
        self._failures = 0

    def wake(self) -> None:
        """Look into the outbox now: something was put there."""
        self._awake.set()

    def stop(self) -> None:
        """Start nothing new; ``run`` returns when what is under way has been recorded."""
        self._is_stopping = True
        self._awake.set()

    async def take_over(self) -> None:
        """Take what a process before us had under way as cut off. Only when no other process runs!"""
        await self._outbox.claim(self._clock.now() + LEASE, limit=0, lease=LEASE, busy=frozenset())

    async def run(self) -> None:
        """Deliver until stopped."""
        try:
            async with asyncio.TaskGroup() as sends:
                while not self._is_stopping:
                    self._awake.clear()
                    await self._clock.wait(self._awake, await self._look(sends))
        finally:
            await self._record_last()

    async def _look(self, sends: asyncio.TaskGroup) -> datetime:
        """Record what has ended, start what may start, and say when to look again at the latest.

        One moment for all of it: what comes free between two readings of the clock would be seen by neither.
        """
        at = self._clock.now()
        try:
            await self._record()
            await self._start_all(sends, at)
            moment = await self._next_look(at)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a look: the database may be back at the next one
            self._failures += 1
            _log.exception("delivery_failed", error=described(error))
            return at + self._backoff.wait(self._failures)
        self._failures = 0
        return moment

    async def _record(self) -> None:
        """Record what has ended; what could not be recorded stays for the next time."""
        outcomes = list(self._outcomes)
        await self._outbox.record(outcomes, self._clock.now())
        del self._outcomes[: len(outcomes)]

    async def _record_last(self) -> None:
        """Record what the end has left; when that fails, the leases tell whoever comes next."""
        try:
            await self._record()
        except StorageError as error:
            _log.exception("delivery_failed", error=described(error))

    async def _start_all(self, sends: asyncio.TaskGroup, at: datetime) -> None:
        while not self._is_stopping and (limit := self._room(at)) > 0:
            busy = self._chats.cooling(at) | self._under_way
            rows = await self._outbox.claim(at, limit=limit, lease=LEASE, busy=busy)
            for row in rows:
                self._start(row, sends, at)
            await self._record()
            if len(rows) < limit:
                return

    def _room(self, at: datetime) -> int:
        rooms = sum(max(rate.room(at), 0) for rate in self._accounts.values())
        return min(rooms, MOST_CLAIMED - len(self._under_way))

    def _start(self, row: OutboxRow, sends: asyncio.TaskGroup, at: datetime) -> None:
        """Start a send, or put the row back when its account has no room for it."""
        key = (row.address.channel, row.address.account)
        if key not in self._channels:
            self._outcomes.append(Retry(row.id, at + NO_CHANNEL_WAIT, "the channel is not switched on"))
            return
        account = self._accounts[key]
        if account.room(at, row.priority) <= 0:
            opens_at = account.opens_at(at, row.priority) or at + self._backoff.first
            self._outcomes.append(Retry(row.id, opens_at, "its turn comes later"))
            return
        account.start(row.priority)
        self._chats.spend(row.address_id, at, self._channels[key].limits.rates)
        self._under_way.add(row.address_id)
        sends.create_task(self._send(row, self._channels[key], account))

    async def _send(self, row: OutboxRow, channel: Channel, account: AccountRate) -> None:
        outcome: Outcome
        try:
            with SEND_SECONDS.labels(channel.name).time():
                outcome = Sent(row.id, await channel.send(row))
        except ChannelError as error:
            outcome = self._judged(row, error, account)
        except asyncio.CancelledError:
            self._end(row, channel, judge(row, CUT_OFF, self._backoff, self._clock.now()))
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a send: a message that cannot be drawn
            _log.exception("send_broken", outbox=row.id, error=described(error))
            outcome = Failed(row.id, type(error).__name__)
        account.end(row.priority, self._clock.now())
        self._end(row, channel, outcome)

    def _end(self, row: OutboxRow, channel: Channel, outcome: Outcome) -> None:
        SENT.labels(channel.name, type(outcome).__name__.lower()).inc()
        self._under_way.discard(row.address_id)
        self._outcomes.append(outcome)
        self._awake.set()

    def _judged(self, row: OutboxRow, error: ChannelError, account: AccountRate) -> Outcome:
        now = self._clock.now()
        if error.retry_after:
            account.pause(now + error.retry_after)
        outcome = judge(row, error, self._backoff, now)
        is_bad = error.alert or isinstance(outcome, Failed)
        level = logging.ERROR if is_bad else logging.INFO
        _log.log(level, "send_failed", outbox=row.id, reason=error.reason, outcome=type(outcome).__name__)
        return outcome

    async def _next_look(self, at: datetime) -> datetime:
        """Say when something can happen that no event announces."""
        openings = [rate.opens_at(at) for rate in self._accounts.values() if rate.room(at) <= 0]
        moments = [at + SAFETY_LOOK, self._chats.next_free(), await self._outbox.next_due(at), *openings]
        return min(moment for moment in moments if moment and moment > at)

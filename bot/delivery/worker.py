"""The worker that empties the outbox: as fast as the channels allow, replies first, each chat in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from bot.backoff import Backoff
from bot.channels.port import Channel, ChannelError, Editor, via_of
from bot.clock import Clock, pause
from bot.delivery.rates import AccountRate, ChatRates, is_bulk
from bot.delivery.verdict import judge
from bot.leadership import Tenure
from bot.logging import described
from bot.metrics import SEND_SECONDS, SENT
from storage.errors import DatabaseAwayError, StorageError
from storage.outbox import Failed, Handed, Outbox, OutboxRow, Outcome, Retry, Room, Sender, Sent
from storage.ways import Notice
from storage.windows import is_open

MOST_CLAIMED = 50
"""Rows that may be under way: those are the perhaps-sent ones after a crash."""
SAFETY_LOOK = timedelta(seconds=30)
"""How long it sleeps at most: a wake-up is an event, this covers one that another process could not give."""
LULL = timedelta(milliseconds=100)
"""So long it waits for more copies to end while no other has room: looking for each would hold up their sends."""
NOT_CHANGED = "what it was to change cannot be changed"
CUT_OFF = ChannelError("cut off when the program stopped, or its lease ended", retryable=True, is_uncertain=True)

_log = structlog.get_logger(__name__)


class Now(NamedTuple):
    """One moment, by two clocks."""

    at: datetime
    """As the messages have it."""
    steady: datetime
    """As limits and waits have it."""


class DeliveryWorker:
    """Sends what the outbox holds for one account. Only one process at a time may ``run`` it, until ``stop``.

    A run may be broken off. What was handed out in it and not recorded is taken back by the next, wherever that is.
    """

    def __init__(
        self,
        outbox: Outbox,
        channel: Channel,
        *,
        clock: Clock,
        steady: Clock,
        backoff: Backoff,
        notice: Notice | None = None,
    ) -> None:
        self.via = via_of(channel)
        self._outbox = outbox
        self._channel = channel
        self._account = AccountRate(channel.limits.rates)
        self._chats = ChatRates()
        self._clock = clock
        self._steady = steady
        """For what is a distance and no moment: somebody may set the other one."""
        self._backoff = backoff
        self._notice = notice
        """How people are told that something waits until they write, on a channel with a window."""
        self._sender = Sender(self.via, 0)
        """As whom we were handed what is in the next two."""
        self._under_way: dict[int, OutboxRow] = {}
        self._outcomes: list[Outcome] = []
        self._sweep_at: datetime | None = None
        """When to take back what was handed out and forgotten; None: at once."""
        self._awake = asyncio.Event()
        """Something happened, perhaps only that a copy has ended."""
        self._has_work = asyncio.Event()
        """Something happened that is to be looked at now."""
        self._is_stopping = False
        self._failures = 0

    def wake(self) -> None:
        """Look into the outbox now: something was put there."""
        self._has_work.set()
        self._awake.set()

    def stop(self) -> None:
        """Start nothing new; ``run`` returns when what is under way has been recorded."""
        self._is_stopping = True
        self.wake()

    async def run(self, tenure: Tenure) -> None:
        """Deliver until stopped."""
        self._sweep_at = None
        try:
            async with asyncio.TaskGroup() as sends:
                while not self._is_stopping:
                    self._awake.clear()
                    self._has_work.clear()
                    moment = await self._look(tenure, sends)
                    await self._steady.wait(self._awake, moment)
                    await self._steady.wait(self._has_work, min(moment, self._steady.now() + self._lull()))
        finally:
            for row in list(self._under_way.values()):
                self._end(row, Retry(row.id, self._clock.now(), "cut off before it began"))
            await self._record_last()

    def _lull(self) -> timedelta:
        """Say how long to wait for more to look at, when there is nothing urgent."""
        is_full = self._account.room(self._steady.now()).unhurried <= 0
        return LULL if is_full and self._awake.is_set() else timedelta()

    async def _look(self, tenure: Tenure, sends: asyncio.TaskGroup) -> datetime:
        """Record what has ended, start what may start, and say by the steady clock when to look again at the latest.

        One moment for all of it: what comes free between two readings of a clock would be seen by neither.
        """
        now = Now(self._clock.now(), self._steady.now())
        try:
            await self._send_as(Sender(self.via, tenure.number))
            await self._sweep(now)
            due_at = await self._start_all(tenure, sends, now)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a look: the database may be back at the next one
            self._failures += 1
            self._sweep_at = None  # messages may have been handed out without reaching us
            _log.exception("delivery_failed", error=described(error))
            return now.steady + self._backoff.wait(self._failures)
        self._failures = 0
        return self._next_look(now, due_at)

    async def _send_as(self, sender: Sender) -> None:
        """Be this sender; what is left from the one before is recorded as what it was."""
        if sender != self._sender:
            await self._record()
            self._sender = sender

    async def _record(self) -> None:
        """Record what has ended, and nothing else; what could not be recorded stays for the next time."""
        ended = list(self._outcomes)
        await self._outbox.record(ended, self._clock.now(), sender=self._sender)
        del self._outcomes[: len(ended)]

    async def _record_last(self) -> None:
        """Record what the end has left; when that fails, whoever comes next takes it back."""
        try:
            await self._record()
        except StorageError as error:
            _log.exception("delivery_failed", error=described(error))

    async def _sweep(self, now: Now) -> None:
        if self._sweep_at and now.steady < self._sweep_at:
            return
        mine = [*self._under_way, *(each.id for each in self._outcomes)]
        await self._outbox.sweep(now.at, sender=self._sender, mine=mine)
        self._sweep_at = now.steady + SAFETY_LOOK

    async def _start_all(self, tenure: Tenure, sends: asyncio.TaskGroup, now: Now) -> datetime | None:
        """Start what there is room for; say when more becomes due."""
        while True:
            room = Room(0, 0) if self._is_stopping else self._room(now)
            handed = await self._exchange(room, now)
            needed = await self._needed(handed.rows, now)
            for row in await self._passable(needed, now):
                moment = self._account.start(row.priority, now.steady)
                self._chats.spend(row.address_id, now.steady, self._channel.limits.rates)
                self._under_way[row.id] = row
                sends.create_task(self._send(row, tenure, moment))
            if len(needed) < len(handed.rows):
                self.wake()  # what was put off is due at a moment that we have not been told
            if not handed.rows or len(handed.rows) < room.total:
                return handed.next_due

    async def _exchange(self, room: Room, now: Now) -> Handed:
        """Record what has ended, and be handed what is due; what could not be recorded stays for the next time."""
        ended = list(self._outcomes)
        busy = self._chats.cooling(now.steady) | {row.address_id for row in self._under_way.values()}
        handed = await self._outbox.exchange(ended, now.at, sender=self._sender, room=room, busy=busy)
        del self._outcomes[: len(ended)]
        return handed

    async def _needed(self, rows: Sequence[OutboxRow], now: Now) -> Sequence[OutboxRow]:
        """Leave out what is not needed, or not now. What cannot be judged is given up, and holds nothing else up."""
        try:
            return await self._outbox.judge(rows, now.at, sender=self._sender)
        except DatabaseAwayError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a judgement
            if len(rows) == 1:
                _log.exception("judging_broken", outbox=rows[0].id, error=described(error))
                self._outcomes.append(Failed(rows[0].id, type(error).__name__))
                return ()
        return [needed for row in rows for needed in await self._needed([row], now)]

    async def _passable(self, rows: Sequence[OutboxRow], now: Now) -> Sequence[OutboxRow]:
        """Leave out what may not go to its chat now, whose window has closed, and find other ways for it."""
        closed = [row for row in rows if not is_open(row.address.channel, row.heard_at, now.at)]
        if not closed:
            return rows
        templates = await self._outbox.find_ways(closed, now.at, sender=self._sender, notice=self._notice)
        self.wake()  # what was opened meanwhile, and a notice, may go at once
        shut = {row.id for row in closed}
        return [
            replace(row, is_template=row.id in templates) for row in rows if row.id in templates or row.id not in shut
        ]

    def _room(self, now: Now) -> Room:
        room, free = self._account.room(now.steady), MOST_CLAIMED - len(self._under_way)
        return Room(min(room.total, free), min(room.unhurried, free))

    async def _send(self, row: OutboxRow, tenure: Tenure, moment: datetime) -> None:
        """Send a message when its slot is free."""
        if moment > self._steady.now():
            await pause(self._steady, moment)
        began = self._steady.now()
        try:
            self._end(row, await self._attempt(row, tenure), began)
        except asyncio.CancelledError:
            self._end(row, judge(row, CUT_OFF, self._backoff, self._clock.now()))
            raise

    async def _attempt(self, row: OutboxRow, tenure: Tenure) -> Outcome:
        if not tenure.is_certain():
            return Retry(row.id, self._clock.now(), "somebody else may be sending")
        if self._account.is_paused(self._steady.now()):
            return Retry(row.id, self._clock.now(), "the platform has asked for silence")
        try:
            with SEND_SECONDS.labels(self._channel.name).time():
                return await self._say(row)
        except ChannelError as error:
            return self._judged(row, error)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a send: a message that cannot be drawn
            _log.exception("send_broken", outbox=row.id, error=described(error))
            return Failed(row.id, type(error).__name__)

    async def _say(self, row: OutboxRow) -> Outcome:
        if row.edits is None:
            return Sent(row.id, await self._channel.send(row))
        if not row.edits or not isinstance(self._channel, Editor):
            return Failed(row.id, NOT_CHANGED)
        await self._channel.edit(row, row.edits)
        return Sent(row.id, "")

    def _end(self, row: OutboxRow, outcome: Outcome, began: datetime | None = None) -> None:
        SENT.labels(self._channel.name, type(outcome).__name__.lower()).inc()
        ended = self._steady.now()
        took = ended - began if began and isinstance(outcome, Sent) else None
        self._account.end(row.priority, ended, took)
        self._under_way.pop(row.id)
        self._outcomes.append(outcome)
        self._awake.set()
        if not is_bulk(row.priority):
            self._has_work.set()

    def _judged(self, row: OutboxRow, error: ChannelError) -> Outcome:
        if error.retry_after:
            self._account.pause(self._steady.now() + error.retry_after)
        outcome = judge(row, error, self._backoff, self._clock.now())
        is_bad = error.alert or isinstance(outcome, Failed)
        level = logging.ERROR if is_bad else logging.INFO
        _log.log(level, "send_failed", outbox=row.id, reason=error.reason, outcome=type(outcome).__name__)
        return outcome

    def _next_look(self, now: Now, due_at: datetime | None) -> datetime:
        """Say when something can happen that no event announces."""
        due = now.steady + (due_at - now.at) if due_at else None
        moments = [now.steady + SAFETY_LOOK, self._chats.next_free(), due, self._account.opens_at(now.steady)]
        return min(moment for moment in moments if moment and moment > now.steady)

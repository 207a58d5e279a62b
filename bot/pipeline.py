"""The turn pipeline: take everything that waits, decide purely, commit once, and only then say so."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import structlog

from bot.channels.port import NotAcceptedError
from bot.clock import Clock
from bot.deciding import Deciding, Dialog
from bot.logging import described
from bot.metrics import BATCH_SIZE, TURN_SECONDS, TURNS
from storage.errors import DatabaseAwayError
from storage.turns import Committed, Envelope, Turns

MOST_EVENTS = 500
"""Events in one transaction: more gains nothing and holds the others up (measured)."""

_log = structlog.get_logger(__name__)

BeginTurns = Callable[[datetime], AbstractAsyncContextManager[Turns]]


Wake = Callable[[Committed], None]
"""Told after each commit how many messages and jobs it left behind."""


class _Waiting:
    """Envelopes that one caller handed in together."""

    __slots__ = ("done", "envelopes", "since")

    def __init__(self, envelopes: Sequence[Envelope], since: float) -> None:
        self.envelopes = envelopes
        self.since = since
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Pipeline:
    """Runs turns in batches. One instance a process; ``run`` works until ``stop`` and an empty queue."""

    def __init__(self, begin: BeginTurns, dialog: Dialog, clock: Clock, wake: Wake) -> None:
        self._begin = begin
        self._dialog = dialog
        self._clock = clock
        self._wake = wake
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._is_stopping = False
        self.is_running = False

    async def submit(self, envelopes: Sequence[Envelope]) -> None:
        """Return after the commit of all of them, or after those whose step failed were kept for a retry.

        Events of one person take effect in the order of these calls; a key seen before changes nothing.

        Raises:
            NotAcceptedError: nothing could be kept; hand them in again later.
        """
        if self._is_stopping:
            raise NotAcceptedError("the program is stopping")
        if not envelopes:
            return
        waiting = _Waiting(envelopes, asyncio.get_running_loop().time())
        self._queue.append(waiting)
        self._arrived.set()
        await waiting.done  # who is cancelled here cancels nothing but the waiting

    async def run(self) -> None:
        """Take turns until stopped; what was handed in before is finished first."""
        self.is_running = True
        try:
            while self._queue or not self._is_stopping:
                await self._arrived.wait()
                self._arrived.clear()
                while batch := self._take():
                    await self._settle(batch)
        finally:
            self.is_running = False
            _refuse(self._queue, "the program has stopped")
            self._queue.clear()

    def stop(self) -> None:
        """Take nothing new, finish what waits, and let ``run`` return."""
        self._is_stopping = True
        self._arrived.set()

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._queue and (not batch or size + len(self._queue[0].envelopes) <= MOST_EVENTS):
            batch.append(self._queue.popleft())
            size += len(batch[-1].envelopes)
        return batch

    async def _settle(self, batch: Sequence[_Waiting]) -> None:
        """Run one batch; when the database objects, each caller's events are tried again one by one."""
        envelopes = [envelope for waiting in batch for envelope in waiting.envelopes]
        BATCH_SIZE.observe(len(envelopes))
        try:
            await self._turn(envelopes)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a batch
            _log.warning("batch_failed", size=len(envelopes), error=described(error))
            await self._settle_one_by_one(batch)
        self._resolve(batch)

    async def _settle_one_by_one(self, batch: Sequence[_Waiting]) -> None:
        """Stop at the first event that cannot be kept, not even as failed: then the database is away for all."""
        for place, waiting in enumerate(batch):
            try:
                for envelope in waiting.envelopes:
                    await self._turn_alone(envelope)
            except Exception as error:  # noqa: BLE001 - the outermost edge of a turn: the channel brings it again
                _log.exception("turn_not_kept", error=described(error))
                _refuse(batch[place:], f"the database refused: {type(error).__name__}")
                return

    def _resolve(self, batch: Sequence[_Waiting]) -> None:
        now = asyncio.get_running_loop().time()
        for waiting in batch:
            TURN_SECONDS.observe(now - waiting.since)
            if not waiting.done.done():
                waiting.done.set_result(None)

    async def _turn_alone(self, envelope: Envelope) -> None:
        """Try one event in a transaction of its own; when the database objects to it, keep it as failed.

        Raises:
            DatabaseAwayError: it was no fault of the event, which has to come again.
        """
        try:
            await self._turn([envelope])
        except DatabaseAwayError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a turn
            _log.exception("turn_failed", kind=type(envelope.event).__name__, error=described(error))
            await self._keep(envelope, error)

    async def _turn(self, envelopes: Sequence[Envelope]) -> None:
        async with self._begin(self._clock.now()) as turns:
            fresh = await turns.claim(envelopes)
            await Deciding(turns, self._dialog).decide(fresh)
            committed = await turns.commit()
        TURNS.inc(len(fresh))
        self._wake(committed)

    async def _keep(self, envelope: Envelope, error: Exception) -> None:
        async with self._begin(self._clock.now()) as turns:
            for fresh in await turns.claim([envelope]):
                Deciding(turns, self._dialog).keep_failed(fresh, error)
            self._wake(await turns.commit())


def _refuse(waiting: Iterable[_Waiting], reason: str) -> None:
    for each in waiting:
        if not each.done.done():
            each.done.set_exception(NotAcceptedError(reason))

"""Slow work after the commit: what a step asked for is worked off, and comes back as an event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.backoff import Backoff
from bot.channels.port import Accept, ChannelError, NotAcceptedError
from bot.clock import Clock
from bot.logging import described
from bot.metrics import FILES
from conversations.events import Event
from storage.errors import StorageError
from storage.jobs import Job, Jobs
from storage.turns import Envelope

LEASE = timedelta(seconds=30)
"""A job whose lease has run out belonged to a process that is gone."""
RENEW_EVERY = timedelta(seconds=10)
"""A download may take longer than a lease: two renewals may be lost."""
MOST_AT_ONCE = 4
MOMENT = timedelta(milliseconds=1)
SAFETY_LOOK = timedelta(seconds=30)

Work = Callable[[Job], Awaitable[Event]]
"""Does a job and gives its result; raises ``ChannelError`` when it is to be done again later."""

_log = structlog.get_logger(__name__)


class JobWorker:
    """Works off the jobs of the database, a few at a time. One instance a process."""

    def __init__(
        self,
        jobs: Jobs,
        works: Mapping[type[Any], Work],
        *,
        accept: Accept,
        clock: Clock,
        backoff: Backoff,
    ) -> None:
        self._jobs = jobs
        self._works = works
        """By the kind of action."""
        self._accept = accept
        self._clock = clock
        self._backoff = backoff
        self._under_way: set[int] = set()
        self._renew_at: datetime | None = None
        self._failures = 0
        self._horizon: datetime | None = None
        """Where all leases have ended that were given before us, while there may be some."""
        self._awake = asyncio.Event()
        self._is_stopping = False

    def wake(self) -> None:
        """Look for jobs now: something was put there."""
        self._awake.set()

    def stop(self) -> None:
        """Start nothing new; what is under way is finished by ``run`` before it returns."""
        self._is_stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Work until stopped."""
        async with asyncio.TaskGroup() as tasks:
            while not self._is_stopping:
                self._awake.clear()
                await self._clock.wait(self._awake, await self._look(tasks))

    def take_over(self) -> None:
        """Take what a process before us had under way as cut off. Only when no other process runs!"""
        self._horizon = self._clock.now() + LEASE

    async def _look(self, tasks: asyncio.TaskGroup) -> datetime:
        now = self._clock.now()
        try:
            await self._renew(now)
            found = await self._claim(now, MOST_AT_ONCE - len(self._under_way))
        except Exception as error:  # noqa: BLE001 - the outermost edge of a look: the database may be back at the next one
            self._failures += 1
            _log.exception("jobs_failed", error=described(error))
            return now + self._backoff.wait(self._failures)
        self._failures = 0
        for job in found:
            self._under_way.add(job.id)
            tasks.create_task(self._work(job))
        return now + (RENEW_EVERY if self._under_way else SAFETY_LOOK)

    async def _renew(self, now: datetime) -> None:
        """Give a sign of life for what is under way, now and then."""
        if self._renew_at and self._renew_at - RENEW_EVERY <= now < self._renew_at:  # an earlier now: a clock set back
            return
        await self._jobs.renew(self._under_way, now + LEASE)
        self._renew_at = now + RENEW_EVERY

    async def _claim(self, now: datetime, limit: int) -> list[Job]:
        if limit <= 0:
            return []
        if self._horizon is None:
            return await self._jobs.claim(now, limit=limit, lease=LEASE)
        found = await self._jobs.claim(self._horizon, limit=limit, lease=MOMENT)
        if len(found) < limit:
            self._horizon = None
        return found

    async def _work(self, job: Job) -> None:
        try:
            await self._attempt(job)
        except asyncio.CancelledError:
            await self._put_back(job)
            raise
        except NotAcceptedError:
            _log.warning("job_result_not_kept", job=job.id)  # its lease runs out, and it is done again
        except Exception as error:  # noqa: BLE001 - the outermost edge of a job: the same, after a look at the log
            _log.exception("job_broken", job=job.id, error=described(error))
        finally:
            self._under_way.discard(job.id)
            self._awake.set()

    async def _put_back(self, job: Job) -> None:
        """Let a job that is cut off be done again at once by whoever comes next, not when its lease runs out."""
        try:
            await self._jobs.retry(job.id, self._clock.now())
        except StorageError as error:
            _log.warning("job_not_put_back", job=job.id, error=described(error))

    async def _attempt(self, job: Job) -> None:
        try:
            event = await self._works[type(job.action)](job)
        except ChannelError as error:
            await self._again(job, error)
            return
        FILES.labels(type(event).__name__).inc()
        await self._accept([Envelope(key=f"job:{job.id}", address=job.address_id, event=event)])

    async def _again(self, job: Job, error: ChannelError) -> None:
        wait = error.retry_after or self._backoff.wait(job.attempts)
        _log.info("job_later", job=job.id, reason=error.reason, wait_seconds=wait.total_seconds())
        await self._jobs.retry(job.id, self._clock.now() + wait)

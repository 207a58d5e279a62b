"""Slow work after the commit: fetch a file that a person sent, keep it, and report back as an event."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import structlog

from bot.backoff import Backoff
from bot.channels.port import Accept, Channel, ChannelError, NotAcceptedError
from bot.clock import Clock
from bot.logging import described
from bot.metrics import FILES
from conversations.events import FileRefused, FileStored
from storage.errors import StorageError
from storage.files import FileRefusedError, FileStore
from storage.jobs import Job, Jobs
from storage.turns import Envelope

LEASE = timedelta(seconds=30)
"""A job whose lease has run out belonged to a process that is gone."""
RENEW_EVERY = timedelta(seconds=10)
"""A download may take longer than a lease: two renewals may be lost."""
MOST_AT_ONCE = 4
MOST_ATTEMPTS = 8
"""With waits of up to five minutes, about a quarter of an hour; then the person is asked to send it again."""
MOMENT = timedelta(milliseconds=1)
SAFETY_LOOK = timedelta(seconds=30)

Reason = Literal["too_large", "wrong_type", "unavailable"]

_log = structlog.get_logger(__name__)


class FileJobs:
    """Works off the jobs of the database, a few at a time. One instance a process."""

    def __init__(
        self,
        jobs: Jobs,
        files: FileStore,
        channels: Sequence[Channel],
        *,
        accept: Accept,
        clock: Clock,
        backoff: Backoff,
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._channels = {(each.name, each.account): each for each in channels}
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
        event: FileStored | FileRefused
        try:
            event = await self._stored(job)
        except FileRefusedError as error:
            event = self._refused(job, error.reason)
        except ChannelError as error:
            if error.retryable and job.attempts < MOST_ATTEMPTS:
                await self._again(job, error)
                return
            _log.warning("file_unavailable", job=job.id, reason=error.reason)
            event = self._refused(job, "unavailable")
        FILES.labels(type(event).__name__).inc()
        await self._accept([Envelope(key=f"job:{job.id}", address=job.address_id, event=event)])

    async def _stored(self, job: Job) -> FileStored:
        """Fetch the file and keep it.

        Raises:
            ChannelError: it cannot be had (now).
            FileRefusedError: it is too large, or not what it says it is.
        """
        channel = self._channels.get((job.address.channel, job.address.account))
        if channel is None:
            raise ChannelError("the channel is not switched on", retryable=True)
        wanted = job.action.file
        if wanted.size_bytes > channel.limits.file_bytes:
            raise FileRefusedError("too_large")
        kept = await self._files.keep(channel.fetch(wanted), announced_name=wanted.name)
        return FileStored(at=self._clock.now(), file=kept, target=job.action.target)

    def _refused(self, job: Job, reason: Reason) -> FileRefused:
        return FileRefused(at=self._clock.now(), reason=reason, target=job.action.target)

    async def _again(self, job: Job, error: ChannelError) -> None:
        wait = error.retry_after or self._backoff.wait(job.attempts)
        _log.info("file_later", job=job.id, reason=error.reason, wait_seconds=wait.total_seconds())
        await self._jobs.retry(job.id, self._clock.now() + wait)

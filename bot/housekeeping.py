"""What has to be tidied up now and then; APScheduler keeps the times."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import Clock
from bot.leadership import Tenure
from bot.logging import described

Chore = Callable[[datetime], Awaitable[object]]
LATENESS = timedelta(minutes=10)
"""A chore that is later than this is left for the next time."""
AT_NIGHT = datetime(2026, 1, 1, hour=19, tzinfo=UTC)
"""Two o'clock in the west of Indonesia: what is done once a day is done then."""

_log = structlog.get_logger(__name__)


class Caretaker:
    """Runs chores at intervals, never one twice at once; one that fails is tried at its next time.

    The times lie on the clock and not so long after a start, so that they stay when another process takes over.
    """

    def __init__(self, chores: Mapping[str, tuple[timedelta, Chore]], clock: Clock) -> None:
        self._chores = chores
        self._clock = clock

    async def run(self, _tenure: Tenure) -> None:
        """Keep the times until cancelled; a chore that is under way then is broken off."""
        scheduler = self._scheduler()
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.shutdown()

    def _scheduler(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": int(LATENESS.total_seconds()),
            },
        )
        for name, (every, chore) in self._chores.items():
            times = IntervalTrigger(seconds=int(every.total_seconds()), start_date=AT_NIGHT)
            scheduler.add_job(self.attempt, times, (name, chore), id=name)
        return scheduler

    async def attempt(self, name: str, chore: Chore) -> None:
        """Do a chore now; what goes wrong is logged."""
        try:
            await chore(self._clock.now())
        except Exception as error:  # noqa: BLE001 - the outermost edge of a chore
            _log.exception("chore_failed", chore=name, error=described(error))

"""What has to be tidied up now and then; APScheduler keeps the times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.clock import Clock
from bot.logging import described

Chore = Callable[[datetime], Awaitable[object]]
LATENESS = timedelta(minutes=10)
"""A chore that is later than this is left for the next time."""

_log = structlog.get_logger(__name__)


class Caretaker:
    """Runs chores at intervals, never one twice at once; one that fails is tried at its next time."""

    def __init__(self, chores: Mapping[str, tuple[timedelta, Chore]], clock: Clock) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": int(LATENESS.total_seconds()),
            },
        )
        for name, (every, chore) in chores.items():
            self._scheduler.add_job(
                self.attempt, "interval", (name, chore), id=name, seconds=int(every.total_seconds())
            )

    def start(self) -> None:
        """Begin keeping the times, in the running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start no more chores."""
        self._scheduler.shutdown(wait=False)

    async def attempt(self, name: str, chore: Chore) -> None:
        """Do a chore now; what goes wrong is logged."""
        try:
            await chore(self._clock.now())
        except Exception as error:  # noqa: BLE001 - the outermost edge of a chore
            _log.exception("chore_failed", chore=name, error=described(error))

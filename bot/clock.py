"""The only place that reads the time and waits for it; everything else is handed a moment or a clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

START = datetime(1970, 1, 1, tzinfo=UTC)
STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps; on macOS the monotonic clock does so."""


class Clock(Protocol):
    """Tells the time and waits; tests put one in its place that jumps ahead."""

    def now(self) -> datetime:
        """Give the present moment; aware, UTC."""
        ...

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set, or at this moment (never early), whichever comes first."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present moment; aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the clock

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set, or at this moment (never early), whichever comes first."""
        if until is None:
            await event.wait()
            return
        try:
            async with asyncio.timeout(max((until - self.now()).total_seconds(), 0)):
                await event.wait()
        except TimeoutError:
            return


class SteadyClock(SystemClock):
    """A clock that nobody sets. Its moments say how far apart they are, and nothing outside of this process."""

    def now(self) -> datetime:
        """Give the present moment."""
        return START + timedelta(seconds=time.clock_gettime(STEADY))


async def pause(clock: Clock, until: datetime) -> None:
    """Wait until this moment."""
    await clock.wait(asyncio.Event(), until)

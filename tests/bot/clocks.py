"""A clock that nobody has to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.clock import SystemClock

NOON = datetime(2026, 3, 12, 5, 0, tzinfo=UTC)
TURNS_OF_THE_LOOP = 20
"""How often others may run before the clock believes that nothing will happen without it."""


async def passed(holds: Callable[[], bool]) -> None:
    """Let others run until this holds; the test's own time limit is the bound."""
    while not holds():  # noqa: ASYNC110 - fakes announce nothing, and no time passes
        await asyncio.sleep(0)


class JumpingClock:
    """Stands still while anything can happen, and jumps to the next moment that somebody waits for."""

    def __init__(self, at: datetime = NOON) -> None:
        self._at = at
        self._waiting: list[datetime] = []

    def now(self) -> datetime:
        """Give the present moment."""
        return self._at

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set, or jump to the moment when it is the earliest that is waited for."""
        if until is None:
            await event.wait()
            return
        self._waiting.append(until)
        try:
            await self._until(event, until)
        finally:
            self._waiting.remove(until)

    async def _until(self, event: asyncio.Event, until: datetime) -> None:
        idle = 0
        while not event.is_set() and self._at < until:
            before = self._at
            await asyncio.sleep(0)
            idle = idle + 1 if self._at == before else 0
            if idle >= TURNS_OF_THE_LOOP and until == min(self._waiting):
                self._at = until

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._at += by


class SteppingClock(SystemClock):
    """The machine's clock, put forward at will; waits take as long as they take."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Give the present moment, as far ahead as it was put."""
        return super().now() + self._ahead

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._ahead += by

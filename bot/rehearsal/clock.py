"""A clock that stands still until it is put forward, and tells when everybody who waits by it has come to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.delivery.worker import SAFETY_LOOK

UNHURRIED = SAFETY_LOOK
"""Whoever waits so long waits for nothing in particular, and is woken by an event alone: see ``Program.look``."""


@dataclass(slots=True, eq=False)
class _Sleeper:
    """Somebody who waits."""

    event: asyncio.Event
    until: datetime | None
    since: datetime
    limit: asyncio.Timeout
    is_due: bool = False

    @property
    def is_hurried(self) -> bool:
        return self.until is not None and self.until - self.since < UNHURRIED

    @property
    def is_asleep(self) -> bool:
        return not (self.is_due or self.event.is_set())


class TurnedClock:
    """Shows one moment until it is put forward. Nothing happens by itself meanwhile but what others do at once."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)
        self._sleepers: list[_Sleeper] = []
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        """Give the present moment; aware, UTC."""
        return self._at

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set, or the clock has been put forward to this moment."""
        if until is not None and until <= self._at:
            await asyncio.sleep(0)
            return
        limit = asyncio.timeout(None)
        sleeper = _Sleeper(event, until, self._at, limit)
        self._sleepers.append(sleeper)
        self._changed.set()
        try:
            async with limit:
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._sleepers.remove(sleeper)
            self._changed.set()

    def put_forward(self, at: datetime) -> None:
        """Show this moment, and wake whoever waits for it or an earlier one; never back."""
        self._at = max(at.astimezone(UTC), self._at)
        for each in self._sleepers:
            if each.until is not None and each.until <= self._at and each.is_hurried:
                each.is_due = True
                each.limit.reschedule(0)

    async def rest(self, many: int) -> None:
        """Return when so many wait, none of whom has been woken: until the next event there is nothing to do."""
        while not (len(self._sleepers) >= many and all(each.is_asleep for each in self._sleepers)):
            self._changed.clear()
            await self._changed.wait()

    def awaited(self) -> Iterator[datetime]:
        """Give the moments that somebody waits for."""
        return (each.until for each in self._sleepers if each.until is not None and each.is_hurried)

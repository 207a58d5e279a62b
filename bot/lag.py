"""How late the event loop is: what everybody waits for when something keeps it busy."""

from __future__ import annotations

import asyncio

from bot.metrics import LOOP_LAG

EVERY_SECONDS = 1.0


class LagWatch:
    """Asks the running loop to be called once a second, and notes how much later that happens."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next = self._call_at(self._loop.time() + EVERY_SECONDS)

    def stop(self) -> None:
        """Watch no more."""
        self._next.cancel()

    def _call_at(self, moment: float) -> asyncio.TimerHandle:
        return self._loop.call_at(moment, self._note, moment)

    def _note(self, wanted: float) -> None:
        now = self._loop.time()
        LOOP_LAG.observe(max(now - wanted, 0))
        self._next = self._call_at(now + EVERY_SECONDS)

"""What one process commits wakes those of another; what nobody could hear is looked for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from structlog.testing import capture_logs

from bot.backoff import Backoff
from bot.listening import Listener
from storage.errors import StorageError
from tests.bot.clocks import NOON, JumpingClock, passed

OURS, THEIRS, FILES = "telegram:1", "telegram:2", "jobs"
LONGEST = timedelta(seconds=30)


class FakeWakeups:
    """A database that tells what others commit, while it is there."""

    def __init__(self) -> None:
        self.is_away = False
        self.tried = 0
        self._ended = asyncio.Event()
        self._heard: Callable[[str], None] | None = None

    async def listen(self, heard: Callable[[str], None], *, ready: Callable[[], None]) -> None:
        """Listen until the connection ends."""
        self.tried += 1
        if self.is_away:
            raise StorageError("away")
        self._ended.clear()
        self._heard = heard
        ready()
        await self._ended.wait()
        raise StorageError("it ended")

    def say(self, word: str) -> None:
        """Tell what somebody has committed."""
        assert self._heard
        self._heard(word)

    def go_away(self) -> None:
        """Drop the connection, and allow no other."""
        self.is_away = True
        self._ended.set()


class Bench:
    """A listener, and who was woken by it."""

    def __init__(self) -> None:
        self.wakeups = FakeWakeups()
        self.clock = JumpingClock()
        self.woken: list[str] = []
        wakes = {word: self._waking(word) for word in (OURS, FILES)}
        backoff = Backoff(timedelta(seconds=1), LONGEST, random.Random(1))
        self.listener = Listener(self.wakeups.listen, wakes, clock=self.clock, backoff=backoff)

    def _waking(self, word: str) -> Callable[[], None]:
        return lambda: self.woken.append(word)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen around a block that begins when the connection is there."""
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.listener.run())
            await passed(lambda: self.listener.is_listening)
            self.woken.clear()
            yield
            running.cancel()


async def test_a_word_wakes_the_one_it_is_for() -> None:
    bench = Bench()
    async with bench.listening():
        bench.wakeups.say(OURS)
        first = list(bench.woken)
        bench.wakeups.say(FILES)

    assert first == [OURS]
    assert bench.woken == [OURS, FILES]


async def test_a_word_for_somebody_who_is_not_here_wakes_nobody() -> None:
    bench = Bench()
    async with bench.listening():
        bench.wakeups.say(THEIRS)

    assert bench.woken == []


async def test_after_a_gap_everybody_looks_once() -> None:
    bench = Bench()
    async with bench.listening():
        bench.wakeups.go_away()
        await passed(lambda: bench.wakeups.tried > 3)
        meanwhile = list(bench.woken)
        bench.wakeups.is_away = False
        await passed(lambda: bench.listener.is_listening)

    assert meanwhile == []
    assert sorted(bench.woken) == [FILES, OURS]


async def test_a_gap_is_logged_once_and_so_is_its_end() -> None:
    bench = Bench()
    with capture_logs() as logged:
        async with bench.listening():
            bench.wakeups.go_away()
            await passed(lambda: bench.wakeups.tried > 5)
            bench.wakeups.is_away = False
            await passed(lambda: bench.listener.is_listening)

    assert [(each["event"], each["log_level"], each.get("error")) for each in logged] == [
        ("not_listening", "warning", "StorageError: it ended"),
        ("listening_again", "info", None),
    ]


async def test_a_database_that_stays_away_is_asked_less_and_less_often() -> None:
    bench = Bench()
    async with bench.listening():
        bench.wakeups.go_away()
        await passed(lambda: bench.clock.now() > NOON + 100 * LONGEST)

    assert 100 <= bench.wakeups.tried <= 300

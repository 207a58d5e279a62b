"""One process at a time, taken over in time, and stopped in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast

import pytest

from bot.leadership import LONGEST_END, LOOK_EVERY, MARGIN, TERM, Leadership, Tenure
from storage.leases import Leases
from tests.bot.clocks import NOON, JumpingClock, passed
from tests.bot.leases import FakeLeases

NAME = "send:telegram:1"
SECOND = timedelta(seconds=1)


class Process:
    """A process that works whenever it holds the lease, and notes from when to when."""

    def __init__(self, leases: FakeLeases, clock: JumpingClock, *, alone_since: datetime | None = None) -> None:
        self.leases = leases
        self.clock = clock
        self.leadership = Leadership(cast("Leases", leases), [NAME], steady=clock, alone_since=alone_since)
        self.worked: list[tuple[datetime, datetime | None]] = []
        self.tenures: list[int] = []
        self.stops = asyncio.Event()

    async def work(self, tenure: Tenure) -> None:
        """Work until told to stop, or broken off."""
        self.tenures.append(tenure.number)
        began = self.clock.now()
        self.worked.append((began, None))
        try:
            await self.stops.wait()
        finally:
            self.worked[-1] = (began, self.clock.now())

    @property
    def is_working(self) -> bool:
        return bool(self.worked) and self.worked[-1][1] is None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run around a block; afterwards it dies without a word."""
        async with asyncio.TaskGroup() as tasks:
            parts = [
                tasks.create_task(self.leadership.run()),
                tasks.create_task(self.leadership.while_held(NAME, self.work)),
            ]
            yield
            for each in parts:
                each.cancel()


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def process(clock: JumpingClock) -> Process:
    return Process(FakeLeases(), clock)


def other(process: Process) -> Process:
    return Process(FakeLeases(process.leases.kept), process.clock)


async def test_what_nobody_ever_held_is_taken_at_once(process: Process) -> None:
    async with process.running():
        await passed(lambda: process.is_working)

        assert process.leadership.holds(NAME)
    assert process.worked[0][0] == NOON


async def test_a_second_process_stands_by_however_long_it_takes(process: Process) -> None:
    second = other(process)
    async with process.running():
        await passed(lambda: process.is_working)
        async with second.running():
            await passed(lambda: process.clock.now() > NOON + 20 * TERM)

            assert not second.leadership.holds(NAME)
        assert process.is_working
    assert second.worked == []


async def test_when_the_holder_dies_another_takes_over_within_seconds(process: Process) -> None:
    second = other(process)
    async with second.running():
        await passed(lambda: second.is_working)
        async with process.running():
            await passed(lambda: process.clock.now() > NOON + 20 * SECOND)
            second.leases.is_away = True  # as good as dead: it cannot beat any more
            died = process.clock.now()
            await passed(lambda: process.is_working)
    took = process.worked[0][0] - died

    assert TERM - LOOK_EVERY <= took <= TERM + 2 * LOOK_EVERY


async def test_a_holder_that_cannot_beat_stops_well_before_another_begins(process: Process) -> None:
    second = other(process)
    async with process.running():
        await passed(lambda: process.is_working)
        async with second.running():
            process.leases.is_away = True
            await passed(lambda: second.is_working)
    (_, ended), (began, _) = process.worked[0], second.worked[0]

    assert ended
    assert began - ended >= MARGIN


async def test_a_holder_goes_on_when_the_database_was_away_for_a_moment_only(process: Process) -> None:
    async with process.running():
        await passed(lambda: process.is_working)
        process.leases.is_away = True
        await passed(lambda: process.clock.now() >= NOON + 2 * SECOND)
        trouble = process.leadership.trouble
        process.leases.is_away = False
        await passed(lambda: process.clock.now() > NOON + 20 * SECOND)

        assert process.is_working
        assert not process.leadership.trouble
    assert "away" in trouble
    assert len(process.worked) == 1


async def test_a_holder_that_stopped_begins_anew_when_the_database_is_back(process: Process) -> None:
    async with process.running():
        await passed(lambda: process.is_working)
        process.leases.is_away = True
        await passed(lambda: not process.is_working)
        process.leases.is_away = False
        await passed(lambda: process.is_working)

    assert process.tenures == [1, 2]
    assert process.worked[0] == (NOON, NOON + TERM - MARGIN)


async def test_a_process_that_retires_hands_over_when_its_work_has_ended(process: Process) -> None:
    second = other(process)
    async with process.running():
        await passed(lambda: process.is_working)
        async with second.running():
            await passed(lambda: process.clock.now() > NOON + 20 * SECOND)
            process.leadership.retire()
            await passed(lambda: process.clock.now() > NOON + 40 * SECOND)
            was_kept = process.leadership.holds(NAME)
            process.stops.set()
            await passed(lambda: second.is_working)
    (_, ended), (began, _) = process.worked[0], second.worked[0]

    assert was_kept
    assert ended
    assert MARGIN <= began - ended <= MARGIN + 2 * LOOK_EVERY


async def test_one_that_stands_by_goes_home_when_it_retires(process: Process) -> None:
    second = other(process)
    async with process.running(), asyncio.timeout(5):
        await passed(lambda: process.is_working)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(second.leadership.run())
            tasks.create_task(second.leadership.while_held(NAME, second.work))
            await passed(lambda: second.leases.looks > 3)
            second.leadership.retire()

    assert second.worked == []


async def test_a_holder_that_was_replaced_learns_it_from_its_next_beat(process: Process) -> None:
    async with process.running():
        await passed(lambda: process.is_working)
        await process.leases.take(process.leases.kept[NAME], "somebody else")
        await passed(lambda: not process.is_working)

        assert not process.leadership.holds(NAME)
        assert process.clock.now() - NOON <= LOOK_EVERY


async def test_a_take_whose_answer_was_lost_is_done_again_at_once(process: Process) -> None:
    leases = process.leases

    class Deaf(FakeLeases):
        async def take(self, seen: object, holder: str) -> int | None:
            await leases.take(leases.kept[NAME], holder)
            self.is_away = True
            return self._answer()  # type: ignore[func-returns-value]

    deaf = Deaf(leases.kept)
    process.leadership._leases = cast("Leases", deaf)
    async with process.running():
        await passed(lambda: deaf.is_away)
        process.leadership._leases = cast("Leases", leases)
        await passed(lambda: process.is_working)

    assert process.tenures == [2]
    assert process.worked[0][0] <= NOON + LOOK_EVERY


async def test_a_process_that_is_alone_waits_for_what_the_one_before_has_just_sent_and_for_nothing_else(
    clock: JumpingClock,
) -> None:
    leases = FakeLeases()
    async with Process(leases, clock).running():
        await passed(lambda: NAME in leases.kept)
    locked = clock.now()
    alone = Process(leases, clock, alone_since=locked)

    async with alone.running():
        await passed(lambda: alone.is_working)
        looks = leases.looks
        for _ in range(100):
            await asyncio.sleep(0)

        assert leases.looks == looks
    assert alone.worked[0][0] == locked + MARGIN


class ClumsyProcess(Process):
    """Its work raises."""

    async def work(self, tenure: Tenure) -> None:
        """Fail."""
        raise RuntimeError


async def test_work_that_fails_is_not_hidden(clock: JumpingClock) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        async with ClumsyProcess(FakeLeases(), clock).running():
            await passed(lambda: False)

    assert raised.group_contains(RuntimeError)


async def test_work_that_does_not_end_is_told_again_while_another_process_takes_over(process: Process) -> None:
    """Such as when the code that waits for a database makes another error of being cancelled, and somebody goes on."""
    second = other(process)
    told: list[datetime] = []

    async def goes_on(tenure: Tenure) -> None:
        while len(told) < 2:
            try:
                await process.work(tenure)
            except asyncio.CancelledError:
                told.append(process.clock.now())
        await process.work(tenure)

    async with asyncio.TaskGroup() as tasks:
        parts = [
            tasks.create_task(process.leadership.run()),
            tasks.create_task(process.leadership.while_held(NAME, goes_on)),
        ]
        await passed(lambda: process.is_working)
        async with second.running():
            process.leases.is_away = True
            await passed(lambda: len(told) == 1)
            process.leases.is_away = False
            await passed(lambda: second.is_working)
            await passed(lambda: len(told) == 2)
            was_taken = process.leadership.holds(NAME)
        await passed(lambda: len(process.tenures) > 3)
        for each in parts:
            each.cancel()

    assert told[1] - told[0] == LONGEST_END
    assert not was_taken
    assert process.tenures == [1, 1, 1, 3]
    assert second.tenures == [2]

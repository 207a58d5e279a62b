"""The clock of a rehearsal."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.rehearsal.clock import UNHURRIED, TurnedClock
from tests.bot.clocks import NOON

MINUTE = timedelta(minutes=1)


async def test_who_waits_for_a_moment_is_woken_when_it_is_put_there_and_not_before() -> None:
    clock = TurnedClock(NOON)
    woken: list[timedelta] = []

    async def sleeper(seconds: int) -> None:
        await clock.wait(asyncio.Event(), NOON + timedelta(seconds=seconds))
        woken.append(clock.now() - NOON)

    async with asyncio.TaskGroup() as tasks:
        for seconds in (5, 10):
            tasks.create_task(sleeper(seconds))
        await clock.rest(2)
        awaited = sorted(clock.awaited())
        clock.put_forward(NOON + timedelta(seconds=7))
        await clock.rest(1)
        clock.put_forward(NOON + timedelta(seconds=12))

    assert awaited == [NOON + timedelta(seconds=5), NOON + timedelta(seconds=10)]
    assert woken == [timedelta(seconds=7), timedelta(seconds=12)]


async def test_rest_comes_after_whoever_was_woken_by_an_event() -> None:
    clock, event = TurnedClock(NOON), asyncio.Event()
    steps: list[str] = []

    async def worker() -> None:
        await clock.wait(event, NOON + UNHURRIED)
        await asyncio.sleep(0.01)
        steps.append("worked")
        await clock.wait(asyncio.Event(), NOON + timedelta(seconds=1))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker())
        await clock.rest(1)
        event.set()
        await clock.rest(1)
        steps.append("rest")
        clock.put_forward(NOON + MINUTE)

    assert steps == ["worked", "rest"]


async def test_who_waits_for_nothing_in_particular_is_woken_by_an_event_alone() -> None:
    clock, event = TurnedClock(NOON), asyncio.Event()

    async with asyncio.TaskGroup() as tasks:
        idle = tasks.create_task(clock.wait(event, NOON + UNHURRIED))
        await clock.rest(1)
        clock.put_forward(NOON + 2 * UNHURRIED)
        await clock.rest(1)
        is_asleep = not idle.done()
        event.set()

    assert is_asleep
    assert list(clock.awaited()) == []

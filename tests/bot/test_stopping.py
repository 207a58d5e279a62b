"""Stopping in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.lag import LagWatch
from bot.metrics import LOOP_LAG
from bot.stopping import finish


async def test_what_ends_by_itself_is_waited_for() -> None:
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("work")

    async with asyncio.TaskGroup() as tasks:
        await finish([tasks.create_task(work())])

    assert done == ["work"]


async def test_what_hangs_is_cut_off_and_may_say_so() -> None:
    done: list[str] = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("put back")

    async with asyncio.TaskGroup() as tasks:
        await finish([tasks.create_task(hang())], timedelta(0))

    assert done == ["put back"]


async def test_the_lag_of_the_loop_is_noted() -> None:
    def seen() -> float:
        (metric,) = LOOP_LAG.collect()
        return next(float(each.value) for each in metric.samples if each.name.endswith("_count"))

    watch = LagWatch()
    before = seen()
    watch._note(asyncio.get_running_loop().time())
    watch.stop()

    assert seen() == before + 1

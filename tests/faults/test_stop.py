"""The program is asked to stop while people answer and Telegram hangs: it is gone in time, and nothing is lost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.faults.checking import examine
from tests.faults.setups import Ground, Setup
from tests.faults.site import Site, opened
from tests.platform_server import Fault

PEOPLE = 8
MOST_SECONDS = 10
"""What Docker, Kubernetes and systemd are told to give before they kill."""


@pytest.mark.timeout(240)  # two starts on a busy machine
async def test_a_stop_in_full_flight_is_over_in_ten_seconds_and_loses_nothing(
    sqlite_ground: Ground, tmp_path: Path
) -> None:
    async with opened(sqlite_ground, Setup(), tmp_path, people=PEOPLE, seed="stop") as site:
        seconds, stopped = await _stop_while_telegram_hangs(site)
        ended = await site.installation.stop()
        found = await examine(site.store, site.people, site.platform)

    assert (stopped, ended) == ([0], [0]), site.installation.log
    assert "stop_cut_off" in site.installation.log
    assert seconds < MOST_SECONDS
    assert found.problems == []
    assert found.answers > PEOPLE


async def _stop_while_telegram_hangs(site: Site) -> tuple[float, list[int | None]]:
    """Give how long the stop took, and how it ended; then start again, until everybody has answered."""
    enough = asyncio.Event()
    site.installation.start()
    async with asyncio.TaskGroup() as tasks:
        for each in site.people:
            tasks.create_task(each.answer_until(enough))
        await site.calls(5 * PEOPLE, "sendMessage")
        site.world.faults.append(Fault("sendMessage", times=1000))
        await site.calls(PEOPLE // 2, "sendMessage")
        since = time.monotonic()
        stopped = await site.installation.stop()
        seconds = time.monotonic() - since
        site.world.faults.clear()
        site.installation.start()
        enough.set()
    return seconds, stopped

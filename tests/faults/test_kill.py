"""The program is killed at any moment, the clock is set, and nothing that was said or decided is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.checking import Findings
from tests.faults.setups import SETUPS, Ground, Setup
from tests.faults.site import Strike, opened, play
from tests.faults.strikes import (
    broadcast,
    kill,
    kill_after_a_send_arrived,
    kill_before_a_send_arrives,
    kill_before_the_platform_hears,
    set_the_clock_ahead,
    set_the_clock_back,
)

PEOPLE = 5
SEED = "20260312"
STRIKES = (
    set_the_clock_ahead,
    kill,
    kill_before_a_send_arrives,
    kill_before_the_platform_hears,
    broadcast,
    set_the_clock_back,
    kill_after_a_send_arrived,
)


@pytest.mark.timeout(300)  # a dozen starts on a busy machine
async def test_on_sqlite_nothing_is_lost_or_doubled_however_often_the_program_is_killed(
    sqlite_ground: Ground, tmp_path: Path
) -> None:
    found = await _play_everywhere("sqlite", sqlite_ground, tmp_path)

    assert found.problems == []
    assert found.answers > PEOPLE
    assert found.broadcast > 0


@pytest.mark.timeout(300)
async def test_on_postgresql_the_same_holds_for_several_processes_too(
    postgresql_ground: Ground, tmp_path: Path
) -> None:
    found = await _play_everywhere("postgresql", postgresql_ground, tmp_path)

    assert found.problems == []
    assert found.answers > PEOPLE
    assert found.broadcast > 0


async def _play_everywhere(database: str, ground: Ground, folder: Path) -> Findings:
    """Play on all setups with this database at the same time: they wait in different moments."""
    setups = [each for each in SETUPS if each.database == database]
    ground.prepare()
    async with asyncio.TaskGroup() as tasks:
        plays = [tasks.create_task(_play(ground, setup, folder / str(setup))) for setup in setups]
    total = Findings()
    for each in plays:
        total += each.result()
    return total


async def _play(ground: Ground, setup: Setup, folder: Path) -> Findings:
    strikes: Sequence[Strike] = STRIKES
    if setup.database == "postgresql":  # whoever takes over waits for the lease of the one that was killed
        strikes = (broadcast, kill, kill) if setup.processes > 1 else (broadcast, kill_before_the_platform_hears)
    async with opened(ground, setup, folder, people=PEOPLE, seed=f"{SEED} {setup}") as site:
        return await play(site, strikes)

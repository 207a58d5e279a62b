"""Two programs are started where there should be one: it is said, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.checking import examine
from tests.faults.installation import LOOK_SECONDS, Installation
from tests.faults.respondents import PATIENCE_SECONDS
from tests.faults.setups import Ground, Setup
from tests.faults.site import opened


async def test_a_second_program_on_a_sqlite_file_is_refused_and_the_first_goes_on(
    sqlite_ground: Ground, tmp_path: Path
) -> None:
    async with opened(sqlite_ground, Setup(processes=2), tmp_path / "two", people=1, seed="mistake") as site:
        first, second = site.installation.programs
        (head,) = site.people
        first.start()
        await head.go_on()
        second.start()
        refused = await second.ended(PATIENCE_SECONDS)
        await head.go_on()
        ended = await site.installation.stop()
        found = await examine(site.store, site.people, site.platform)

    assert (refused, ended) == (1, [0, 1])
    assert f"No other program was expected on the database {site.database_file}; process {first.pid} on" in (
        site.installation.log
    )
    assert "Stop that one first" in site.installation.log
    assert "Traceback" not in site.installation.log
    assert (found.events, found.problems) == (2, [])


async def test_two_programs_that_poll_by_one_token_say_so_and_when_one_is_stopped_the_other_goes_on(
    sqlite_ground: Ground, tmp_path: Path
) -> None:
    async with opened(sqlite_ground, Setup(), tmp_path / "one", people=1, seed="mistake") as site:
        (head,) = site.people
        other = Installation(tmp_path, site.platform, sqlite_ground.new(), Setup(), cache=sqlite_ground.cache)
        site.installation.start()
        await head.go_on()
        other.start()
        await _complain([site.installation, other])
        await other.stop()
        other.close()
        await head.go_on()
        ended = await site.installation.stop()
        found = await examine(site.store, site.people, site.platform)

    assert ended == [0]
    assert (found.events, found.problems) == (2, [])


async def _complain(installations: list[Installation]) -> None:
    """Wait until each says that it is not alone, and what to do."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not all("another program uses this bot's token" in each.log for each in installations):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)

"""A place where things go wrong: an installation, the people who use it, and chance; and what happens there."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from storage.database import file_of
from storage.leases import SeenLease
from storage.outbox_states import OutboxState
from storage.store import Store
from storage.tables import lease
from tests.faults.checking import Findings, examine
from tests.faults.installation import LOOK_SECONDS, Installation, complaints_in
from tests.faults.platforms import Platform, platform_of
from tests.faults.respondents import PATIENCE_SECONDS, Respondent
from tests.faults.setups import Ground, Setup
from tests.platform_server import Happenings, PlatformServer

ENDS_WHEN_ASKED = frozenset({0, -signal.SIGTERM})
"""How a program ends that is asked to: by itself, or by the signal when it had only just begun to start."""


@dataclass
class Site:
    """One installation with people around it."""

    installation: Installation
    people: Sequence[Respondent]
    ground: Ground
    store: Store
    chance: random.Random
    injected: Counter[str] = field(default_factory=Counter)
    """How often each fault was injected."""
    broadcasts: int = 0

    @property
    def platform(self) -> Platform:
        """What people write through."""
        return self.installation.platform

    @property
    def server(self) -> PlatformServer:
        """The platform's server."""
        return self.platform.server

    @property
    def world(self) -> Happenings:
        """What is called there, and goes wrong."""
        return self.platform.world

    @property
    def database_file(self) -> Path:
        """The file of a SQLite database."""
        file = file_of(self.installation.database_url)
        assert file
        return file

    async def calls(self, number: int, method: str = "") -> None:
        """Wait until the platform has been called so many times more (by this method)."""
        world = self.world
        before = len(world.calls)

        def is_enough() -> bool:
            return sum(not method or name == method for name, _, _ in world.calls[before:]) >= number

        await self.until(is_enough, f"{number} calls of {method or 'any method'}")

    async def logs(self, event: str, *, before: int) -> None:
        """Wait until programs have written so to their log more often than this."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.installation.log.count(event) == before:  # noqa: ASYNC110 - a file announces nothing
                await asyncio.sleep(LOOK_SECONDS)

    async def leases(self) -> Sequence[SeenLease]:
        """Tell who does what only one process may do."""
        async with self.store._database.reading("Looking at leases") as connection:
            return [SeenLease(*row) for row in await connection.execute(select(lease))]

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something that can be seen at the platform."""
        holding = self.server.start(self.world.wait_for(holds, PATIENCE_SECONDS))
        assert await asyncio.wrap_future(holding), f"waited in vain for {what}: {self.installation.log[-2000:]}"


Tell = Callable[[str], None]
Strike = Callable[[Site], Awaitable[None]]
"""Does something bad to a place, and mends it again."""


@asynccontextmanager
async def opened(ground: Ground, setup: Setup, folder: Path, *, people: int, seed: str) -> AsyncIterator[Site]:
    """Make a place, and end whatever still runs there afterwards."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    with platform_of(setup.platform) as platform:
        url = ground.new()
        store = ground.store(url)
        installation = Installation(folder, platform, url, setup, cache=ground.cache)
        form = store.library.forms["dekela"]
        respondents = [
            Respondent(platform.person(f"Kepala {place}"), code, form, random.Random(f"{seed} {place}"))
            for place, code in enumerate(ground.codes[:people])
        ]
        try:
            yield Site(installation, respondents, ground, store, random.Random(seed))
        finally:
            installation.close()
            await store.close()
            ground.drop(url)


async def play(site: Site, strikes: Sequence[Strike], tell: Tell = lambda _name: None) -> Findings:
    """Let everybody answer while things go wrong, one after the other; then look whether all is well.

    ``tell`` hears the name of each strike when it is over.
    """
    site.installation.start()
    in_vain: list[str] = []
    try:
        async with asyncio.TaskGroup() as tasks:
            supervision = tasks.create_task(site.installation.supervise())
            await _answer_while(site, strikes, tell)
            await asyncio.gather(*(each.go_on() for each in site.people))
            await _work_off(site)
            supervision.cancel()
    except* (AssertionError, TimeoutError) as waits:
        in_vain = [f"after {[*site.injected]}: {each!r}" for each in _each(waits)]
        in_vain += [f"a lease is {each}" for each in await site.leases()]
        for program in site.installation.programs:
            program.signal(signal.SIGUSR1)
        await asyncio.sleep(1)
    codes = await site.installation.stop()
    found = await examine(site.store, site.people, site.platform)
    found.problems += in_vain
    if not {*codes} <= ENDS_WHEN_ASKED:
        found.problems.append(f"exit codes after being asked to stop: {codes}")
    if site.installation.ends:
        complaints = complaints_in(site.installation.log)
        found.problems.append(f"programs ended by themselves: {site.installation.ends}; they said {complaints}")
    return found


def _each(group: BaseExceptionGroup[Exception]) -> Iterator[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _each(each)
        else:
            yield each


async def _answer_while(site: Site, strikes: Sequence[Strike], tell: Tell) -> None:
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for each in site.people:
            tasks.create_task(each.answer_until(enough))
        for strike in strikes:
            await strike(site)
            site.injected[strike.__name__] += 1
            tell(strike.__name__)
        enough.set()


async def _work_off(site: Site) -> None:
    """Wait until nothing is left to be taken in, fetched or sent."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while site.platform.has_more() or await _has_work(site.store):  # noqa: ASYNC110 - a database announces nothing
            await asyncio.sleep(LOOK_SECONDS)


async def _has_work(store: Store) -> bool:
    counts = await store.outbox.counts()
    return bool(counts[OutboxState.WAITING] or counts[OutboxState.LEASED] or await store.jobs.count())

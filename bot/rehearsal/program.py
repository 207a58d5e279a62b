"""The program of a rehearsal: the real parts on a database of their own, begun, and killed in the middle of things."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.backoff import Backoff
from bot.composition import DIALOG, FETCHING, SENDING, chores_of, notice_of, open_files, open_store, works_of
from bot.delivery.worker import DeliveryWorker
from bot.housekeeping import Chore
from bot.jobs import JobWorker
from bot.leadership import Tenure, sending
from bot.pipeline import Pipeline
from bot.rehearsal.channel import RecordingChannel
from bot.rehearsal.clock import TurnedClock
from bot.settings import Settings
from conversations.brief import Library
from storage.store import Store
from storage.turns import Committed, Envelope
from storage.wakeups import JOBS

SQLITE = "sqlite+aiosqlite:///"
LEFT_OUT = frozenset({"tidy_database", "sweep_files"})
"""Chores that forget what is looked at in the end."""
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
"""Before any moment that a message waits for."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What outlives the program: a folder, the forms, the clock, and the channels with people behind them."""

    settings: Settings
    library: Library
    clock: TurnedClock
    channels: Sequence[RecordingChannel]
    folder: Path
    seed: str

    def file(self, number: int) -> Path:
        """Give the database of the program with this number."""
        return self.folder / f"rehearsal-{number}.db"

    def settings_of(self, number: int) -> Settings:
        """Give the settings of the program with this number."""
        return self.settings.model_copy(update={"database_url": f"{SQLITE}{self.file(number)}"})

    def photograph(self, number: int) -> None:
        """Make the database of the next program what a power cut leaves of this one's. Nobody may be writing."""
        for ending in ("", "-wal"):
            old = Path(f"{self.file(number)}{ending}")
            if old.exists():
                shutil.copyfile(old, f"{self.file(number + 1)}{ending}")


class Program:
    """The parts of a program that runs."""

    def __init__(self, ground: Ground, store: Store, jobs_left: int) -> None:
        self.store = store
        self._ground = ground
        files = open_files(ground.settings)
        clock = ground.clock
        chance = random.Random(ground.seed)  # noqa: S311 - waits between attempts guard nothing
        self.pipeline = Pipeline(store.begin_turns, DIALOG, clock, self._wake)
        self.delivery = [
            DeliveryWorker(
                store.outbox,
                each,
                clock=clock,
                steady=clock,
                backoff=Backoff(SENDING.first, SENDING.most, chance),
                notice=notice_of(each),
            )
            for each in ground.channels
        ]
        self.jobs = JobWorker(
            store.jobs,
            works_of(store, files, ground.channels, clock),
            accept=self._accept,
            clock=clock,
            backoff=Backoff(FETCHING.first, FETCHING.most, chance),
        )
        chores = chores_of(store, files, self._wake_for).items()
        self._jobs_left = 0
        self._files_fetched = asyncio.Event()
        self._count_jobs(jobs_left)
        self._chores: list[Chore] = [chore for name, (_, chore) in chores if name not in LEFT_OUT]

    def _wake(self, committed: Committed) -> None:
        self._count_jobs(committed.jobs)
        self._wake_for(committed.words)

    def _wake_for(self, words: Collection[str]) -> None:
        for each in self.delivery:
            if each.via in words:
                each.wake()
        if JOBS in words:
            self.jobs.wake()

    async def run(self, tenure: int) -> None:
        """Run all parts until cancelled."""
        self.jobs.take_over()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.pipeline.run())
            tasks.create_task(self.jobs.run())
            for each in self.delivery:
                tasks.create_task(each.run(Tenure(sending(each.via), tenure, self._ground.clock, None)))

    async def rest(self) -> None:
        """Return when there is nothing to do before the clock is put forward."""
        await self._ground.clock.rest(len(self.delivery) + 1)

    async def look(self, at: datetime) -> None:
        """Do the chores of this moment."""
        for chore in self._chores:
            await chore(at)
        await self.rest()

    async def send_due(self) -> datetime | None:
        """Send what is due; say when something will happen by itself next, if anything.

        A sender that has nothing to do is not woken for looking again: nearly all of a rehearsal would be that.
        """
        now = self._ground.clock.now()
        due = [await self.store.outbox.next_due(LONG_AGO, via=each.via) for each in self.delivery]
        if any(each and each <= now for each in due):
            for sender, first in zip(self.delivery, due, strict=True):
                if first and first <= now:
                    sender.wake()
            await self.rest()
            due = [await self.store.outbox.next_due(now, via=each.via) for each in self.delivery]
        return min((each for each in due if each and each > now), default=None)

    async def take(self, envelopes: Sequence[Envelope]) -> None:
        """Take what people do, and return when all that follows from it at once has been done."""
        await self.pipeline.submit(envelopes)
        await self._files_fetched.wait()
        await self.rest()

    async def _accept(self, results: Sequence[Envelope]) -> None:
        """Take the results of jobs."""
        await self.pipeline.submit(results)
        self._count_jobs(-len(results))

    def _count_jobs(self, more: int) -> None:
        self._jobs_left += more
        (self._files_fetched.clear if self._jobs_left else self._files_fetched.set)()


@asynccontextmanager
async def running(ground: Ground, number: int) -> AsyncIterator[Program]:
    """Run a program on the database of this number; it is killed at the end."""
    store = open_store(ground.settings_of(number), ground.library)
    try:
        async with asyncio.TaskGroup() as tasks:
            program = Program(ground, store, await store.jobs.count())
            run = tasks.create_task(program.run(number))
            yield program
            run.cancel()
    finally:
        await store.close()

"""Fetching files after the commit."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from typing import cast

from bot.backoff import Backoff
from bot.channels.port import Accept, ChannelError, NotAcceptedError
from bot.channels.telegram.channel import LIMITS
from bot.fetching import MOST_ATTEMPTS, Fetching
from bot.jobs import LEASE, JobWorker
from bot.stopping import finish
from conversations.actions import FetchFile
from conversations.events import FileRefused, FileStored, FileTarget, IncomingFile, StoredFile
from storage.files import FileRefusedError, FileStore
from storage.jobs import Job, Jobs
from storage.outbox import OutboxRow
from storage.turns import AddressKey, Envelope
from tests.bot.clocks import NOON, JumpingClock, passed

TARGET = FileTarget(1, "26.6", "akta_bukti")
STORED = StoredFile("ab" * 32, "", "photo", 3)


class FakeJobs:
    """Jobs in memory with leases."""

    def __init__(self, *files: IncomingFile) -> None:
        actions = [FetchFile(file, TARGET) for file in files]
        self.attempts = dict.fromkeys(range(1, len(actions) + 1), 0)
        self.actions = dict(enumerate(actions, start=1))
        self.due: dict[int, datetime] = {}

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> list[Job]:
        """Hand out due jobs."""
        found = [number for number in self.actions if self.due.get(number, at) <= at][:limit]
        for number in found:
            self.attempts[number] += 1
            self.due[number] = at + lease
        address = AddressKey("telegram", "1", "77")
        return [Job(number, 5, self.actions[number], address, self.attempts[number]) for number in found]

    async def renew(self, job_ids: Collection[int], until: datetime) -> None:
        """Extend leases."""
        self.due |= dict.fromkeys(job_ids, until)

    async def retry(self, job_id: int, not_before: datetime) -> None:
        """Put a job off."""
        self.due[job_id] = not_before


class FakeFiles:
    """Keeps every file, or refuses all."""

    def __init__(self, refusal: FileRefusedError | None = None) -> None:
        self.refusal = refusal

    async def keep(self, chunks: AsyncIterator[bytes], *, announced_name: str) -> StoredFile:
        """Read to the end and keep it."""
        async for _ in chunks:
            pass
        if self.refusal:
            raise self.refusal
        return STORED


class FakeChannel:
    """Hands files over, after failing as told."""

    name = "telegram"
    account = "1"
    limits = LIMITS
    is_polled = False

    def __init__(self, *faults: ChannelError) -> None:
        self.faults = list(faults)

    async def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Give three bytes."""
        if self.faults:
            raise self.faults.pop(0)
        yield b"abc"

    async def send(self, outgoing: OutboxRow) -> str:
        raise NotImplementedError

    async def run(self, accept: Accept) -> None:
        raise NotImplementedError

    def trouble(self, at: datetime) -> str:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class HangingChannel(FakeChannel):
    """Begins to hand a file over, and never ends."""

    async def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Give nothing."""
        await asyncio.Event().wait()
        yield b""


class Bench:
    """File jobs with everything around them."""

    def __init__(self, *files: IncomingFile, channel: FakeChannel | None = None) -> None:
        self.clock = JumpingClock()
        self.jobs = FakeJobs(*files)
        self.files = FakeFiles()
        self.channels = [channel or FakeChannel()]
        self.taken: list[Envelope] = []
        self.refusals = 0

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take results in; the job ends with them."""
        if self.refusals:
            self.refusals -= 1
            raise NotAcceptedError
        for envelope in envelopes:
            del self.jobs.actions[int(envelope.key.removeprefix("job:"))]
            self.taken.append(envelope)

    def worker(self) -> JobWorker:
        """Make the worker."""
        return JobWorker(
            cast("Jobs", self.jobs),
            {FetchFile: Fetching(cast("FileStore", self.files), self.channels, self.clock)},
            accept=self.accept,
            clock=self.clock,
            backoff=Backoff(timedelta(seconds=5), timedelta(minutes=5), random.Random(1)),
        )

    async def work(self, *, takes_over: bool = False) -> None:
        """Work until no job is left."""
        worker = self.worker()
        if takes_over:
            worker.take_over()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())
            await passed(lambda: not self.jobs.actions)
            worker.stop()


def photo(size_bytes: int = 3) -> IncomingFile:
    """Make an incoming photo."""
    return IncomingFile("ref", "photo", size_bytes=size_bytes)


async def test_a_file_that_was_kept_comes_back_as_an_event() -> None:
    bench = Bench(photo())

    await bench.work()

    assert bench.taken == [Envelope("job:1", 5, FileStored(at=NOON, file=STORED, target=TARGET))]


async def test_many_files_are_all_fetched() -> None:
    bench = Bench(*(photo() for _ in range(20)))

    await bench.work()

    assert len(bench.taken) == 20


async def test_a_file_that_is_announced_as_too_large_is_not_fetched() -> None:
    bench = Bench(photo(21 * 1024 * 1024), channel=FakeChannel(ChannelError("must not be asked")))

    await bench.work()

    assert bench.taken[0].event == FileRefused(at=NOON, reason="too_large", target=TARGET)


async def test_a_file_of_the_wrong_kind_is_refused() -> None:
    bench = Bench(photo())
    bench.files.refusal = FileRefusedError("wrong_type")

    await bench.work()

    assert isinstance(bench.taken[0].event, FileRefused)
    assert bench.taken[0].event.reason == "wrong_type"


async def test_a_channel_that_is_busy_is_asked_again() -> None:
    busy = ChannelError("429", retryable=True, retry_after=timedelta(seconds=9))
    bench = Bench(photo(), channel=FakeChannel(busy, busy))

    await bench.work()

    assert isinstance(bench.taken[0].event, FileStored)
    assert bench.clock.now() >= NOON + timedelta(seconds=18)


async def test_a_file_that_cannot_be_had_is_given_up_after_a_while() -> None:
    away = [ChannelError("502", retryable=True) for _ in range(MOST_ATTEMPTS)]
    bench = Bench(photo(), channel=FakeChannel(*away))

    await bench.work()

    assert isinstance(bench.taken[0].event, FileRefused)
    assert bench.taken[0].event.reason == "unavailable"


async def test_a_file_that_is_gone_for_good_is_given_up_at_once() -> None:
    bench = Bench(photo(), channel=FakeChannel(ChannelError("400")))

    await bench.work()

    assert isinstance(bench.taken[0].event, FileRefused)
    assert bench.jobs.attempts[1] == 1


async def test_a_result_that_could_not_be_kept_is_worked_out_again() -> None:
    bench = Bench(photo())
    bench.refusals = 1

    await bench.work()

    assert bench.jobs.attempts[1] == 2
    assert bench.clock.now() >= NOON + LEASE


async def test_what_a_killed_process_had_under_way_is_taken_over_at_once() -> None:
    bench = Bench(*(photo() for _ in range(9)))
    bench.jobs.due = {number: NOON + LEASE - timedelta(seconds=1) for number in bench.jobs.actions}

    await bench.work(takes_over=True)

    assert len(bench.taken) == 9
    assert bench.clock.now() == NOON
    assert set(bench.jobs.attempts.values()) == {1}


async def test_a_download_that_takes_longer_than_a_lease_is_begun_once() -> None:
    bench = Bench(photo(), channel=HangingChannel())

    async with asyncio.TaskGroup() as tasks:
        worker = bench.worker()
        running = tasks.create_task(worker.run())
        await passed(lambda: bench.clock.now() > NOON + 5 * LEASE)
        worker.stop()
        await finish([running], timedelta(0))

    assert bench.jobs.attempts == {1: 1}


async def test_a_download_that_is_cut_off_by_the_stop_is_done_again_at_once() -> None:
    bench = Bench(photo(), channel=HangingChannel())

    async with asyncio.TaskGroup() as tasks:
        worker = bench.worker()
        running = tasks.create_task(worker.run())
        await passed(lambda: bool(bench.jobs.due))
        worker.stop()
        await finish([running], timedelta(0))

    assert bench.jobs.due == {1: NOON}
    assert bench.taken == []

"""Whatever dies, stands still or is lost on the way, and in whatever order: never two holders at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from structlog.testing import capture_logs

from bot.leadership import MARGIN, Leadership
from storage.errors import StorageError
from storage.leases import Leases, SeenLease
from tests.bot.clocks import NOON
from tests.bot.leases import FakeLeases

NAME = "send:telegram:1"
PROCESSES = range(2)
ANY = st.sampled_from(PROCESSES)
RATES = (1.01, 0.99)
"""How fast the clocks of the processes go. None is ever set: a process reads no other."""
GAP = MARGIN - timedelta(milliseconds=200)
"""What is left of the margin when clocks differ by two parts in a hundred."""
TURNS_OF_THE_LOOP = 6
OK, LOST = "o", "x"
WHOLE = OK * 6
"""All journeys of one look: there and back for a beat, a look and a take."""
LOOKS = (*[WHOLE] * 6, "", OK, LOST, OK + LOST, OK * 3, OK * 3 + LOST)
PAUSES = (0.0, 0.5, 1.0, 1.9, 3.9)


class Traveller:
    """What a process says to the database travels, and so does the answer; either may be lost."""

    def __init__(self, leases: FakeLeases) -> None:
        self._leases = leases
        self.waiting: asyncio.Future[None] | None = None

    async def look(self, names: Collection[str]) -> Sequence[SeenLease]:
        await self._travel()
        found = await self._leases.look(names)
        await self._travel()
        return found

    async def beat(self, tenures: Mapping[str, int], holder: str) -> frozenset[str]:
        await self._travel()
        held = await self._leases.beat(tenures, holder)
        await self._travel()
        return held

    async def take(self, seen: SeenLease, holder: str) -> int | None:
        await self._travel()
        number = await self._leases.take(seen, holder)
        await self._travel()
        return number

    async def release(self, tenures: Mapping[str, int], holder: str) -> None:
        await self._travel()
        await self._leases.release(tenures, holder)
        await self._travel()

    def arrive(self, *, is_lost: bool) -> None:
        """Let what is on its way arrive, or not."""
        waiting, self.waiting = self.waiting, None
        if waiting and not waiting.done():
            if is_lost:
                waiting.set_exception(StorageError("lost"))
            else:
                waiting.set_result(None)

    async def _travel(self) -> None:
        self.waiting = asyncio.get_running_loop().create_future()
        await self.waiting


class OwnClock:
    """A process's steady clock: it goes on, a little faster or slower than others."""

    def __init__(self, world: LeaseWorld, rate: float) -> None:
        self._world = world
        self._rate = rate

    def now(self) -> datetime:
        return NOON + self._world.passed * self._rate

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Wait for the event alone: the machine says when a process looks."""
        await event.wait()


class LeaseWorld(RuleBasedStateMachine):
    """Some processes on one database."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.passed = timedelta(0)
        self.kept: dict[str, SeenLease] = {}
        self.travellers: dict[int, Traveller] = {}
        self.leaderships: dict[int, Leadership] = {}
        self.tasks: dict[int, asyncio.Task[object]] = {}
        self.acted: tuple[Leadership, timedelta] | None = None
        """Who did last what only one may do, and when."""
        for number in PROCESSES:
            self._begin(number)

    def teardown(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        self._settle()
        self.loop.close()

    @rule(number=ANY, journeys=st.sampled_from(LOOKS), after=st.sampled_from(PAUSES))
    def look(self, number: int, journeys: str, after: float) -> None:
        """Time passes in which the others stand still, as if they were stopped; then a process looks."""
        self.pass_time(after)
        self._start(number, self.leaderships[number].look())
        self.go_on(number, journeys)

    @rule(number=ANY, journeys=st.sampled_from(LOOKS), after=st.sampled_from(PAUSES))
    def arrive(self, number: int, journeys: str, after: float) -> None:
        """Time passes; then what a process says or waits for goes on with its journey."""
        self.pass_time(after)
        self.go_on(number, journeys)

    def pass_time(self, seconds: float) -> None:
        """Time passes, and everybody who believes that they may act does so up to the end."""
        self.passed += timedelta(seconds=seconds)
        self.never_two_at_once_nor_one_right_after_the_other()

    def go_on(self, number: int, journeys: str) -> None:
        """Let what is on its way arrive or be lost, one letter for each journey there or back."""
        for each in journeys:
            self.travellers[number].arrive(is_lost=each == LOST)
            self._settle()

    @rule(number=ANY, is_asked=st.booleans())
    def end(self, number: int, is_asked: bool) -> None:
        """A process is killed, or asked to stop: its last words may take long, or be lost. Then another one starts."""
        if is_asked:
            self.leaderships[number].retire()
            self._start(number, self._leave(number))
        else:
            if task := self.tasks.pop(number, None):
                task.cancel()
                self._settle()
            self._begin(number)

    @invariant()
    def never_two_at_once_nor_one_right_after_the_other(self) -> None:
        """Whoever believes that it may acts at once; the one before has been still for the margin."""
        for each in self.leaderships.values():
            if each.holds(NAME):
                before, at = self.acted or (each, self.passed)
                assert before is each or self.passed - at >= GAP, f"only {self.passed - at} after another one"
                self.acted = (each, self.passed)

    def _begin(self, number: int) -> None:
        self.travellers[number] = Traveller(FakeLeases(self.kept))
        leases = cast("Leases", self.travellers[number])
        self.leaderships[number] = Leadership(leases, [NAME], steady=OwnClock(self, RATES[number]))

    async def _leave(self, number: int) -> None:
        await self.leaderships[number].run()
        self._begin(number)

    def _start(self, number: int, work: Coroutine[None, None, object]) -> None:
        task = self.tasks.get(number)
        if task is None or task.done():
            self.tasks[number] = self.loop.create_task(work)
            self._settle()
        else:
            work.close()

    def _settle(self) -> None:
        self.loop.run_until_complete(_turns())


async def _turns() -> None:
    for _ in range(TURNS_OF_THE_LOOP):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


def test_never_two_holders_at_once() -> None:
    run_state_machine_as_test(LeaseWorld, settings=settings(max_examples=80, stateful_step_count=30, deadline=None))


def test_a_lease_that_is_left_alone_finds_a_holder() -> None:
    """The law above would hold too if nobody ever held anything."""
    world = LeaseWorld()
    world.look(0, WHOLE, 0)
    assert world.leaderships[0].holds(NAME)

    world.end(0, is_asked=False)
    for _ in range(8):
        world.look(1, WHOLE, 1)

    assert world.leaderships[1].holds(NAME)
    world.teardown()


def test_a_beat_counts_from_when_it_was_sent() -> None:
    """Its answer comes late; by then others have watched it stand still for some seconds."""
    world = LeaseWorld()
    world.look(0, WHOLE, 0)
    world.look(0, OK, 1)
    world.look(1, WHOLE, 0)
    world.arrive(0, WHOLE, 2)

    world.pass_time(1.9)
    still = world.leaderships[0].holds(NAME)
    world.pass_time(0.1)

    assert (still, world.leaderships[0].holds(NAME)) == (True, False)
    world.teardown()

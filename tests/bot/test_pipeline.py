"""The turn pipeline: group commit, order per person, and what happens when something fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from bot.channels.port import NotAcceptedError
from bot.deciding import MOST_FETCHES, Dialog
from bot.pipeline import MOST_EVENTS, Pipeline
from conversations.actions import Say
from conversations.brief import Brief
from conversations.engine import Step
from conversations.events import Event, TextReceived
from conversations.messages import Message
from conversations.needs import Missing, Need, PersonNeed
from conversations.session import Session
from storage.errors import DatabaseAwayError, StorageError
from storage.turns import AddressKey, Committed, Envelope
from tests.bot.clocks import NOON, JumpingClock
from tests.bot.store import FakeStore

Resume = Callable[[Brief, Session, Event], Step]


def echo(brief: Brief, session: Session, event: Event) -> Step:
    """Count the person's messages and say each back."""
    assert isinstance(event, TextReceived)
    if event.text == "raise":
        raise ValueError("a name that must not be logged")
    if event.text.startswith("need"):
        brief.find(PersonNeed(int(event.text[4:])))
    if event.text == "insatiable":
        raise Missing(PersonNeed(0))
    counted = msgspec.structs.replace(session, misses=session.misses + 1)
    return Step(counted, (Say(Message(f"{counted.misses}: {event.text}")),))


def foresee(_session: Session, event: Event, _brief: Brief) -> tuple[Need, ...]:
    """Foresee one need only."""
    return (PersonNeed(7),) if isinstance(event, TextReceived) and event.text == "need7" else ()


def sorry(_brief: Brief, session: Session) -> Step:
    """Apologise."""
    return Step(session, (Say(Message("maaf")),))


def wrote(number: int, text: str, *, person: int = 1) -> Envelope:
    """Make an envelope with a text."""
    return Envelope(f"k{number}", AddressKey("test", "1", str(person)), TextReceived(at=NOON, text=text))


class Bench:
    """A pipeline with its store, and what it woke."""

    def __init__(self, resume: Resume = echo) -> None:
        self.store = FakeStore()
        self.woken: list[Committed] = []
        dialog = Dialog(resume, foresee, sorry)
        self.pipeline = Pipeline(self.store.begin_turns, dialog, JumpingClock(), self.woken.append)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Pipeline]:
        """Run the pipeline around a block, and stop it gracefully."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.pipeline.run())
            yield self.pipeline
            self.pipeline.stop()

    async def all_at_once(self, *events: Envelope) -> list[str]:
        """Hand events in before the pipeline starts; give those that were not accepted."""
        refused: list[str] = []

        async def submit(event: Envelope) -> None:
            try:
                await self.pipeline.submit([event])
            except NotAcceptedError:
                refused.append(event.key)

        async with asyncio.TaskGroup() as tasks:
            for event in events:
                tasks.create_task(submit(event))
            await asyncio.sleep(0)
            self.pipeline.stop()
            await self.pipeline.run()
        return refused

    def heard(self, person: int = 1) -> list[str]:
        """Give what a person was told."""
        return [text for address, text in self.store.said if address == AddressKey("test", "1", str(person))]


async def test_events_that_wait_together_share_one_commit() -> None:
    bench = Bench()

    await bench.all_at_once(*(wrote(n, "a", person=n) for n in range(50)))

    assert [len(batch) for batch in bench.store.batches] == [50]


async def test_a_batch_stays_within_its_bound() -> None:
    bench = Bench()

    await bench.all_at_once(*(wrote(n, "a", person=n) for n in range(MOST_EVENTS + 1)))

    assert [len(batch) for batch in bench.store.batches] == [MOST_EVENTS, 1]


async def test_one_persons_events_are_chained_in_the_order_they_came() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "a"), wrote(2, "need9"), wrote(3, "c"), wrote(4, "d", person=2)])

    assert bench.heard() == ["1: a", "2: need9", "3: c"]
    assert bench.heard(2) == ["1: d"]
    assert len(bench.store.batches) == 1


async def test_whoever_gives_up_waiting_takes_nothing_with_them() -> None:
    bench = Bench()

    async with asyncio.TaskGroup() as tasks:
        gone = tasks.create_task(bench.pipeline.submit([wrote(1, "a")]))
        stays = tasks.create_task(bench.pipeline.submit([wrote(2, "b", person=2)]))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        bench.pipeline.stop()
        await bench.pipeline.run()

    assert gone.cancelled()
    assert stays.done()
    assert (bench.heard(), bench.heard(2)) == (["1: a"], ["1: b"])


async def test_an_event_that_was_seen_before_changes_nothing() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "a")])
        await pipeline.submit([wrote(1, "a"), wrote(1, "a")])

    assert bench.heard() == ["1: a"]


async def test_what_steps_foresee_is_loaded_for_all_of_them_at_once() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(n, "need7", person=n) for n in range(10)])

    assert bench.store.fetched == [frozenset({PersonNeed(7)})]


async def test_what_steps_miss_is_loaded_for_all_of_them_at_once() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(n, f"need{n % 2}", person=n) for n in range(10)])

    assert bench.store.fetched == [frozenset({PersonNeed(0), PersonNeed(1)})]


async def test_a_step_that_raises_harms_its_own_event_only_and_is_kept() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "raise"), wrote(2, "a"), wrote(3, "b", person=2)])

    assert bench.heard() == ["maaf", "1: a"]
    assert bench.heard(2) == ["1: b"]
    assert [key for key, _ in bench.store.failed] == ["k1"]


async def test_a_kept_failure_names_the_error_without_its_words() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "raise")])

    assert "ValueError at echo" in bench.store.failed[0][1]
    assert "must not be logged" not in bench.store.failed[0][1]


async def test_a_step_that_never_has_enough_is_kept_as_failed() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "insatiable"), wrote(2, "a")])

    assert len(bench.store.fetched) == MOST_FETCHES
    assert bench.heard() == ["maaf", "1: a"]


async def test_many_whose_steps_make_each_others_knowledge_untrue_are_all_served() -> None:
    bench = Bench()
    bench.store.is_forgetful = True

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(n, "need1", person=n) for n in range(3 * MOST_FETCHES)])

    assert bench.store.failed == []
    assert len(bench.store.said) == 3 * MOST_FETCHES


async def test_an_apology_that_raises_does_not_make_it_worse() -> None:
    bench = Bench()

    def worse(_brief: Brief, _session: Session) -> Step:
        raise RuntimeError

    bench.pipeline = Pipeline(bench.store.begin_turns, Dialog(echo, foresee, worse), JumpingClock(), lambda _: None)

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "raise")])

    assert [key for key, _ in bench.store.failed] == ["k1"]
    assert bench.heard() == []


async def test_after_a_database_error_every_event_is_tried_alone() -> None:
    bench = Bench()
    bench.store.failures = [StorageError("locked")]

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "a"), wrote(2, "b"), wrote(3, "c", person=2)])

    assert bench.store.batches == [["k1"], ["k2"], ["k3"]]
    assert bench.heard() == ["1: a", "2: b"]


async def test_an_event_that_the_database_refuses_is_kept_and_the_others_pass() -> None:
    bench = Bench()
    bench.store.poison = {"k2"}

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "a"), wrote(2, "b"), wrote(3, "c")])

    assert [key for key, _ in bench.store.failed] == ["k2"]
    assert bench.heard() == ["1: a", "maaf", "2: c"]


async def test_nothing_is_acknowledged_while_the_database_is_away() -> None:
    bench = Bench()
    bench.store.failures = [StorageError("away")] * 3

    async with bench.running() as pipeline:
        with pytest.raises(NotAcceptedError):
            await pipeline.submit([wrote(1, "a"), wrote(2, "b")])
        await pipeline.submit([wrote(1, "a"), wrote(2, "b")])

    assert bench.heard() == ["1: a", "2: b"]


async def test_an_event_that_found_no_room_comes_again_although_there_is_room_a_moment_later() -> None:
    bench = Bench()
    bench.store.failures = [DatabaseAwayError("disk full")] * 2

    refused = await bench.all_at_once(wrote(1, "a"))

    assert (refused, bench.store.failed, bench.heard()) == (["k1"], [], [])


async def test_the_others_of_a_batch_do_not_each_wait_for_a_database_that_is_away() -> None:
    bench = Bench()
    bench.store.failures = [StorageError("away")] * 3

    refused = await bench.all_at_once(*(wrote(n, "a", person=n) for n in range(9)))

    assert len(refused) == 9
    assert bench.store.failures == []


async def test_stopping_finishes_what_waits_and_refuses_what_comes_later() -> None:
    bench = Bench()

    refused = await bench.all_at_once(wrote(1, "a"))

    assert (refused, bench.heard()) == ([], ["1: a"])
    with pytest.raises(NotAcceptedError):
        await bench.pipeline.submit([wrote(2, "b")])


async def test_each_commit_wakes_delivery_and_jobs() -> None:
    bench = Bench()

    async with bench.running() as pipeline:
        await pipeline.submit([wrote(1, "a"), wrote(2, "b")])

    assert bench.woken == [Committed(outbox=2, jobs=0)]

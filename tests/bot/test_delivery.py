"""The outbox on its way out: limits, priorities, failures."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backoff import Backoff
from bot.channels.port import Accept, ChannelError, ChannelLimits
from bot.channels.telegram.channel import LIMITS
from bot.clock import Clock
from bot.delivery.rates import AccountRate, ChatRates
from bot.delivery.verdict import LONGEST_TRIED, judge
from bot.delivery.worker import NOT_CHANGED, DeliveryWorker
from bot.leadership import Tenure
from bot.stopping import finish
from conversations.events import IncomingFile
from conversations.messages import Message, Template
from conversations.purposes import Reminder
from storage.envelopes import AddressKey
from storage.errors import DatabaseAwayError, StorageError
from storage.outbox import Failed, Gone, Outbox, OutboxRow, Priority, Retry, Sent, Uncertain
from storage.ways import Notice
from tests.bot.clocks import NOON, JumpingClock, passed
from tests.bot.store import FakeOutbox, row

SECOND = timedelta(seconds=1)
PATIENT = Backoff(SECOND, timedelta(minutes=5), random.Random(1))
assert LIMITS.rates
RATES = LIMITS.rates

Fault = Callable[[OutboxRow], ChannelError | Exception | None]


class FakeChannel:
    """Takes messages, remembers when, and fails as told."""

    name = "telegram"
    account = "1"
    limits: ChannelLimits = LIMITS
    is_polled = False

    def __init__(self, clock: JumpingClock, *faults: Exception, takes: timedelta = timedelta(0)) -> None:
        self.clock = clock
        self.faults = list(faults)
        self.takes = takes
        self.sent: list[tuple[int, datetime]] = []
        self.templates: list[int] = []

    async def send(self, outgoing: OutboxRow) -> str:
        """Send, perhaps slowly, perhaps not."""
        if self.takes:
            await self.clock.wait(asyncio.Event(), self.clock.now() + self.takes)
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((outgoing.id, self.clock.now()))
        self.templates += [outgoing.id] if outgoing.is_template else []
        return f"m{outgoing.id}"

    def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        raise NotImplementedError

    async def run(self, accept: Accept) -> None:
        raise NotImplementedError

    def trouble(self, at: datetime) -> str:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    @property
    def order(self) -> list[int]:
        """Ids in the order in which they were sent."""
        return [number for number, _ in self.sent]


class Bench:
    """A worker with its outbox, channel and clock."""

    def __init__(
        self,
        rows: Iterable[OutboxRow],
        *faults: Exception,
        takes: timedelta = timedelta(0),
        clock: JumpingClock | None = None,
        calendar: Clock | None = None,
        channel: FakeChannel | None = None,
        notice: Notice | None = None,
    ) -> None:
        self.clock = clock or JumpingClock()
        self.outbox = FakeOutbox(rows)
        self.channel = channel or FakeChannel(self.clock, *faults, takes=takes)
        self.worker = DeliveryWorker(
            cast("Outbox", self.outbox),
            self.channel,
            clock=calendar or self.clock,
            steady=self.clock,
            backoff=PATIENT,
            notice=notice,
        )
        self.tenure = Tenure("send:telegram:1", 1, self.clock, None)

    async def deliver(self, until: Callable[[], bool] | None = None) -> None:
        """Run the worker until the outbox is empty (or as told)."""
        async with self.running():
            await passed(until or self.is_empty)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the worker around a block."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.worker.run(self.tenure))
            yield
            self.worker.stop()

    def is_empty(self) -> bool:
        """Tell whether everything has been dealt with."""
        return not self.outbox.rows


def busiest_second(moments: list[datetime]) -> int:
    """Give the largest number of moments in any sliding second."""
    return max(sum(1 for other in moments if start <= other < start + SECOND) for start in moments)


async def test_a_reply_is_sent_and_recorded() -> None:
    bench = Bench([row(1, at=NOON)])

    await bench.deliver()

    assert bench.outbox.outcomes == [Sent(1, "m1")]


async def test_what_is_judged_not_needed_any_more_is_not_sent() -> None:
    planned = [replace(row(n, at=NOON), purpose=Reminder((n,), "3_days")) for n in (1, 2)]
    bench = Bench(planned)
    bench.outbox.unneeded.add(1)

    await bench.deliver()

    assert bench.channel.order == [2]
    assert bench.outbox.outcomes == [Sent(2, "m2")]


async def test_a_message_that_cannot_be_judged_is_given_up_and_holds_nobody_up() -> None:
    planned = [replace(row(n, at=NOON), purpose=Reminder((n,), "3_days")) for n in (1, 2)]
    bench = Bench([*planned, row(3, at=NOON)])
    bench.outbox.unjudged[1] = KeyError("no judge")

    await bench.deliver()

    assert sorted(bench.channel.order) == [2, 3]
    assert bench.outbox.ended(Failed) == [1]


async def test_nothing_is_given_up_while_the_database_cannot_be_asked() -> None:
    bench = Bench([replace(row(1, at=NOON), purpose=Reminder((1,), "3_days"))])
    bench.outbox.unjudged[1] = DatabaseAwayError("locked")

    async with bench.running():
        await passed(lambda: bench.outbox.exchanges > 1)
        bench.outbox.unjudged.clear()
        bench.outbox.leased.clear()
        await passed(bench.is_empty)

    assert bench.outbox.outcomes == [Sent(1, "m1")]


class EditingChannel(FakeChannel):
    """Can change what it has sent."""

    def __init__(self, clock: JumpingClock) -> None:
        super().__init__(clock)
        self.edited: list[tuple[str, str]] = []

    async def edit(self, outgoing: OutboxRow, message: str) -> None:
        self.edited.append((message, outgoing.message.text))


async def test_a_message_is_changed_where_its_channel_can() -> None:
    rows = [replace(row(1, at=NOON, text="9 dari 9"), edits="m7"), replace(row(2, at=NOON), edits="")]
    clock = JumpingClock()
    channel = EditingChannel(clock)
    bench = Bench(rows, clock=clock, channel=channel)

    await bench.deliver()

    assert (channel.edited, channel.sent) == ([("m7", "9 dari 9")], [])
    assert sorted(bench.outbox.outcomes, key=lambda each: each.id) == [Sent(1, ""), Failed(2, NOT_CHANGED)]


async def test_a_change_that_a_channel_cannot_make_is_given_up() -> None:
    bench = Bench([replace(row(1, at=NOON), edits="m7")])

    await bench.deliver()

    assert bench.outbox.outcomes == [Failed(1, NOT_CHANGED)]


async def test_no_sliding_second_holds_more_than_30_messages() -> None:
    bench = Bench([row(n, at=NOON) for n in range(200)])

    await bench.deliver()

    assert busiest_second([moment for _, moment in bench.channel.sent]) == RATES.account_messages


async def test_the_limit_holds_at_the_other_side_when_sends_travel_long() -> None:
    bench = Bench([row(n, at=NOON) for n in range(100)], takes=timedelta(milliseconds=300))

    await bench.deliver()

    assert busiest_second([moment for _, moment in bench.channel.sent]) <= RATES.account_messages


async def test_one_chat_gets_a_small_burst_and_then_one_message_a_second() -> None:
    bench = Bench([row(n, chat=7, at=NOON) for n in range(6)])

    await bench.deliver()

    assert [(moment - NOON).total_seconds() for _, moment in bench.channel.sent] == [0, 0, 0, 1, 2, 3]
    assert bench.channel.order == [0, 1, 2, 3, 4, 5]


async def test_a_reply_does_not_wait_behind_a_broadcast() -> None:
    bench = Bench([row(n, at=NOON, priority=Priority.BULK) for n in range(100)])

    async with bench.running():
        await passed(lambda: len(bench.channel.sent) >= 20)
        bench.outbox.rows[999] = row(999, at=NOON)
        bench.worker.wake()
        await passed(lambda: 999 in bench.channel.order)
        came_at = bench.clock.now()

    assert came_at - NOON < SECOND


class StaggeredChannel(FakeChannel):
    """Takes each message 10 ms longer than the one before, up to the limit of a second."""

    async def send(self, outgoing: OutboxRow) -> str:
        self.takes = timedelta(milliseconds=10) * (outgoing.id % RATES.bulk_messages)
        return await super().send(outgoing)


async def test_copies_that_end_while_there_is_room_for_no_other_are_recorded_together() -> None:
    clock = JumpingClock()
    many = 3 * RATES.bulk_messages
    bench = Bench(
        [row(n, at=NOON, priority=Priority.BULK) for n in range(many)], clock=clock, channel=StaggeredChannel(clock)
    )

    await bench.deliver()

    assert len(bench.outbox.ended(Sent)) == many
    assert bench.outbox.exchanges < many


async def test_replies_go_first() -> None:
    waiting = [row(n, at=NOON, priority=Priority.BULK) for n in range(5)]
    bench = Bench([*waiting, row(9, at=NOON, priority=Priority.ALERT), row(10, at=NOON)])

    await bench.deliver()

    assert bench.channel.order[:2] == [10, 9]


async def test_a_platform_that_asks_for_silence_gets_it_from_the_whole_account() -> None:
    busy = ChannelError("429", retryable=True, retry_after=timedelta(seconds=7))
    bench = Bench([row(n, at=NOON) for n in range(3)], busy)
    bench.channel.limits = LIMITS

    async with bench.running():
        await passed(lambda: bool(bench.outbox.ended(Retry)))
        bench.outbox.rows[50] = row(50, at=NOON)
        bench.worker.wake()
        await passed(bench.is_empty)

    late = {number: moment - NOON for number, moment in bench.channel.sent if number in (0, 50)}
    assert min(late.values()) >= timedelta(seconds=7)


async def test_a_failed_send_is_tried_again_later() -> None:
    bench = Bench([row(1, at=NOON)], ChannelError("502", retryable=True, is_uncertain=True))

    await bench.deliver()

    assert [type(outcome) for outcome in bench.outbox.outcomes] == [Retry, Sent]


async def test_a_blocked_person_is_not_tried_again() -> None:
    bench = Bench([row(1, at=NOON)], ChannelError("403", is_gone=True))

    await bench.deliver()

    assert bench.outbox.outcomes == [Gone(1, "403")]


async def test_a_message_that_cannot_be_drawn_does_not_stop_the_others() -> None:
    bench = Bench([row(1, at=NOON), row(2, at=NOON)], ValueError("drawing"))

    await bench.deliver()

    assert (bench.outbox.ended(Failed), bench.outbox.ended(Sent)) == ([1], [2])


async def test_a_database_that_is_away_for_a_moment_loses_nothing() -> None:
    bench = Bench([row(1, at=NOON)])
    bench.outbox.failures = [StorageError("away"), StorageError("away")]

    await bench.deliver()

    assert bench.outbox.outcomes == [Sent(1, "m1")]


async def test_an_outcome_that_could_not_be_recorded_is_recorded_later() -> None:
    bench = Bench([row(1, at=NOON)])

    async with bench.running():
        await passed(lambda: bool(bench.channel.sent))
        bench.outbox.failures = [StorageError("away")]
        await passed(bench.is_empty)

    assert bench.outbox.outcomes == [Sent(1, "m1")]


async def test_nothing_is_sent_by_one_who_may_not_be_the_only_one_any_more() -> None:
    bench = Bench([row(1, at=NOON)])
    bench.tenure.end()

    async with bench.running():
        await passed(lambda: bool(bench.outbox.outcomes))

    assert (bench.channel.sent, bench.outbox.ended(Retry)[:1]) == ([], [1])


async def test_what_was_under_way_when_the_database_failed_is_not_taken_back() -> None:
    bench = Bench([row(1, at=NOON), row(2, at=NOON)], takes=5 * SECOND)

    async with bench.running():
        await passed(lambda: len(bench.outbox.leased) == 2)
        bench.outbox.failures = [StorageError("away")]
        bench.worker.wake()
        await passed(bench.is_empty)

    assert (bench.channel.order, bench.outbox.uncertain) == ([1, 2], [])


async def test_a_run_takes_back_what_an_earlier_one_left() -> None:
    bench = Bench([row(1, at=NOON)])
    bench.outbox.leased = {1: 1}
    bench.tenure = Tenure("send:telegram:1", 2, bench.clock, None)

    await bench.deliver()

    assert (bench.outbox.uncertain, bench.outbox.outcomes) == ([1], [Sent(1, "m1")])


async def test_what_ended_in_an_earlier_run_is_recorded_as_of_that_run() -> None:
    bench = Bench([row(1, at=NOON), row(2, at=NOON)])
    async with asyncio.TaskGroup() as tasks:
        broken_off = tasks.create_task(bench.worker.run(bench.tenure))
        await passed(lambda: bool(bench.channel.sent))
        bench.outbox.failures = [StorageError("away"), StorageError("away")]
        broken_off.cancel()
    bench.outbox.failures = []
    bench.tenure = Tenure("send:telegram:1", 2, bench.clock, None)

    await bench.deliver()

    assert (sorted(bench.channel.order), bench.outbox.uncertain) == ([1, 2], [])


class HastyClock(JumpingClock):
    """Goes on while one looks at it, and wakes people a little early, as timers do."""

    def now(self) -> datetime:
        """Give the present moment, and let a millisecond pass."""
        self.advance(timedelta(milliseconds=1))
        return super().now()

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return a little before the moment."""
        await super().wait(event, until and until - timedelta(microseconds=2500))


@pytest.mark.parametrize("clock", [JumpingClock(), HastyClock()])
async def test_a_broadcast_is_handed_out_as_there_is_room_and_never_put_back(clock: JumpingClock) -> None:
    bench = Bench([row(n, at=NOON, priority=Priority.BULK) for n in range(100)], clock=clock)

    await bench.deliver()

    assert bench.outbox.ended(Retry) == []
    assert bench.outbox.exchanges < 200
    assert busiest_second([moment for _, moment in bench.channel.sent]) <= RATES.bulk_messages


class SetClock:
    """A calendar that somebody sets, while time goes on."""

    def __init__(self, steady: JumpingClock) -> None:
        self.steady = steady
        self.error = timedelta(0)

    def now(self) -> datetime:
        """Give the present moment, as far as anybody knows."""
        return self.steady.now() + self.error

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Wait by the time that goes on."""
        await self.steady.wait(event, until and until - self.error)


@pytest.mark.parametrize("error", [timedelta(hours=-1), timedelta(hours=1)])
async def test_a_calendar_that_is_set_neither_stops_messages_nor_lets_too_many_through(error: timedelta) -> None:
    clock = JumpingClock()
    calendar = SetClock(clock)
    bench = Bench([row(n, at=NOON) for n in range(100)], clock=clock, calendar=calendar)

    async with bench.running():
        await passed(lambda: len(bench.channel.sent) >= 40)
        calendar.error = error
        await passed(bench.is_empty)

    assert busiest_second([moment for _, moment in bench.channel.sent]) == RATES.account_messages
    assert clock.now() - NOON < 10 * SECOND


async def test_time_that_passes_during_a_look_hides_no_message() -> None:
    clock = HastyClock()
    bench = Bench([row(n, chat=7, at=NOON) for n in range(9)], clock=clock)

    await bench.deliver()

    gaps = [later - earlier for (_, earlier), (_, later) in itertools.pairwise(bench.channel.sent)]
    assert max(gaps) < 2 * SECOND


async def test_stopping_waits_for_what_is_under_way() -> None:
    bench = Bench([row(1, at=NOON)], takes=5 * SECOND)

    async with bench.running():
        await passed(lambda: bool(bench.outbox.leased))

    assert bench.outbox.outcomes == [Sent(1, "m1")]


@pytest.mark.parametrize(
    ("priority", "error", "outcome"),
    [
        (Priority.BULK, ChannelError("timeout", retryable=True, is_uncertain=True), Uncertain),
        (Priority.REMINDER, ChannelError("timeout", retryable=True, is_uncertain=True), Uncertain),
        (Priority.REPLY, ChannelError("timeout", retryable=True, is_uncertain=True), Retry),
        (Priority.ALERT, ChannelError("timeout", retryable=True, is_uncertain=True), Retry),
        (Priority.BULK, ChannelError("refused", retryable=True), Retry),
        (Priority.REPLY, ChannelError("400", alert=True), Failed),
        (Priority.BULK, ChannelError("403", is_gone=True), Gone),
    ],
)
def test_a_verdict_follows_the_errors_flags(priority: Priority, error: ChannelError, outcome: type) -> None:
    assert type(judge(row(1, at=NOON, priority=priority), error, PATIENT, NOON)) is outcome


def test_what_could_not_be_sent_for_a_day_is_given_up() -> None:
    verdict = judge(row(1, at=NOON), ChannelError("502", retryable=True), PATIENT, NOON + LONGEST_TRIED + SECOND)

    assert isinstance(verdict, Failed)


def test_waits_double_up_to_their_bound_and_differ() -> None:
    backoff = Backoff(SECOND, timedelta(seconds=60), random.Random(7))
    bounds = Counter[int]()
    for attempts, bound in ((1, 1), (2, 2), (5, 16), (7, 60), (10_000, 60)):
        waits = {backoff.wait(attempts) for _ in range(50)}
        bounds[bound] += len(waits)
        assert max(waits) <= timedelta(seconds=bound)
    assert bounds[60] == 100


def test_bulk_leaves_room_for_replies() -> None:
    rate = AccountRate(RATES)
    for _ in range(RATES.bulk_messages):
        rate.start(Priority.BULK, NOON)

    assert rate.room(NOON) == (RATES.account_messages - RATES.bulk_messages, 0)
    assert rate.opens_at(NOON) is None


WAY = timedelta(milliseconds=100)
"""The shortest way to the platform, and the shortest way back."""
MORE = st.integers(0, 50).map(lambda milliseconds: timedelta(milliseconds=milliseconds))
"""By how much a way is longer now and then: half of the shortest send is never longer than the ways it stands for."""


def counted(delays: Iterable[tuple[timedelta, timedelta]]) -> list[datetime]:
    """Send as fast as the limit allows; give when the platform counted each message, in order."""
    rate, now = AccountRate(RATES), NOON
    arrivals: list[datetime] = []
    under_way: list[tuple[datetime, timedelta]] = []
    for there, back in delays:
        while rate.room(now).unhurried <= 0:
            ends_at = under_way[0][0] if under_way else datetime.max.replace(tzinfo=NOON.tzinfo)
            now = min(rate.opens_at(now) or ends_at, ends_at)
            while under_way and under_way[0][0] <= now:
                ended_at, took = heapq.heappop(under_way)
                rate.end(Priority.BULK, ended_at, took)
        starts_at = rate.start(Priority.BULK, now)
        arrivals.append(starts_at + WAY + there)
        heapq.heappush(under_way, (arrivals[-1] + WAY + back, WAY + there + WAY + back))
    return sorted(arrivals)


@settings(max_examples=30)
@given(st.lists(st.tuples(MORE, MORE), min_size=100, max_size=100))
def test_no_second_of_the_platform_has_more_than_its_limit(delays: list[tuple[timedelta, timedelta]]) -> None:
    arrivals = counted(delays)

    assert all(later - first >= SECOND for first, later in zip(arrivals, arrivals[RATES.bulk_messages :], strict=False))


def test_half_of_the_time_on_the_way_is_not_lost() -> None:
    rounds = 50
    arrivals = counted([(timedelta(), timedelta())] * (RATES.bulk_messages * rounds + 1))

    learnt = WAY  # the first round does not know yet how long the way is
    assert arrivals[-1] - arrivals[0] == rounds * (SECOND + WAY) + learnt


def test_a_chat_is_free_again_when_its_bucket_has_filled() -> None:
    chats = ChatRates()
    for _ in range(RATES.chat_burst):
        chats.spend(7, NOON, RATES)

    assert chats.cooling(NOON) == {7}
    assert chats.next_free() == NOON + SECOND
    assert chats.cooling(NOON + SECOND) == frozenset()


def test_a_channel_without_limits_is_never_held_up() -> None:
    rate = AccountRate(None)
    chats = ChatRates()
    for _ in range(1000):
        rate.start(Priority.BULK, NOON)
        rate.end(Priority.BULK, NOON)
        chats.spend(7, NOON, None)

    assert rate.room(NOON) == (50, 50)
    assert chats.cooling(NOON) == frozenset()


class HangingChannel(FakeChannel):
    """Never says whether it took a message."""

    async def send(self, outgoing: OutboxRow) -> str:
        """Hang."""
        await asyncio.Event().wait()
        raise AssertionError("nobody lets it go")


async def cut_off(bench: Bench, *failures: Exception) -> None:
    """Stop a worker while its channel hangs, and cut off what hangs; then the database may fail."""
    async with asyncio.TaskGroup() as tasks:
        worker = tasks.create_task(bench.worker.run(bench.tenure))
        await passed(lambda: bool(bench.outbox.leased))
        bench.worker.stop()
        bench.outbox.failures = list(failures)
        await finish([worker], timedelta(0))


async def test_a_reply_that_is_cut_off_by_the_stop_will_be_sent_again() -> None:
    bench = Bench([row(1, at=NOON)], channel=HangingChannel(JumpingClock()))

    await cut_off(bench)

    assert bench.outbox.ended(Retry) == [1]


async def test_a_broadcast_that_is_cut_off_by_the_stop_is_not_repeated() -> None:
    bench = Bench([row(1, at=NOON, priority=Priority.BULK)], channel=HangingChannel(JumpingClock()))

    await cut_off(bench)

    assert bench.outbox.ended(Uncertain) == [1]


async def test_a_worker_stops_though_the_database_is_away_and_leaves_what_it_had() -> None:
    bench = Bench([row(1, at=NOON)], channel=HangingChannel(JumpingClock()))

    await cut_off(bench, StorageError("away"), StorageError("away"))

    assert (bench.outbox.outcomes, bench.outbox.leased) == ([], {1: 1})


def on_whatsapp(number: int, heard_at: datetime | None, template: Template | None = None) -> OutboxRow:
    """Make a row for a chat with a window."""
    there = AddressKey("whatsapp", "5", f"ID.{number}")
    message = Message("halo", template=template)
    return replace(row(number, at=NOON), address=there, heard_at=heard_at, message=message)


async def test_each_send_is_judged_by_the_window_of_its_chat() -> None:
    reminder, day = Template("pengingat", "id"), timedelta(days=1)
    rows = [
        on_whatsapp(1, NOON - day + SECOND),
        on_whatsapp(2, NOON - day),
        on_whatsapp(3, None, reminder),
        on_whatsapp(4, NOON, reminder),
    ]
    bench = Bench(rows, notice=lambda _reader, _place: Message("kabar"))

    await bench.deliver()

    assert (sorted(bench.channel.order), bench.channel.templates, bench.outbox.held) == ([1, 3, 4], [3], [2])


async def test_a_window_that_closes_while_its_message_is_put_off_is_closed() -> None:
    bench = Bench(
        [on_whatsapp(1, NOON - timedelta(days=1) + 2 * SECOND)],
        ChannelError("busy", retryable=True, retry_after=3 * SECOND),
        notice=lambda _reader, _place: Message("kabar"),
    )

    await bench.deliver()

    assert (bench.channel.order, bench.outbox.held) == ([], [1])

"""Laws that hold for any sequence of events: totals are what a recount gives, replays and rollbacks change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from conversations.actions import Say, SendAnswers
from conversations.engine import Step
from conversations.messages import Message
from conversations.needs import QueueNeed, SheetNeed
from conversations.people import Role
from conversations.session import Home, Session
from conversations.sheets import RowMark
from storage.errors import StorageError
from storage.store import Store
from storage.tables import METADATA, cycle, region, score_total
from storage.totals import LEVELS, recount, recounted
from storage.turns import Envelope, Turns
from tests.databases import Databases, Template
from tests.storage.conftest import add_kaur, open_store
from tests.storage.forms import NOW
from tests.storage.people import KAUR, answer, appoint, text_from

POSTS = {
    "a": ("17.04.01.2001", Role.VILLAGE_HEAD, ("26.1", "26.2", "26.9")),
    "b": ("17.04.01.2002", Role.VILLAGE_HEAD, ("26.1", "26.3")),
    "c": ("17.04.02.2002", Role.VILLAGE_HEAD, ("26.1", "26.2")),
    "camat": ("17.04.01", Role.SUBDISTRICT_HEAD, ("25.1", "25.2")),
    "coordinator": (KAUR, Role.COORDINATOR, ("1.1", "1.2")),
}
SHARES = [None, Fraction(0), Fraction(1, 10**9), Fraction(1, 2), Fraction(1)]


@dataclass(frozen=True)
class Answered:
    """Somebody answers a row; events with the same number are the same event."""

    who: str
    row: int
    number: int
    share: Fraction | None
    words: str
    is_read_in_between: bool


@dataclass(frozen=True)
class Checked:
    """The coordinator approves or returns a row."""

    who: str
    row: int
    is_approval: bool


answers = st.builds(
    Answered,
    st.sampled_from(sorted(POSTS)),
    st.integers(0, 2),
    st.integers(0, 12),
    st.sampled_from(SHARES),
    st.sampled_from("xyz"),
    st.booleans(),
)
checks = st.builds(Checked, st.sampled_from(sorted(POSTS)), st.integers(0, 2), st.booleans())
batches = st.lists(st.one_of(st.lists(answers, max_size=6), checks), max_size=8)
few = settings(max_examples=10, deadline=None)  # on each database


def row_of(done: Answered | Checked) -> str:
    rows = POSTS[done.who][2]
    return rows[done.row % len(rows)]


async def staff(url: str) -> None:
    """Let everybody hold their post."""
    await add_kaur(url)
    async with closing(url) as store:
        for name, (code, role, _) in POSTS.items():
            await appoint(store, name, code, role)


STAFFED = Template("staffed", staff)


@asynccontextmanager
async def closing(url: str) -> AsyncIterator[Store]:
    store = open_store(url)
    try:
        yield store
    finally:
        await store.close()


def run(databases: Databases, story: Callable[[Store], Awaitable[None]]) -> None:
    """Tell a story to a store of its own, in which everybody holds their post."""

    async def tell(url: str) -> None:
        async with closing(url) as store:
            await story(store)

    url = databases.new(STAFFED)
    asyncio.run(tell(url))
    databases.drop(url)


async def tell_batch(store: Store, batch: Sequence[Answered], *, is_kept: bool = True) -> None:
    """Take the answers of a batch as turns of one transaction."""
    wanted = {f"telegram:1:{each.who}-{each.number}": each for each in reversed(batch)}
    envelopes = [text_from(each.who, each.number, each.words) for each in batch]
    async with store.begin_turns(NOW) as turns:
        fresh = await turns.claim(envelopes)
        for envelope in fresh:
            await tell_answer(turns, envelope, wanted[envelope.key])
        if is_kept:
            await turns.commit()


async def tell_answer(turns: Turns, envelope: Envelope, told: Answered) -> None:
    row = row_of(told)
    brief = turns.brief(envelope)
    await turns.fetch([SheetNeed(brief.assignments[0].id, row)])
    if told.is_read_in_between:
        await turns.fetch([QueueNeed(told.number)])  # writes what is pending so far
    save = answer(brief, row, told.words, share=told.share, mark=list(RowMark)[told.number % 6])
    reply = Say(Message(told.words))
    step = Step(Session(place=Home(), misses=told.number), (save, reply, SendAnswers(brief.assignments[0].id)))
    turns.apply(envelope, step)


async def check_row(store: Store, checked: Checked) -> None:
    number = sorted(POSTS).index(checked.who)
    async with store.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from(checked.who, 100 + number)])
        held = turns.brief(envelope).assignments[0].id
    try:
        if checked.is_approval:
            await store.roster.approve(held, row_of(checked), by=1, at=NOW)
        else:
            await store.roster.take_approval_back(held, row_of(checked))
    except StorageError:
        pass  # nothing answered there yet


async def dump(store: Store) -> dict[str, list[Any]]:
    async with store._database.reading("Dumping") as connection:
        return {
            table.name: sorted((await connection.execute(select(table))).all(), key=repr)
            for table in METADATA.sorted_tables
        }


async def assert_totals_are_a_recount(store: Store) -> None:
    async with store._database.reading("Comparing totals") as connection:
        year = await connection.scalar(select(cycle.c.id)) or 0
        province = await connection.scalar(select(region.c.id).where(region.c.code == "17")) or 0
        form_rows = store._shared.form_rows
        counted = [
            tuple(row[column.name] for column in score_total.columns)
            for level in LEVELS
            for row in await recounted(connection, form_rows, year, (level, province))
        ]
        kept = [tuple(row) for row in await connection.execute(select(score_total))]
    assert sorted(kept) == sorted(counted)


@given(batches)
@few
def test_totals_always_equal_a_recount_of_all_sheets(
    databases: Databases, story: list[list[Answered] | Checked]
) -> None:
    async def tell(store: Store) -> None:
        for part in story:
            if isinstance(part, Checked):
                await check_row(store, part)
            else:
                await tell_batch(store, part)
            await assert_totals_are_a_recount(store)

    run(databases, tell)


@given(st.lists(st.lists(answers, max_size=6), max_size=5), st.randoms(use_true_random=False))
@few
def test_events_that_come_again_change_nothing(databases: Databases, story: list[list[Answered]], chance: Any) -> None:
    async def tell(store: Store) -> None:
        for batch in story:
            await tell_batch(store, batch)
        before = await dump(store)
        again = [each for batch in story for each in batch]
        chance.shuffle(again)
        await tell_batch(store, again)
        assert await dump(store) == before

    run(databases, tell)


@given(st.lists(answers, max_size=6), st.lists(answers, max_size=6))
@few
def test_a_batch_that_is_not_committed_leaves_nothing(
    databases: Databases, kept: list[Answered], lost: list[Answered]
) -> None:
    async def tell(store: Store) -> None:
        await tell_batch(store, kept)
        before = await dump(store)
        await tell_batch(store, lost, is_kept=False)
        assert await dump(store) == before

    run(databases, tell)


@given(st.lists(answers, max_size=8))
@few
def test_one_batch_and_one_turn_each_end_the_same(databases: Databases, told: list[Answered]) -> None:
    ends: list[dict[str, list[Any]]] = []

    async def together(store: Store) -> None:
        await tell_batch(store, told)
        ends.append(await dump(store))

    async def apart(store: Store) -> None:
        for each in told:
            await tell_batch(store, [each])
        ends.append(await dump(store))

    run(databases, together)
    run(databases, apart)

    assert ends[0] == ends[1]


async def test_recounting_repairs_totals_that_were_damaged(kaur: Store) -> None:
    await appoint(kaur, "a", POSTS["a"][0], Role.VILLAGE_HEAD)
    async with kaur._database.writing("Damaging totals") as connection:
        await connection.execute(text("UPDATE score_total SET claimed = claimed + 7, units = 0"))
        province = await connection.scalar(select(region.c.id).where(region.c.code == "17")) or 0
        await recount(connection, kaur._shared.form_rows, 1, province)
        await connection.commit()

    await assert_totals_are_a_recount(kaur)

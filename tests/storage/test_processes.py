"""Several processes on one PostgreSQL: nobody's turns interleave, nothing is lost, nothing locks up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Table, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.actions import FetchFile, Say
from conversations.engine import Step
from conversations.events import FileTarget, IncomingFile
from conversations.messages import Message
from conversations.needs import QueueNeed, ScoreNeed, SheetNeed
from conversations.people import Role, Standing
from conversations.session import Home, Session
from storage.database import migrate
from storage.errors import StorageError
from storage.store import Store
from storage.tables import address, assignment, history, person, score_total
from storage.turns import Envelope, Turns
from tests.databases import PostgresqlDatabases, Template
from tests.storage.conftest import WITH_KAUR, open_store
from tests.storage.forms import DUE, NOW, SOON
from tests.storage.people import KAUR, VILLAGE, accept, accept_in, answer, take, text_from
from tests.storage.test_laws import POSTS, assert_totals_are_a_recount, staff

PROCESSES = 3
WORKERS = 2
"""Batches that a process has under way at the same time."""
BATCHES = 8
HELPERS = {"a2": "a", "a3": "a", "b2": "b", "camat2": "camat", "coordinator2": "coordinator"}
"""Who helps the holder of which post: they answer the same assignment."""
SEED = 20260312


async def staff_with_helpers(url: str) -> None:
    """Let everybody hold their post, and have helpers."""
    await staff(url)
    store = open_store(url)
    for name, head in HELPERS.items():
        code, role, _ = POSTS[head]
        post = await store.roster.find_post(code, role)
        assert post
        await accept(store, name, await store.roster.issue_invitation(post, Standing.OPERATOR, at=NOW), number=9000)
    await store.close()


HELPED = Template("helped", staff_with_helpers)


@asynccontextmanager
async def processes(url: str, many: int = 2) -> AsyncIterator[list[Store]]:
    """Open a database as so many processes would: each with pools, caches and names of its own."""
    async with AsyncExitStack() as stack:
        stores = [open_store(url) for _ in range(many)]
        for store in stores:
            stack.push_async_callback(store.close)
        yield stores


@pytest.fixture
def url(postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    made = postgresql_databases.new(WITH_KAUR)
    yield made
    postgresql_databases.drop(made)


@pytest.fixture
def helped(postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    made = postgresql_databases.new(HELPED)
    yield made
    postgresql_databases.drop(made)


async def answer_all(turns: Turns, fresh: Sequence[Envelope], chance: random.Random) -> None:
    """Let everybody of a batch answer a row, count their turns in their session, and be answered."""
    for envelope in fresh:
        name = envelope.key.removeprefix("telegram:1:").partition("-")[0]
        rows = POSTS[HELPERS.get(name, name)][2]
        row = chance.choice(rows)
        assigned = turns.brief(envelope).assignments[0].id
        await turns.fetch([SheetNeed(assigned, row)])
        if chance.random() < 0.1:  # writes what is pending so far, and reads on
            await turns.fetch([QueueNeed(chance.randint(1, 999)), ScoreNeed(1)])
        save = answer(turns.brief(envelope), row, f"{envelope.key}")
        counted = Session(place=Home(), misses=turns.session(envelope).misses + 1)
        turns.apply(envelope, Step(counted, (save, Say(Message(envelope.key)))))


async def hammer(store: Store, chance: random.Random) -> list[str]:
    """Take batches of random events of everybody, some of which come more than once; give the keys that were fresh."""
    names = [*POSTS, *HELPERS]
    kept: list[str] = []
    for _ in range(BATCHES):
        envelopes = [text_from(chance.choice(names), chance.randint(0, 99)) for _ in range(chance.randint(1, 9))]
        async with store.begin_turns(NOW) as turns:
            fresh = await turns.claim(envelopes)
            await answer_all(turns, fresh, chance)
            if chance.random() < 0.9:
                await turns.commit()
                kept += [each.key for each in fresh]
    return kept


async def test_whatever_processes_do_at_once_is_as_if_they_had_done_it_one_after_the_other(helped: str) -> None:
    async with processes(helped, PROCESSES) as stores:
        async with asyncio.TaskGroup() as tasks:
            workers = [
                tasks.create_task(hammer(store, random.Random(SEED + place)))
                for place, store in enumerate(stores * WORKERS)
            ]
        kept = [key for worker in workers for key in worker.result()]

        await assert_totals_are_a_recount(stores[0])
        await assert_turns_are_counted(stores[0], kept)
        await assert_changes_follow_each_other(stores[0], kept)


async def assert_turns_are_counted(store: Store, kept: list[str]) -> None:
    """Nobody's session missed a turn: each turn saw the session that the turn before had left."""
    counted = Counter(key.removeprefix("telegram:1:").partition("-")[0] for key in kept)
    async with store.begin_turns(NOW) as turns:
        envelopes = [text_from(name, 7777) for name in counted]
        await turns.claim(envelopes)
        found = {
            each.address.user: turns.session(each).misses for each in envelopes if not isinstance(each.address, int)
        }
    assert len(kept) == len(set(kept)), "an event took effect twice"
    assert found == counted


async def assert_changes_follow_each_other(store: Store, kept: list[str]) -> None:
    """Every change of an answer begins where the change before had ended, whoever of a post's holders made it."""
    changes: defaultdict[tuple[int, str], list[tuple[str | None, str | None]]] = defaultdict(list)
    async with store._database.reading("Reading the history") as connection:
        for row in await connection.execute(select(history).order_by(history.c.id)):
            changes[row.assignment_id, row.key].append((row.old, row.new))
    for story in changes.values():
        assert [old for old, _ in story] == [None, *(new for _, new in story[:-1])]
    assert sorted(new or "" for story in changes.values() for _, new in story) == sorted(kept)


async def test_a_stranger_who_writes_to_two_processes_at_once_is_one_person(url: str) -> None:
    async def write(store: Store, number: int) -> int:
        async with store.begin_turns(NOW) as turns:
            people = [text_from(name, number) for name in ("x", "y", "z")]
            chosen = people if number % 2 else people[::-1]
            await turns.claim(chosen)
            for each in chosen:
                counted = Session(place=Home(), misses=turns.session(each).misses + 1)
                turns.apply(each, Step(counted, (Say(Message("halo")),)))
            await turns.commit()
            return turns.session(people[0]).misses

    async with processes(url) as stores, asyncio.TaskGroup() as tasks:
        written = [tasks.create_task(write(stores[each % 2], each)) for each in range(6)]

    assert sorted(each.result() for each in written) == [1, 2, 3, 4, 5, 6]
    async with processes(url, 1) as (store,), store._database.reading("Counting") as connection:
        people, addresses = [await connection.scalar(select(func.count()).select_from(t)) for t in (person, address)]
    assert (people, addresses) == (3, 3)


async def test_an_event_that_reaches_two_processes_at_once_takes_effect_once(helped: str) -> None:
    async def claim(store: Store) -> int:
        async with store.begin_turns(NOW) as turns:
            fresh = await turns.claim([text_from(name, 1) for name in POSTS])
            await answer_all(turns, fresh, random.Random(1))
            await turns.commit()
        return len(fresh)

    async with processes(helped) as stores, asyncio.TaskGroup() as tasks:
        claims = [tasks.create_task(claim(store)) for store in stores * 3]

    assert sorted(each.result() for each in claims) == [0, 0, 0, 0, 0, len(POSTS)]


async def test_an_invitation_that_two_accept_at_once_is_used_by_one(url: str) -> None:
    async with processes(url) as stores:
        post = await stores[0].roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
        assert post
        code = await stores[0].roster.issue_invitation(post, Standing.DEFINITIVE, at=NOW)
        async with stores[0].begin_turns(NOW) as one, stores[1].begin_turns(NOW) as other:
            for turns, name in ((one, "a"), (other, "b")):
                envelope = text_from(name, 1)
                await turns.claim([envelope])
                await accept_in(turns, envelope, code)
            await one.commit()
            with pytest.raises(StorageError, match="is used"):
                await other.commit()


async def test_what_came_with_a_post_of_this_batch_is_answered_in_the_next(url: str) -> None:
    """Its rows are not locked: two who take each other's posts would wait for each other for ever."""
    async with processes(url, 1) as (store,):
        post = await store.roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
        assert post
        code = await store.roster.issue_invitation(post, Standing.DEFINITIVE, at=NOW)
        envelopes = [text_from("a", 1), text_from("a", 2)]
        async with store.begin_turns(NOW) as turns:
            await turns.claim(envelopes)
            brief = await accept_in(turns, envelopes[0], code)
            await turns.fetch([SheetNeed(brief.assignments[0].id, "26.1")])
            step = Step(Session(place=Home()), (answer(brief, "26.1", "5"),))
            with pytest.raises(StorageError, match="Decide the event again"):
                turns.apply(envelopes[1], step)

        brief = await accept(store, "a", code, number=1)
        done = await take(store, text_from("a", 2), answer(brief, "26.1", "5"), Say(Message("ok")))

    assert done.outbox == 1


async def answer_first_rows(turns: Turns) -> None:
    """Let everybody answer the first row of their form, and write what that changes but the totals."""
    fresh = await turns.claim([text_from(name, 1) for name in POSTS])
    for envelope in fresh:
        name = envelope.key.removeprefix("telegram:1:").partition("-")[0]
        row = POSTS[name][2][0]
        await turns.fetch([SheetNeed(turns.brief(envelope).assignments[0].id, row)])
        turns.apply(envelope, Step(Session(place=Home()), (answer(turns.brief(envelope), row, "5"),)))
    await turns.fetch([QueueNeed(1)])


async def touched(store: Store, table: Table) -> list[tuple[int, ...]]:
    """Give the keys of the rows of a table that such a batch locks, in order."""
    async with store.begin_turns(NOW) as turns:
        await answer_first_rows(turns)
        state = turns._state
        places = state.deltas._by_place
        keys: dict[Table, list[tuple[int, ...]]] = {
            person: [(each,) for each in state.speakers],
            assignment: [(each,) for each in state.answerable],
            score_total: [(cycle, region, row) for cycle, regions, row in places for region in regions],
        }
    return sorted(set(keys[table]))


async def lock(connection: AsyncConnection, table: Table, key: tuple[int, ...]) -> None:
    """Lock a row, or fail at once."""
    here = and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))
    await connection.execute(select(table).where(here).with_for_update(key_share=True, nowait=True))


async def somebody_waits(store: Store) -> None:
    """Return when a transaction of this database waits for another one."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30):
        many = 0
        while not many:
            async with store._database.reading("Looking who waits") as connection:
                many = await connection.scalar(waiting) or 0


@pytest.mark.parametrize("table", [person, assignment, score_total], ids=lambda table: str(table.name))
async def test_whoever_waits_for_a_row_holds_none_that_comes_later(helped: str, table: Table) -> None:
    async def keep(store: Store) -> None:
        async with store.begin_turns(NOW) as turns:
            await answer_first_rows(turns)
            await turns.commit()

    async with processes(helped, 3) as (one, other, watcher):
        first, *_, last = await touched(one, table)
        async with one._database.writing("Holding the first row") as connection:
            await lock(connection, table, first)
            async with asyncio.TaskGroup() as tasks:
                batch = tasks.create_task(keep(other))
                await somebody_waits(watcher)
                await lock(connection, table, last)
                is_waiting = not batch.done()
                await connection.rollback()

    assert is_waiting


async def test_whoever_waits_for_a_stranger_holds_nobody_yet(helped: str) -> None:
    async def hear(store: Store) -> None:
        async with store.begin_turns(NOW) as turns:
            await turns.claim([text_from("a", 1), text_from("stranger", 2)])

    async with processes(helped, 3) as (one, other, watcher):
        async with one.begin_turns(NOW) as turns:
            [known] = await turns.claim([text_from("a", 3)])
            owner = turns.brief(known).person.id
        async with asyncio.TaskGroup() as tasks, one.begin_turns(NOW) as turns:
            await turns.claim([text_from("stranger", 1)])
            batch = tasks.create_task(hear(other))
            await somebody_waits(watcher)
            async with watcher._database.writing("Looking who is held") as connection:
                await lock(connection, person, (owner,))
            is_waiting = not batch.done()

    assert is_waiting


async def test_a_file_is_fetched_by_one_process(url: str) -> None:
    async with processes(url) as stores:
        for number in range(6):
            wanted = FetchFile(IncomingFile(f"ref-{number}", "photo"), FileTarget(0, "", ""))
            await take(stores[0], text_from("a", number), wanted)
        claims = await asyncio.gather(*(store.jobs.claim(NOW, limit=4, lease=SOON) for store in stores * 2))

    assert sorted(job.id for jobs in claims for job in jobs) == [1, 2, 3, 4, 5, 6]


async def test_processes_that_start_together_on_an_empty_database_all_find_it_ready(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    empty = postgresql_databases.blank()

    async def start(store: Store) -> int:
        await migrate(empty)
        await store.roster.load_regions()
        return (await store.roster.add_district(KAUR, 2026, DUE, at=NOW)).assignments

    async with processes(empty) as stores:
        added = await asyncio.gather(*(start(store) for store in stores))
        await assert_totals_are_a_recount(stores[0])
    postgresql_databases.drop(empty)

    assert added == [added[0]] * 2


async def test_a_district_that_changes_while_people_answer_keeps_its_totals(helped: str) -> None:
    async def add_again(store: Store) -> None:
        for days in range(2):
            await store.roster.add_district(KAUR, 2026, DUE + timedelta(days=days), at=NOW)

    async with processes(helped) as stores:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hammer(stores[0], random.Random(SEED)))
            tasks.create_task(add_again(stores[1]))

        await assert_totals_are_a_recount(stores[0])

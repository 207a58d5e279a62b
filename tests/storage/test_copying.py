"""An installation moves from SQLite to PostgreSQL whole, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from conversations.actions import FetchFile, Say
from conversations.events import FileTarget, IncomingFile
from conversations.messages import Message
from storage.copying import copy_database, refuse_other_kinds
from storage.database import file_of, migrate
from storage.errors import StorageError
from storage.store import Store
from storage.tables import METADATA, job, outbox, person
from tests.databases import PostgresqlDatabases, SqliteDatabases
from tests.storage.forms import NOW, SOON
from tests.storage.people import give_answer, take, text_from
from tests.storage.test_laws import STAFFED, assert_totals_are_a_recount, closing, dump

FETCH = FetchFile(IncomingFile("ref", "photo"), FileTarget(0, "", ""))


def unwatched(_done: int, _total: int) -> None:
    """Show nothing."""


@pytest.fixture
def source(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    url = sqlite_databases.new(STAFFED)
    yield url
    sqlite_databases.drop(url)


@pytest.fixture
def target(postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    url = postgresql_databases.blank()
    yield url
    postgresql_databases.drop(url)


async def tell(store: Store) -> None:
    """Leave something in as many tables as there are ways."""
    await give_answer(store, text_from("a", 1, "😀 'quoted' \\ text"), "26.1", "5")
    await take(store, text_from("b", 1), Say(Message("halo")), FETCH, FETCH)
    (first, second) = await store.jobs.claim(NOW, limit=2, lease=SOON)
    await store.jobs.drop(second.id)  # its number must not come again
    await store.jobs.retry(first.id, NOW)
    (lease,) = await store.leases.look(["chores"])
    assert await store.leases.take(lease, "the old machine")
    async with store.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from("c", 1)])
        turns.keep_failed(envelope, "an error")
        await turns.commit()


async def execute(url: str, statement: str) -> None:
    async with closing(url) as store, store._database.writing("Preparing") as connection:
        await connection.execute(text(statement))
        await connection.commit()


async def rows(url: str) -> int:
    async with closing(url) as store, store._database.reading("Counting") as connection:
        return sum([await connection.scalar(select(func.count()).select_from(t)) or 0 for t in METADATA.sorted_tables])


async def test_everything_is_copied_and_goes_on_where_it_was(source: str, target: str) -> None:
    seen: list[tuple[int, int]] = []
    async with closing(source) as old:
        await tell(old)
        before = await dump(old)

    copied = await copy_database(source, target, lambda done, total: seen.append((done, total)))

    async with closing(target) as store:
        after = await dump(store)
        await give_answer(store, text_from("a", 2), "26.2", "7")
        await give_answer(store, text_from("a", 1), "26.2", "a turn that was taken before the move")
        told = await take(store, text_from("stranger", 1), Say(Message("halo")), FETCH)
        await assert_totals_are_a_recount(store)
        numbers = await newest(store)
    assert {**after, "lease": []} == {**before, "lease": []}
    assert [(row.holder, row.tenure) for row in after["lease"]] == [("", 1)]
    assert {each.table: each.rows for each in copied} == {name: len(found) for name, found in before.items()}
    assert seen[-1] == (2 * sum(each.rows for each in copied),) * 2
    assert told.outbox == 1
    assert numbers == {"person": 6, "job": 3, "outbox": 2}


async def newest(store: Store) -> dict[str, int]:
    async with store._database.reading("Looking at numbers") as connection:
        return {t.name: await connection.scalar(select(func.max(t.c.id))) or 0 for t in (person, job, outbox)}


async def test_a_target_with_rows_is_refused(source: str, target: str) -> None:
    await copy_database(source, target, unwatched)
    before = await rows(target)

    with pytest.raises(StorageError, match=r"without rows was expected.*CREATE DATABASE"):
        await copy_database(source, target, unwatched)

    assert await rows(target) == before


async def test_a_copy_that_differs_is_not_kept(source: str, target: str) -> None:
    await migrate(target)
    await execute(
        target,
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.name := 'somebody else'; RETURN NEW; END $$",
    )
    await execute(target, "CREATE TRIGGER spoil BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION spoil()")

    with pytest.raises(StorageError, match="The same 5 rows were expected in person"):
        await copy_database(source, target, unwatched)

    assert await rows(target) == 0


async def test_a_text_that_postgresql_cannot_hold_is_named(source: str, target: str) -> None:
    with sqlite3.connect(str(file_of(source))) as connection:
        connection.execute("UPDATE person SET name = 'A' || char(0) WHERE id = 3")

    with pytest.raises(StorageError, match=r"name in the row \[3\] of person"):
        await copy_database(source, target, unwatched)

    assert await rows(target) == 0


async def test_an_older_database_is_sent_to_the_upgrade_first(source: str, target: str) -> None:
    with sqlite3.connect(str(file_of(source))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    with pytest.raises(StorageError, match="jemputbola db upgrade"):
        await copy_database(source, target, unwatched)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("sqlite+aiosqlite:///{}/none.db", "postgresql://host/x", r"none\.db is none"),
        ("postgresql://host/x", "postgresql://host/y", "pg_dump"),
        ("sqlite+aiosqlite:///{}/there.db", "sqlite+aiosqlite:///{}/other.db", "jemputbola backup"),
        ("nowhere", "postgresql://host/y", "look like"),
    ],
)
def test_addresses_of_other_kinds_are_refused_before_anything_is_made(
    tmp_path: Path, first: str, second: str, said: str
) -> None:
    (tmp_path / "there.db").touch()

    with pytest.raises(StorageError, match=said):
        refuse_other_kinds(first.format(tmp_path), second.format(tmp_path))

    assert {each.name for each in tmp_path.iterdir()} == {"there.db"}

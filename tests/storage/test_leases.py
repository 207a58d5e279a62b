"""Leases: one holder, found alive by its beat, and fenced off by the number of its tenure."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from storage.errors import StorageError
from storage.leases import Leases, SeenLease
from storage.store import Store
from tests.bot.leases import FakeLeases
from tests.databases import PostgresqlDatabases
from tests.storage.conftest import open_store


@pytest.fixture(params=["database", "memory"])
def leases(request: pytest.FixtureRequest, store: Store) -> Leases:
    """Those of a database, and the twin that the tests of ``bot.leadership`` use."""
    return store.leases if request.param == "database" else cast("Leases", FakeLeases())


async def test_a_lease_that_nobody_held_is_there_to_be_taken(leases: Leases) -> None:
    (seen,) = await leases.look(["chores"])

    number = await leases.take(seen, "a")

    assert (seen, number) == (SeenLease("chores"), 1)
    assert await leases.look(["chores"]) == [SeenLease("chores", "a", tenure=1, beat=1)]


async def test_of_two_who_saw_the_same_only_one_takes_it(leases: Leases) -> None:
    (seen,) = await leases.look(["chores"])

    numbers = await asyncio.gather(*[leases.take(seen, holder) for holder in "abcdef"])

    assert sorted(numbers, key=str) == [1, None, None, None, None, None]


async def test_a_beat_is_a_sign_of_life_that_keeps_others_from_taking_it(leases: Leases) -> None:
    (seen,) = await leases.look(["chores"])
    await leases.take(seen, "a")
    (before,) = await leases.look(["chores"])

    held = await leases.beat({"chores": 1}, "a")
    number = await leases.take(before, "b")

    assert (held, number) == (frozenset({"chores"}), None)


async def test_a_holder_learns_from_its_beat_what_it_has_lost(leases: Leases) -> None:
    for each in await leases.look(["chores", "send"]):
        await leases.take(each, "a")
    chores, _ = await leases.look(["chores", "send"])
    await leases.take(chores, "b")

    held = await leases.beat({"chores": 1, "send": 1}, "a")

    assert held == {"send"}


async def test_one_who_takes_it_back_is_not_taken_for_who_they_were_before(leases: Leases) -> None:
    for _ in range(2):
        (seen,) = await leases.look(["chores"])
        await leases.take(seen, "a")

    assert await leases.beat({"chores": 1}, "a") == frozenset()
    assert await leases.beat({"chores": 2}, "a") == {"chores"}


async def test_a_lease_is_given_back_by_its_holder_only(leases: Leases) -> None:
    (seen,) = await leases.look(["chores"])
    await leases.take(seen, "a")

    await leases.release({"chores": 1}, "b")
    (kept,) = await leases.look(["chores"])
    await leases.release({"chores": 1}, "a")
    (free,) = await leases.look(["chores"])

    assert (kept.holder, free.holder) == ("a", "")
    assert free.beat > kept.beat


async def test_a_database_that_does_not_answer_is_our_error(store: Store) -> None:
    await store.leases.look(["chores"])
    async with store._database.writing("Taking the table away") as connection:
        await connection.exec_driver_sql("DROP TABLE lease")
        await connection.commit()

    with pytest.raises(StorageError, match="Keeping leases"):
        await store.leases.beat({"chores": 1}, "a")


async def test_a_process_that_stands_still_in_the_middle_keeps_nobody_from_taking_over(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    store = open_store(postgresql_databases.new())
    (seen,) = await store.leases.look(["chores"])
    async with store.leases._at_once("Standing still") as connection:
        await connection.exec_driver_sql("UPDATE lease SET beat = beat")

        number = await store.leases.take(seen, "b")

    await store.close()
    assert number == 1

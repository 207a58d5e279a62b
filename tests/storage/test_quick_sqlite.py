"""A connection to SQLite hops to its thread as rarely as it can, and loses nothing by that."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage.quick_sqlite import QuickConnection, connect_quickly

PUT = "INSERT INTO kept VALUES (?)"
ALL = "SELECT number FROM kept ORDER BY number"


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[QuickConnection]:
    opened = await connect_quickly(str(tmp_path / "quick.db"), isolation_level=None)
    await opened.fetch("CREATE TABLE kept (number INTEGER PRIMARY KEY)", ())
    yield opened
    await opened.close()


@pytest.fixture
def hops(quick: QuickConnection, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Everything that the connection's thread has been given to do."""
    done: list[object] = []
    execute = quick._execute

    async def counted(function: Any, *arguments: Any) -> Any:
        done.append(function)
        return await execute(function, *arguments)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(quick, "_execute", counted)
    return done


async def test_what_is_put_off_runs_in_order_with_the_next_statement(
    quick: QuickConnection, hops: list[object]
) -> None:
    quick.put_off("BEGIN IMMEDIATE")
    quick.put_off(PUT, [(1,), (2,)], is_many=True)
    quick.put_off("UPDATE kept SET number = number + 10 WHERE number = 2")

    assert await quick.fetch(ALL, ()) == [(1,), (12,)]
    assert len(hops) == 1


async def test_what_is_put_off_is_committed(quick: QuickConnection, hops: list[object], tmp_path: Path) -> None:
    quick.put_off("BEGIN IMMEDIATE")
    quick.put_off(PUT, (1,))
    await quick.commit()

    assert len(hops) == 1
    assert not quick.in_transaction
    with sqlite3.connect(tmp_path / "quick.db") as another:
        assert another.execute(ALL).fetchall() == [(1,)]


async def test_a_rollback_forgets_what_was_put_off(quick: QuickConnection, hops: list[object]) -> None:
    quick.put_off("BEGIN IMMEDIATE")
    quick.put_off(PUT, (1,))
    await quick.rollback()

    assert not hops
    assert await quick.fetch(ALL, ()) == []


async def test_an_error_of_what_was_put_off_is_raised_where_it_runs(quick: QuickConnection) -> None:
    quick.put_off("BEGIN IMMEDIATE")
    quick.put_off(PUT, [(1,), (1,)], is_many=True)
    quick.put_off(PUT, (2,))
    with pytest.raises(sqlite3.IntegrityError):
        await quick.fetch(ALL, ())

    assert quick.in_transaction
    assert await quick.fetch(ALL, ()) == [(1,)]  # what came after it is not done later


async def test_nothing_stays_of_a_commit_that_fails(quick: QuickConnection) -> None:
    quick.put_off("BEGIN IMMEDIATE")
    quick.put_off(PUT, [(1,), (1,)], is_many=True)
    with pytest.raises(sqlite3.IntegrityError):
        await quick.commit()

    assert not quick.in_transaction
    assert await quick.fetch(ALL, ()) == []

"""What is said when the database is not there, and how that is told from what it will never take."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from asyncpg import InterfaceError

from storage.database import Database, connect
from storage.errors import DatabaseAwayError, StorageError, translated
from tests.databases import Databases


async def test_a_server_that_is_gone_is_told_in_words(tmp_path: Path) -> None:
    engine = connect(f"postgresql+asyncpg://somebody@/answers?host={tmp_path}")

    with pytest.raises(DatabaseAwayError) as gone:
        async with Database(engine).reading("Looking"):
            raise AssertionError("nobody is there")

    assert "Looking: the database was expected to take part" in str(gone.value)
    assert "FileNotFoundError: No such file or directory" in str(gone.value)
    assert "then try again" in str(gone.value)


async def test_a_connection_that_the_server_ends_is_away_and_a_statement_that_it_never_takes_is_not(
    postgresql_databases: Databases,
) -> None:
    database = Database(connect(postgresql_databases.new()))

    with pytest.raises(DatabaseAwayError):
        async with database.writing("Ending itself") as connection:
            await connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(StorageError) as wrong:
        async with database.writing("Asking for nonsense") as connection:
            await connection.exec_driver_sql("SELECT * FROM nonsense")

    assert not isinstance(wrong.value, DatabaseAwayError)
    await database.engine.dispose()


async def test_whoever_is_cancelled_while_the_server_ends_the_connection_is_cancelled_and_hears_of_no_refusal(
    postgresql_databases: Databases,
) -> None:
    database = Database(connect(postgresql_databases.new()))
    numbers: asyncio.Queue[int] = asyncio.Queue()

    async def wait_in_a_transaction() -> None:
        async with database.writing("Waiting") as connection:
            await numbers.put((await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one())
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(wait_in_a_transaction())
        number = await numbers.get()
        async with database.writing("Ending the other one") as connection:
            await connection.exec_driver_sql(f"SELECT pg_terminate_backend({number}, 5000)")
        waiting.cancel()
        await asyncio.wait([waiting])

    assert waiting.cancelled()
    await database.engine.dispose()


async def test_a_file_that_cannot_grow_is_away_and_a_statement_that_it_never_takes_is_not(tmp_path: Path) -> None:
    database = Database(connect(f"sqlite+aiosqlite:///{tmp_path}/full.db"))
    async with database.writing("Making room") as connection:
        await connection.exec_driver_sql("CREATE TABLE heap (body TEXT)")
        await connection.commit()

    with pytest.raises(DatabaseAwayError):
        await _fill(database)
    with pytest.raises(StorageError) as wrong:
        async with database.writing("Asking for nonsense") as connection:
            await connection.exec_driver_sql("SELECT * FROM nonsense")

    assert not isinstance(wrong.value, DatabaseAwayError)
    await database.engine.dispose()


@pytest.mark.parametrize("words", ["cannot call Connection.fetch(): connection is closed", "connection is closed"])
def test_what_the_driver_says_of_a_closed_connection_is_away(words: str) -> None:
    with pytest.raises(DatabaseAwayError), translated("Looking"):
        raise InterfaceError(words)


async def _fill(database: Database) -> None:
    async with database.writing("Filling it") as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 3")
        await connection.exec_driver_sql("INSERT INTO heap VALUES (printf('%.*c', 100000, 'x'))")

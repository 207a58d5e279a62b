"""What is said when the database is not there, and how that is told from what it will never take."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asyncpg import InterfaceError
from sqlalchemy.engine import URL, make_url

from storage.database import SOCKET, Database, connect
from storage.errors import DatabaseAwayError, StorageError, translated
from tests.databases import Databases, PostgresqlDatabases


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


async def test_a_server_that_lets_us_wait_is_away() -> None:
    with pytest.raises(DatabaseAwayError, match="it answered TimeoutError"), translated("Looking"):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()


async def test_a_connection_whose_other_side_is_gone_is_ended_by_the_system(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    async with _over_tcp(make_url(postgresql_databases.new())) as url:
        engine = connect(url)
        async with engine.connect() as connection:
            raw = await connection.get_raw_connection()
            wire = raw.driver_connection._transport.get_extra_info("socket")  # type: ignore[union-attr]

            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            for name, value in SOCKET.items():
                if hasattr(socket, name):
                    assert wire.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
        await engine.dispose()


@asynccontextmanager
async def _over_tcp(url: URL) -> AsyncIterator[str]:
    """Lay a way by TCP to a server that listens at a socket in a folder."""
    folder = str(url.query.get("host", ""))
    if not folder.startswith("/"):
        yield url.render_as_string(hide_password=False)
        return

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, back))
            both.create_task(_pump(there, writer))

    async with await asyncio.start_server(carry, "127.0.0.1", 0) as way:
        port = way.sockets[0].getsockname()[1]
        here = url.difference_update_query(["host"]).set(host="127.0.0.1", port=port)
        yield here.render_as_string(hide_password=False)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


async def _fill(database: Database) -> None:
    async with database.writing("Filling it") as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 3")
        await connection.exec_driver_sql("INSERT INTO heap VALUES (printf('%.*c', 100000, 'x'))")

"""The database's door: engines, the settings of each connection, and bringing the tables up to date."""

from __future__ import annotations

import asyncio
import fcntl
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.errors import REFUSALS, StorageError, translated
from storage.quick_sqlite import connect_quickly
from storage.schema import newest_version, version_of

BUSY_MS = 15_000
"""How long a writer waits for a writer in another process, in milliseconds."""
DRIVERS = {
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "sqlite": "sqlite+aiosqlite",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
"""How addresses may begin, and with which driver they are meant."""
READS_ONLY = "jemputbola_reads_only"
POSTGRESQL = {
    "timeout": 10,  # seconds for connecting
    "server_settings": {
        "application_name": "jemputbola",
        "synchronous_commit": "on",  # an acknowledged answer survives a power cut
        "lock_timeout": str(BUSY_MS),
        "idle_in_transaction_session_timeout": str(BUSY_MS),  # a process that stands still lets go of its locks
        "jit": "off",  # no query here is long enough to gain from being compiled
    },
}
SILENCE_SECONDS = 20
"""How long nothing may come from the machine of a PostgreSQL; a statement may run for longer: the system answers."""
SOCKET = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": SILENCE_SECONDS * 1000}
"""Options of connections over TCP, on systems that know them."""
ONE_STATE = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # an acknowledged answer survives a power cut
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA cache_size=-8192",  # 8 MiB: the system keeps the file in memory too, and more was not faster
    "PRAGMA temp_store=MEMORY",
)


def connect(url: str) -> AsyncEngine:
    """Make the engine for ``sqlite+aiosqlite:///file`` (its folder is made) or ``postgresql+asyncpg://...``.

    Raises:
        StorageError: the address is none, or names another database, or PostgreSQL's driver is not installed.
    """
    parsed = address_of(url)
    if parsed.get_backend_name() != "sqlite":
        return _connect_postgresql(parsed)
    _make_private(parsed.database)
    engine = create_async_engine(parsed, connect_args={"async_creator_fn": connect_quickly})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def address_of(url: str) -> URL:
    """Read a database's address; its driver is the one that this program uses.

    Raises:
        StorageError: it is none, or of another database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StorageError(
            "The database's address was expected to look like sqlite+aiosqlite:///var/jemputbola.db or "
            "postgresql+asyncpg://user@host/name; it does not. Correct the setting."
        ) from error
    if parsed.drivername not in DRIVERS:
        raise StorageError(
            f"The database's address was expected to begin with sqlite+aiosqlite:// or postgresql+asyncpg://; "
            f"it begins with {parsed.drivername}://. Correct the setting."
        )
    return parsed.set(drivername=DRIVERS[parsed.drivername])


def _connect_postgresql(url: URL) -> AsyncEngine:
    try:
        engine = create_async_engine(url, connect_args=POSTGRESQL, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StorageError(
            "asyncpg, PostgreSQL's driver, was expected; it is not installed. Install jemput-bola[postgresql]."
        ) from error
    event.listen(engine.sync_engine, "connect", _notice_silence)
    return engine


def _notice_silence(connection: Any, _record: object) -> None:
    """Let the system end a connection whose other side is gone; by itself it waits for a quarter of an hour."""
    transport = connection.driver_connection._transport  # noqa: SLF001 - asyncpg shows its socket nowhere else
    wire = transport.get_extra_info("socket")
    if wire.family == socket.AF_UNIX:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in SOCKET.items():
        if hasattr(socket, name):
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def file_of(url: str) -> Path | None:
    """Give the file of a SQLite database, however it is written and linked; ``None``: it has none."""
    parsed = address_of(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database)).resolve()


def _make_private(file: str | None) -> None:
    """Let nobody else read what people said; SQLite gives the files beside it the same permissions."""
    if file and file != ":memory:":
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(file).touch(mode=0o600)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's would come too late
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would deadlock with another one of its kind.
    reads_only = connection.get_execution_options().get(READS_ONLY, False)
    driver: Any = connection.connection.driver_connection
    driver.put_off("BEGIN" if reads_only else "BEGIN IMMEDIATE")


async def _begin_postgresql(connection: AsyncConnection) -> None:
    # SQLAlchemy says BEGIN with its own first statement; ours, which go to the driver, would come before it.
    await connection.exec_driver_sql(";")


class Database:
    """An engine. On SQLite one writer at a time in this process; on PostgreSQL rows are locked instead."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._reading = {READS_ONLY: True} if self._is_sqlite else ONE_STATE
        self._turnstile = asyncio.Lock() if self._is_sqlite else nullcontext()

    @asynccontextmanager
    async def writing(self, doing: str) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that rolls back unless ``commit()`` of the connection was awaited.

        Raises:
            StorageError: the database refused; ``doing`` says what was tried.
        """
        async with self._turnstile:
            with translated(doing):
                async with self.connected() as connection:
                    await self._begin(connection)
                    yield connection

    @asynccontextmanager
    async def reading(self, doing: str) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one state of the database and changes nothing.

        Raises:
            StorageError: the database refused; ``doing`` says what was tried.
        """
        with translated(doing):
            async with self.connected() as connection:
                _ = await connection.execution_options(**self._reading)
                await self._begin(connection)
                yield connection

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection. Whoever is cancelled while it breaks is cancelled, and not told that it broke."""
        async with self.engine.connect() as connection:
            try:
                yield connection
            except asyncio.CancelledError:
                with suppress(*REFUSALS):
                    await connection.close()
                raise

    async def _begin(self, connection: AsyncConnection) -> None:
        _ = await connection.begin()
        if not self._is_sqlite:
            await _begin_postgresql(connection)


async def migrate(url: str) -> None:
    """Bring the tables to the newest version; what is there already stays. One process at a time.

    Raises:
        StorageError: the database belongs to a newer program, or cannot be changed.
    """
    connect_once = connect(url)
    try:
        with translated("Bringing the tables up to date"):
            if not await _is_newest(connect_once):
                await _upgrade(connect_once, url)
    finally:
        await connect_once.dispose()


async def _is_newest(engine: AsyncEngine) -> bool:
    """Look first: alembic takes a quarter of a second to import, and at most starts there is nothing to do."""
    async with engine.connect() as connection:
        _ = await connection.execution_options(**{READS_ONLY: True})
        _ = await connection.begin()
        return await connection.run_sync(version_of) == newest_version()


async def _upgrade(engine: AsyncEngine, url: str) -> None:
    from storage.migrations.running import upgrade

    with _one_process(url):
        async with engine.connect() as connection:
            _ = await connection.begin()
            await connection.run_sync(upgrade)
            await connection.commit()


@contextmanager
def _one_process(url: str) -> Iterator[None]:
    """Hold a file lock beside a SQLite database; PostgreSQL takes an advisory lock in ``upgrade``."""
    file = make_url(url).database
    if not url.startswith("sqlite") or not file or file == ":memory:":
        yield
        return
    with Path(f"{file}.migrating").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

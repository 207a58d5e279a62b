"""Processes that share a PostgreSQL tell each other when there is something to do. On SQLite there are no others."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Text, column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.errors import StorageError, translated
from storage.locks import writes_alone
from storage.statements import Statement, driver_of, given

CHANNEL = "jemputbola"
JOBS = "jobs"
"""The word for files to be fetched; messages to be sent have what they go out by, ``telegram:7712345678``."""
PROBE_SECONDS = 30
"""How long nothing may be heard before the connection is tried."""
ANSWER_SECONDS = 10

NOTIFY = Statement(lambda dialect: select(func.pg_notify(CHANNEL, given(dialect, column("word", Text)).c.word)))


class Wakeups:
    """One a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = secrets.token_hex(8)

    async def notify(self, connection: AsyncConnection, words: Collection[str]) -> None:
        """Tell these words to the other processes when this transaction is committed, and only then."""
        if words and not writes_alone(connection):
            await NOTIFY.fetch(connection, {"word": [f"{self._me} {word}" for word in sorted(words)]})

    async def listen(self, heard: Callable[[str], None], *, ready: Callable[[], None]) -> None:
        """Call ``heard`` with every word that another process commits, until cancelled.

        ``ready`` is called as soon as nothing is missed any more: what was told before has to be looked for.

        Raises:
            StorageError: the database does not answer (any more).
        """
        if self._database.engine.dialect.name == "sqlite":
            await asyncio.Event().wait()
        with translated("Listening to other processes"):
            async with self._database.connected() as connection:
                try:
                    await self._listen(driver_of(connection), heard, ready)
                finally:
                    await connection.invalidate()  # nobody else is to have a connection that listens

    async def _listen(self, driver: Any, heard: Callable[[str], None], ready: Callable[[], None]) -> None:
        is_lost = asyncio.Event()

        def hear(_driver: object, _sender: int, _channel: str, payload: str) -> None:
            teller, _, word = payload.partition(" ")
            if teller != self._me:
                heard(word)

        driver.add_termination_listener(lambda _driver: is_lost.set())
        await driver.add_listener(CHANNEL, hear)
        ready()
        while not is_lost.is_set():
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await is_lost.wait()
            except TimeoutError:
                await driver.execute("SELECT 1", timeout=ANSWER_SECONDS)
        raise StorageError(
            "Listening to other processes: the connection to the database was expected to last; it ended. Listen again."
        )

"""Processes that share a PostgreSQL are told what the others have committed."""

from __future__ import annotations

import asyncio

import pytest

from conversations.actions import FetchFile, Say
from conversations.engine import Step
from conversations.events import FileTarget, IncomingFile
from conversations.messages import Message
from conversations.session import NEW_SESSION
from storage.database import connect
from storage.errors import StorageError
from storage.store import Store
from tests.databases import PostgresqlDatabases
from tests.storage.conftest import open_store
from tests.storage.forms import NOW, make_library
from tests.storage.people import take, text_from

FETCH = FetchFile(IncomingFile("ref", "photo"), FileTarget(0, "", ""))
SAY = Say(Message("halo"))


class Listener:
    """What a process hears."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heard: asyncio.Queue[str] = asyncio.Queue()
        self.is_ready = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._store.wakeups.listen(self._heard.put_nowait, ready=self.is_ready.set)

    async def hears(self) -> str:
        """Give the next word."""
        async with asyncio.timeout(30):
            return await self._heard.get()


async def test_what_another_process_commits_is_heard_and_what_one_does_oneself_is_not(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    url = postgresql_databases.new()
    one, other = open_store(url), open_store(url)
    listener = Listener(one)

    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listener.run())
        await listener.is_ready.wait()
        await take(one, text_from("a", 1), FETCH)
        async with other.begin_turns(NOW) as turns:
            (envelope,) = await turns.claim([text_from("b", 1)])
            turns.apply(envelope, Step(NEW_SESSION, (FETCH,)))  # not committed
        await take(other, text_from("b", 2), SAY, SAY)
        heard = [await listener.hears()]
        await take(other, text_from("b", 3), FETCH)
        heard.append(await listener.hears())
        listening.cancel()

    await one.close()
    await other.close()
    postgresql_databases.drop(url)
    assert heard == ["telegram:1", "jobs"]


async def test_a_listener_whose_connection_ends_says_so(postgresql_databases: PostgresqlDatabases) -> None:
    url = postgresql_databases.new()
    store = open_store(url)
    listener = Listener(store)

    async def listen() -> None:
        with pytest.raises(StorageError, match="Listen again"):
            await listener.run()

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(listen())
        await listener.is_ready.wait()
        postgresql_databases.drop(url)  # whoever is connected

    await store.close()


async def test_a_listener_needs_a_database(postgresql_databases: PostgresqlDatabases) -> None:
    url = postgresql_databases.new()
    postgresql_databases.drop(url)
    store = Store(connect(url), make_library())

    with pytest.raises(StorageError, match="does not exist"):
        await Listener(store).run()

    await store.close()

"""Two programs on one PostgreSQL: what one takes in, the other one sends and fetches before its next safety look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import composition
from bot.clock import Clock, SteadyClock, SystemClock
from bot.composition import Program, assemble, load_library, open_store
from bot.leadership import sending
from bot.settings import Settings
from conversations.actions import FetchFile
from conversations.events import FileTarget, IncomingFile
from tests.bot.clocks import passed
from tests.databases import PostgresqlDatabases
from tests.storage.people import take, text_from
from tests.telegram_server import TelegramServer

SENDING = sending("telegram:1")
SOON = timedelta(seconds=10)
"""Sooner than a safety look, later than anybody looks at a lease."""
PATIENCE_SECONDS = 20


class DrowsyClock:
    """The machine's clock, by which nobody is called who wants to look again after a long while."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._sleeping: list[asyncio.Event] = []

    def now(self) -> datetime:
        """Give the present moment."""
        return self._inner.now()

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set, or at this moment if that is soon."""
        if until is None or until - self.now() < SOON:
            await self._inner.wait(event, until)
            return
        self._sleeping.append(event)
        try:
            await event.wait()
        finally:
            self._sleeping.remove(event)

    @property
    def is_asleep(self) -> bool:
        """Tell whether somebody sleeps whom only an event can wake, and none has."""
        return any(not each.is_set() for each in self._sleeping)


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture
def settings(server: TelegramServer, postgresql_databases: PostgresqlDatabases, tmp_path: Path) -> Iterator[Settings]:
    url = postgresql_databases.new()
    yield Settings(
        _env_file=None,
        telegram_token=SecretStr(server.token),
        telegram_base_url=server.url,
        database_url=url,
        cache_folder=tmp_path / "cache",
        files_folder=tmp_path / "files",
    )
    postgresql_databases.drop(url)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> list[DrowsyClock]:
    """The clocks of all programs, in the order in which they are assembled."""
    made: list[DrowsyClock] = []

    def drowsy(inner: Clock) -> DrowsyClock:
        made.append(DrowsyClock(inner))
        return made[-1]

    monkeypatch.setattr(composition, "SystemClock", lambda: drowsy(SystemClock()))
    monkeypatch.setattr(composition, "SteadyClock", lambda: drowsy(SteadyClock()))
    return made


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Program]:
    """Run a program that takes no updates in: those are handed to its pipeline."""
    store = open_store(settings, load_library(settings))
    program = assemble(settings, store)
    (sender,) = program.delivery
    sends = program.leadership.while_held(SENDING, sender.run)
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(program.listener.run())
        for each in (program.pipeline.run(), program.leadership.run(), program.jobs.run(), sends):
            tasks.create_task(each)
        try:
            yield program
        finally:
            listening.cancel()
            sender.stop()
            program.jobs.stop()
            program.leadership.retire()
            program.pipeline.stop()
    for channel in program.channels:
        await channel.close()
    await store.close()


async def test_what_one_process_commits_is_sent_and_fetched_by_another_at_once(
    settings: Settings, server: TelegramServer, clocks: list[DrowsyClock]
) -> None:
    ahmad = server.person("Ahmad")
    server.world.files["photo"] = b"no picture"
    photo = FetchFile(IncomingFile("photo", "photo"), FileTarget(0, "", ""))
    taking_in = open_store(settings, load_library(settings))

    async with running(settings) as sender:
        await passed(lambda: sender.leadership.holds(SENDING))
        async with running(settings) as other:
            await passed(lambda: sender.listener.is_listening and all(each.is_asleep for each in clocks[:2]))
            await other.pipeline.submit([text_from(str(ahmad.chat.id), 1)])
            heard = await ahmad.hears()
            is_standing_by = not other.leadership.holds(SENDING)
        await passed(lambda: all(each.is_asleep for each in clocks[:2]))
        await take(taking_in, text_from("77", 1), photo)
        fetching = server.world.wait_for(lambda: bool(server.calls("getFile")), PATIENCE_SECONDS)
        is_fetched = await asyncio.wrap_future(server.start(fetching))

    await taking_in.close()
    assert "Sudah punya kode?" in heard.text
    assert is_standing_by
    assert is_fetched

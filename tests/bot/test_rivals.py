"""Two programs with one token: each says so, and neither gives up nor storms Telegram."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from bot.backoff import Backoff
from bot.channels.port import ChannelError
from bot.channels.telegram.api import TelegramApi, WebhookState
from bot.channels.telegram.errors import refused
from bot.channels.telegram.libraries import open_api
from bot.channels.telegram.polling import RIVAL_REMEMBERED, Poller
from bot.clock import pause
from bot.diagnosis import Finding, diagnose
from bot.exclusive import only_one
from bot.settings import Settings
from bot.telegram_bot import TelegramBot
from bot.web import WebServer, listen, web_app
from storage.database import Database, connect
from storage.leases import Leases, SeenLease
from tests.bot.clocks import NOON, JumpingClock, passed
from tests.bot.telegram_channels import telegram_channel
from tests.bot.test_around import FakeHealth
from tests.bot.test_telegram import Inbox
from tests.databases import SqliteDatabases
from tests.telegram_server import TelegramServer

CONFLICT = b'{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}'
MINUTE = timedelta(minutes=1)
USUAL = Backoff(timedelta(seconds=1), MINUTE, random.Random(1))


class DisputedApi:
    """Telegram, while another program may take the updates away from us."""

    def __init__(self, clock: JumpingClock) -> None:
        self.clock = clock
        self.refusal: ChannelError | None = refused(409, CONFLICT)
        self.polls = 0

    async def webhook(self) -> WebhookState:
        """Keep the updates."""
        return WebhookState()

    async def get_updates(self, _offset: int, wait: timedelta) -> bytes:
        """Refuse at once, or wait in vain for an update."""
        self.polls += 1
        if self.refusal:
            raise self.refusal
        await pause(self.clock, self.clock.now() + wait)
        return b"[]"


@pytest.fixture
def api() -> DisputedApi:
    return DisputedApi(JumpingClock())


@asynccontextmanager
async def polling(api: DisputedApi) -> AsyncIterator[Poller]:
    """Poll around a block, with the waits of the program."""
    poller = Poller(cast("TelegramApi", api), "1", clock=api.clock, backoff=USUAL)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(poller.run(Inbox().accept, lambda _updates: None))
        yield poller
        running.cancel()


def test_a_conflict_says_what_is_the_matter_and_what_to_do() -> None:
    error = refused(409, CONFLICT)

    assert (error.is_taken, error.alert, error.retryable) == (True, True, True)
    assert "another program uses this bot's token" in error.reason
    assert "stop it" in error.reason


async def test_it_is_said_as_long_as_it_lasts_and_some_minutes_more(api: DisputedApi) -> None:
    async with polling(api) as poller:
        await passed(lambda: api.polls > 5)
        during = poller.trouble(api.clock.now())
        api.refusal = None
        ended_at = api.clock.now()
        await passed(lambda: api.clock.now() > ended_at + MINUTE)
        soon_after = poller.trouble(api.clock.now())
        await passed(lambda: api.clock.now() > ended_at + RIVAL_REMEMBERED + 2 * MINUTE)
        later = poller.trouble(api.clock.now())

    assert "another program" in during
    assert soon_after == during
    assert later == ""


async def test_nobody_is_stormed_while_it_lasts(api: DisputedApi) -> None:
    async with polling(api):
        await passed(lambda: api.clock.now() > NOON + 60 * MINUTE)

    assert 60 <= api.polls <= 200


async def test_a_poller_that_takes_over_after_hours_is_in_no_trouble(api: DisputedApi) -> None:
    api.refusal = None
    poller = Poller(cast("TelegramApi", api), "1", clock=api.clock, backoff=USUAL)
    api.clock.advance(timedelta(hours=9))
    before = poller.trouble(api.clock.now())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(poller.run(Inbox().accept, lambda _updates: None))
        await asyncio.sleep(0)
        after = poller.trouble(api.clock.now())
        running.cancel()

    assert "3 minutes" in before
    assert after == ""


async def test_any_other_complaint_ends_with_the_first_success(api: DisputedApi) -> None:
    api.refusal = refused(401, b'{"ok":false,"description":"Unauthorized"}')
    async with polling(api) as poller:
        await passed(lambda: bool(poller.trouble(api.clock.now())))
        during = poller.trouble(api.clock.now())
        api.refusal = None
        await passed(lambda: not poller.trouble(api.clock.now()))

    assert "401" in during


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


async def test_of_two_programs_with_one_token_both_hear_of_it_and_no_update_is_lost(server: TelegramServer) -> None:
    ahmad, inbox = server.person(), Inbox()
    channels = [telegram_channel(open_api(TelegramBot(token=server.token), server.url)) for _ in range(2)]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run(inbox.accept)) for each in channels]
        await passed(lambda: all("another program" in each.trouble(NOON) for each in channels))
        ahmad.says("halo")
        await inbox.next()
        for each in running:
            each.cancel()
    for channel in channels:
        await channel.close()

    assert inbox.taken


@pytest.fixture
def settings(server: TelegramServer, sqlite_databases: SqliteDatabases, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a program that polls; the doctor looks at it without much patience."""
    monkeypatch.setattr("bot.at_work.SEVERAL_BEATS", timedelta(milliseconds=1))
    return Settings(
        _env_file=None,
        telegram_token=SecretStr(server.token),
        telegram_base_url=server.url,
        database_url=sqlite_databases.new(),
        web_port=0,
    )


async def found(settings: Settings, what: str) -> Finding:
    """Let the doctor look at one thing."""
    (finding,) = await diagnose(settings, [what])
    return finding


async def test_the_doctor_finds_another_program_with_our_token(server: TelegramServer, settings: Settings) -> None:
    rival = telegram_channel(open_api(TelegramBot(token=SecretStr(server.token)), server.url))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(rival.run(Inbox().accept))
        await passed(lambda: bool(server.calls("getUpdates")))
        finding = await found(settings, "telegram")
        running.cancel()
    await rival.close()

    assert not finding.is_well
    assert "another program uses this bot's token" in finding.said


async def test_the_doctor_leaves_a_program_of_ours_alone_and_names_it(
    server: TelegramServer, settings: Settings
) -> None:
    with only_one(settings.database_url):
        finding = await found(settings, "telegram")

    assert (finding.is_well, server.calls("getUpdates")) == (True, [])
    assert f"polling, by process {os.getpid()} on" in finding.said


async def test_the_doctor_sees_on_a_shared_database_whose_lease_is_beating(
    server: TelegramServer, settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.at_work.PROBE", timedelta(0))
    shared = settings.model_copy(update={"database_url": database_url})
    engine = connect(database_url)
    leases = Leases(Database(engine))
    (seen,) = await leases.look(["poll:telegram:1"])
    await leases.take(seen, "another machine:7:abc")
    dead = await found(shared, "telegram")

    class Beating(Leases):
        async def look(self, names: Collection[str]) -> Sequence[SeenLease]:
            await self.beat(dict.fromkeys(names, 1), "another machine:7:abc")
            return await super().look(names)

    monkeypatch.setattr("bot.at_work.Leases", Beating)
    alive = await found(shared, "telegram")
    await engine.dispose()

    assert dead.said.endswith("polling, by nobody now")
    assert alive.said.endswith("polling, by another machine:7:abc")


@pytest.mark.parametrize(("is_database_there", "said"), [(True, "ready, at"), (False, "database: it does not answer")])
async def test_the_doctor_asks_the_running_program(settings: Settings, is_database_there: bool, said: str) -> None:
    with listen("127.0.0.1", 0) as listening:
        web = WebServer(web_app(FakeHealth(database=is_database_there)))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(web.serve([listening]))
            port = listening.getsockname()[1]
            finding = await found(settings.model_copy(update={"web_port": port}), "program")
            web.stop()

    assert (finding.is_well, said in finding.said) == (is_database_there, True), finding.said


async def test_the_doctor_says_when_something_else_answers(settings: Settings, server: TelegramServer) -> None:
    port = urlsplit(server.url).port

    finding = await found(settings.model_copy(update={"web_port": port}), "program")

    assert not finding.is_well
    assert "the running program was expected" in finding.said


async def test_the_doctor_says_when_nothing_runs(settings: Settings) -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]

    finding = await found(settings.model_copy(update={"web_port": port}), "program")

    assert (finding.is_well, "nothing answers" in finding.said) == (True, True)

"""The libraries that talk with Telegram: what holds for each of them beside the contract of channels."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import logging
import select
import socket
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from bot.channels.connections import MOST_CONNECTIONS, Patience
from bot.channels.port import ChannelError
from bot.channels.telegram.aiogram_api import AiogramApi
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.ptb import PtbApi
from bot.channels.telegram.updates import KINDS
from bot.logging import configure_logging
from tests.telegram_server import Fault, TelegramServer
from tests.telegram_server.world import World

PROGRAM = """
import asyncio, sys
from bot.cli import main
from bot.composition import assemble
from bot.channels.telegram.libraries import open_api
from bot.telegram_bot import TelegramBot

async def use():
    api = open_api(TelegramBot(token="1:made-up", library=sys.argv[1]), "http://127.0.0.1:1")
    await api.close()

asyncio.run(use())
print(*sorted({"aiogram", "telegram"} & sys.modules.keys()))
"""
NOW = timedelta(0)
MOMENT = timedelta(milliseconds=100)
LONG = timedelta(seconds=60)
MOST_CALLERS = 200
NOT_SENT = (True, False)
"""It may be tried again, and has not happened."""
_numbers = itertools.count(500)

Open = Callable[..., TelegramApi]


@pytest.fixture(scope="module")
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture(params=[PtbApi, AiogramApi])
def library(request: pytest.FixtureRequest) -> Open:
    opened: Open = request.param
    return opened


@asynccontextmanager
async def line(library: Open, server: TelegramServer, **options: object) -> AsyncIterator[tuple[TelegramApi, World]]:
    """Open a line for a new bot."""
    number = next(_numbers)
    token = f"{number}:very-secret-{number}"
    world = server.bot(token)
    api = library(token, **{"base_url": server.url, **options})
    try:
        yield api, world
    finally:
        await api.close()


def given(world: World, method: str) -> list[dict[str, object]]:
    """Give the parameters of all calls of a method."""
    return [parameters for name, parameters, _ in world.calls if name == method]


@pytest.mark.parametrize(("chosen", "imported"), [("python-telegram-bot", "telegram"), ("aiogram", "aiogram")])
def test_only_the_chosen_library_is_imported(chosen: str, imported: str) -> None:
    command = [sys.executable, "-c", PROGRAM, chosen]

    found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own program

    assert found.stdout.split() == [imported]


async def test_updates_come_as_telegram_wrote_them(library: Open, server: TelegramServer) -> None:
    async with line(library, server) as (api, world):
        server.person(world=world).says("🌳 halo")

        payload = await api.get_updates(0, NOW)

    assert json.loads(payload)[0]["message"]["text"] == "🌳 halo"
    (asked,) = given(world, "getUpdates")
    assert (asked["offset"], asked["timeout"]) == ("0", "0")
    assert json.loads(str(asked["allowed_updates"])) == list(KINDS)


async def test_the_menu_of_all_other_languages_is_set_without_one(library: Open, server: TelegramServer) -> None:
    async with line(library, server) as (api, world):
        await api.set_commands({"menu": "Menu utama"}, "")
        await api.set_commands({"menu": "Main menu"}, "en")

    assert [asked.get("language_code") for asked in given(world, "setMyCommands")] == [None, "en"]
    assert json.loads(str(given(world, "setMyCommands")[0]["commands"])) == [
        {"command": "menu", "description": "Menu utama"}
    ]


async def test_the_bot_knows_its_name_and_stops_the_progress_bar_of_a_tap(
    library: Open, server: TelegramServer
) -> None:
    async with line(library, server) as (api, world):
        name = await api.username()
        await api.answer_tap("tap-7")

    assert name == world.name
    assert [asked["callback_query_id"] for asked in given(world, "answerCallbackQuery")] == ["tap-7"]


async def test_a_webhook_is_set_seen_and_deleted(library: Open, server: TelegramServer) -> None:
    address = "http://127.0.0.1:1/telegram/1"
    async with line(library, server) as (api, _):
        before = await api.webhook()
        await api.set_webhook(address, secret="s" * 32, connections=7)
        during = await api.webhook()
        await api.delete_webhook()
        after = await api.webhook()

    assert [state.url for state in (before, during, after)] == ["", address, ""]
    assert set(during.kinds) == set(KINDS)


async def test_connections_are_shared_and_given_back(library: Open, server: TelegramServer) -> None:
    async with line(library, server) as (api, world):
        chat = str(server.person(world=world).chat.id)
        _, before = server.connections()
        for _ in range(30):
            await api.send_message(chat, "halo", ())
        _, one_by_one = server.connections()
        await together(api, chat, 20)
        await together(api, chat, 20)
        _, at_once = server.connections()

    assert one_by_one - before == 1
    assert at_once - one_by_one <= 20
    assert await nobody_connected(server)


async def together(api: TelegramApi, chat: str, sends: int) -> None:
    """Send so many messages at once."""
    async with asyncio.TaskGroup() as tasks:
        for _ in range(sends):
            tasks.create_task(api.send_message(chat, "halo", ()))


async def nobody_connected(server: TelegramServer) -> bool:
    """Wait until the server has noticed that all connections are closed."""
    while server.connections()[0]:  # noqa: ASYNC110 - it announces nothing; the test's time limit ends it
        await asyncio.sleep(0)
    return True


async def test_what_finds_no_free_connection_has_not_been_sent(library: Open, server: TelegramServer) -> None:
    patience = Patience(free=MOMENT, connect=MOMENT, reply=LONG)
    async with line(library, server, patience=patience) as (api, world):
        chat = str(server.person(world=world).chat.id)
        world.faults.append(Fault("sendMessage", times=1000))

        with pytest.raises(ExceptionGroup) as raised:
            await together(api, chat, MOST_CONNECTIONS + 2)

    assert [flags(error) for error in raised.value.exceptions] == [NOT_SENT] * len(raised.value.exceptions)


async def test_a_connection_that_does_not_come_about_has_sent_nothing(library: Open, server: TelegramServer) -> None:
    with deaf() as address:
        async with line(library, server, base_url=address, patience=Patience(connect=MOMENT)) as (api, _):
            with pytest.raises(ChannelError) as raised:
                await api.send_message("1", "halo", ())

    assert flags(raised.value) == NOT_SENT
    assert "very-secret" not in raised.value.reason + "".join(traceback.format_exception(raised.value))


def flags(error: BaseException) -> tuple[bool, bool]:
    """Tell whether it may be tried again, and whether it may have happened."""
    assert isinstance(error, ChannelError)
    return error.retryable, error.is_uncertain


@contextmanager
def deaf() -> Iterator[str]:
    """A server that takes no connection, because its queue is full."""
    with ExitStack() as open_sockets:
        listening = open_sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(MOST_CALLERS):
            caller = open_sockets.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())
            if not select.select([], [caller], [], MOMENT.total_seconds())[1]:
                break
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("fault", "is_retryable"),
    [
        (Fault("file", 500), True),
        (Fault("file", 429), True),
        (Fault("file", is_cut=True), True),
        (Fault("file"), True),
        (Fault("file", 404), False),
    ],
)
async def test_the_server_of_files_has_troubles_too(
    library: Open, server: TelegramServer, fault: Fault, is_retryable: bool
) -> None:
    async with line(library, server, patience=Patience(reply=MOMENT)) as (api, world):
        server.person(world=world).sends_photo(b"photo")
        world.faults.append(replace(fault))

        with pytest.raises(ChannelError) as raised:
            _ = [chunk async for chunk in api.download("file-0")]

    assert raised.value.retryable is is_retryable
    assert "very-secret" not in "".join(traceback.format_exception(raised.value))


async def test_no_log_names_the_token(library: Open, server: TelegramServer, logged: io.StringIO) -> None:
    configure_logging(level="DEBUG", style="console", stream=logged)
    async with line(library, server) as (api, world):
        chat = str(server.person(world=world).chat.id)
        world.faults += [Fault("sendMessage", 500), Fault("sendMessage", 200, says="<html>")]
        for _ in range(3):
            with suppress(ChannelError):
                await api.send_message(chat, "halo", ())
        await api.get_updates(0, NOW)
    logging.getLogger("test").debug("the log works")

    assert "the log works" in logged.getvalue()
    assert "very-secret" not in logged.getvalue()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    yield io.StringIO()
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()

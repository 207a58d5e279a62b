"""The whole program with Telegram around it: several bots at once, and what is said about their webhooks."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.channels.telegram.updates import KINDS
from bot.cli import main
from bot.cli.telegram import set_webhook
from bot.settings import Settings
from bot.web import address_of, listen
from tests.bot.clocks import NOON, JumpingClock
from tests.bot.programs import running
from tests.bot.webhooks import SECRET
from tests.telegram_server import Fault, TelegramServer
from tests.telegram_server.world import World

SECOND = "2:another"
BOTS = [
    {"token": TelegramServer.token, "updates": "webhook", "webhook_secret": SECRET},
    {"token": SECOND, "updates": "polling"},
]
Command = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture
def second(server: TelegramServer) -> World:
    return server.bot(SECOND)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as found:
        yield found


@pytest.fixture
def jemputbola(
    server: TelegramServer,
    second: World,
    listening: socket.socket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    """Run commands with a bot that is brought its updates, and another one that polls."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_BASE_URL", server.url)
    monkeypatch.setenv("JEMPUTBOLA_TELEGRAM_BOTS", json.dumps(BOTS))
    monkeypatch.setenv("JEMPUTBOLA_PUBLIC_URL", address_of(listening))
    monkeypatch.setenv("JEMPUTBOLA_WEB_PORT", "0")
    monkeypatch.setattr("bot.at_work.PROBE", timedelta(0))
    monkeypatch.setattr("bot.at_work.SEVERAL_BEATS", timedelta(0))
    return lambda *words: CliRunner().invoke(main, words, catch_exceptions=False)


async def test_several_bots_in_one_process_each_talk_with_their_own_people(
    jemputbola: Command, server: TelegramServer, second: World, listening: socket.socket
) -> None:
    assert (await asyncio.to_thread(jemputbola, "telegram", "webhook", "set")).exit_code == 0
    ahmad, siti = server.person("Ahmad"), server.person("Siti", world=second)

    async with running(listening):
        ahmad.says("halo")
        siti.says("halo")
        heard = [(await each.hears()).text for each in (ahmad, siti)]

    assert "Sudah punya kode?" in heard[0]
    assert heard[0] == heard[1]
    assert {given["chat_id"] for given in server.calls("sendMessage")} == {str(ahmad.chat.id)}
    assert not server.world.updates


def test_setting_a_webhook_tells_telegram_all_it_needs(
    jemputbola: Command, server: TelegramServer, second: World, listening: socket.socket
) -> None:
    said = jemputbola("telegram", "webhook", "set", "--connections", "40").output

    (given,) = server.calls("setWebhook")
    assert said == f"Bot 1: Telegram brings updates to {address_of(listening)}/telegram/1\n"
    assert (given["url"], given["secret_token"]) == (f"{address_of(listening)}/telegram/1", SECRET)
    assert (given["max_connections"], json.loads(given["allowed_updates"])) == ("40", list(KINDS))
    assert given.get("drop_pending_updates", "false").lower() == "false"
    assert not second.webhook


async def test_setting_a_webhook_waits_as_long_as_telegram_asks_for(
    jemputbola: Command, server: TelegramServer
) -> None:
    settings, clock = Settings(), JumpingClock()
    server.fails(Fault("setWebhook", 429, retry_after=1, times=2))

    await set_webhook(settings, settings.bots[0], 100, clock)

    assert clock.now() == NOON + timedelta(seconds=2)
    assert server.world.webhook == settings.webhook_url(settings.bots[0])


def test_what_telegram_refuses_is_said_without_the_token(jemputbola: Command, server: TelegramServer) -> None:
    server.fails(Fault("setWebhook", 400))

    result = jemputbola("telegram", "webhook", "set")

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert server.token not in result.output


def test_a_webhook_cannot_be_set_for_a_bot_that_polls(jemputbola: Command) -> None:
    result = jemputbola("telegram", "webhook", "set", "--bot", "2")

    assert result.exit_code == 1
    assert "JEMPUTBOLA_TELEGRAM_UPDATES=webhook" in result.output


def test_deleting_a_webhook_keeps_what_waits(jemputbola: Command, server: TelegramServer, second: World) -> None:
    server.do(second.set_webhook("http://127.0.0.1:1/another-program"))
    server.do(second.announce(message={"chat": {"id": 7}}))

    said = jemputbola("telegram", "webhook", "delete").output

    assert "Bot 1: Telegram keeps the updates until they are asked for. Nobody asks: switch" in said
    assert said.endswith("Bot 2: Telegram keeps the updates until they are asked for.\n")
    assert (second.webhook, len(second.updates)) == ("", 1)


def test_the_state_of_all_webhooks_is_told_in_plain_words(
    jemputbola: Command, server: TelegramServer, second: World
) -> None:
    before = jemputbola("telegram", "webhook", "info").output
    jemputbola("telegram", "webhook", "set")
    server.do(second.set_webhook("http://elsewhere.example/path"))
    after = jemputbola("telegram", "webhook", "info").output

    assert "Bot 1, @jemputbola_bot, webhook" in before
    assert "brings the updates nowhere: run `jemputbola telegram webhook set`" in before
    assert "Bot 2, @jemputbola2_bot, polling\n  Telegram keeps updates until they are asked for" in before
    assert before.count("In order.") == after.count("In order.") == 1
    assert "Telegram brings its updates to elsewhere.example: run `jemputbola telegram webhook delete`" in after


def test_a_failure_is_told_with_what_to_do(jemputbola: Command, server: TelegramServer) -> None:
    jemputbola("telegram", "webhook", "set")
    assert server.world.deliveries
    server.world.deliveries.failure = "Wrong response from the webhook: 403 Forbidden"

    said = jemputbola("telegram", "webhook", "info", "--bot", "1").output

    assert "403 Forbidden': the webhook secret is not the one of the settings" in said


def test_the_doctor_looks_at_every_bots_webhook(jemputbola: Command) -> None:
    before = jemputbola("doctor")
    jemputbola("telegram", "webhook", "set")
    after = jemputbola("doctor")

    assert (before.exit_code, after.exit_code) == (1, 0), after.output
    assert "BAD telegram: @jemputbola_bot: Telegram brings the updates nowhere" in before.output
    assert "ok  telegram: @jemputbola_bot: webhook, in order; @jemputbola2_bot: polling, by nobody now" in after.output


def test_without_any_bot_there_is_nothing_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["telegram", "webhook", "info"], catch_exceptions=False)

    assert result.exit_code == 1
    assert "docs/telegram.md" in result.output


def test_invitations_lead_to_the_first_bot_or_the_one_that_is_named(jemputbola: Command) -> None:
    jemputbola("district", "add", "16.07", "--year", "2026")
    invitation = ("invite", "16.07", "--role", "coordinator", "--name", "Rina")

    first = jemputbola(*invitation).output
    named = jemputbola(*invitation, "--bot", "2").output
    unknown = jemputbola(*invitation, "--bot", "3")

    assert "https://t.me/jemputbola_bot?start=" in first
    assert "https://t.me/jemputbola2_bot?start=" in named
    assert (unknown.exit_code, "1, 2" in unknown.output) == (1, True)

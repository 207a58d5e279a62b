"""What Telegram's account of a webhook means, and how it is watched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from bot.channels.telegram import webhook_watch
from bot.channels.telegram.api import WebhookState
from bot.channels.telegram.ptb import PtbApi
from bot.channels.telegram.updates import KINDS
from bot.channels.telegram.webhook_state import complaint, remedy
from bot.channels.telegram.webhook_watch import LOOK_EVERY, WebhookWatch
from tests.bot.clocks import NOON, JumpingClock
from tests.bot.telegram_channels import QUICK
from tests.telegram_server import Fault, TelegramServer

OURS = "https://kla.example.go.id/telegram/1"


def failing(*, waiting: int) -> WebhookState:
    """Give the state of a webhook that failed at noon."""
    failure = "Wrong response from the webhook: 502 Bad Gateway"
    return WebhookState(url=OURS, kinds=KINDS, waiting=waiting, failed_at=NOON, failure=failure)


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.mark.parametrize(
    "state",
    [
        WebhookState(url=OURS, kinds=KINDS),
        WebhookState(url="https://KLA.example.go.id:443/telegram/1", kinds=tuple(reversed(KINDS))),
        failing(waiting=0),
    ],
    ids=["as set", "written otherwise", "works again"],
)
def test_a_webhook_that_works_gives_no_reason_to_complain(state: WebhookState) -> None:
    assert complaint(state, OURS, NOON) == ""


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (WebhookState(), "brings the updates nowhere: run `jemputbola telegram webhook set`"),
        (WebhookState(url="https://other.example/secret", kinds=KINDS), "to other.example and not to https://kla"),
        (WebhookState(url="http://kla.example.go.id/telegram/1", kinds=KINDS), "not to https://kla"),
        (WebhookState(url=OURS, kinds=("message",)), "other kinds of updates"),
        (failing(waiting=3), "3 updates wait; Telegram says 'Wrong response"),
    ],
    ids=["none", "elsewhere", "without TLS", "other kinds", "fails"],
)
def test_what_is_wrong_with_a_webhook_is_said(state: WebhookState, expected: str) -> None:
    said = complaint(state, OURS, NOON + timedelta(minutes=1))

    assert expected in said
    assert "secret" not in said


def test_an_old_failure_is_no_reason_to_complain() -> None:
    assert complaint(failing(waiting=1), OURS, NOON + timedelta(hours=1)) == ""


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        ("Wrong response from the webhook: 403 Forbidden", "secret"),
        ("Wrong response from the webhook: 502 Bad Gateway", "not running"),
        ("Connection refused", "reverse proxy"),
        ("Connection timed out", "firewall"),
        ("Read timeout expired", "in time"),
        ("SSL error {error:0A000086:SSL routines::certificate verify failed}", "certificate"),
        ("Failed to resolve host: Name or service not known", "DNS"),
        ("something that Telegram has never said before", "the log"),
    ],
)
def test_telegrams_wording_of_a_failure_leads_to_what_to_do(failure: str, expected: str) -> None:
    assert expected in remedy(failure)


async def test_a_webhook_is_looked_at_again_and_again_and_complained_about_while_it_is_wrong(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_watch, "_log", structlog.get_logger())  # one that no earlier test has bound for good
    server.fails(Fault("getWebhookInfo", 500, times=2))
    clock, api = JumpingClock(), PtbApi(server.token, base_url=server.url)
    watch = WebhookWatch(api, "1", OURS, clock=clock, backoff=QUICK)

    with capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch.run())
            enough = server.world.wait_for(lambda: len(server.calls("getWebhookInfo")) >= 5, 20)
            assert await asyncio.wrap_future(server.start(enough))
            watching.cancel()
    await api.close()

    assert [each["event"] for each in logs][:4] == ["webhook_unknown"] * 2 + ["webhook_wrong"] * 2
    assert clock.now() - NOON >= 2 * LOOK_EVERY

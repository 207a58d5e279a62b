"""What stands around the turns: logs, pages, chores."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import structlog
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.exclusive import RunningAlreadyError, only_one
from bot.housekeeping import Caretaker
from bot.leadership import Tenure
from bot.logging import configure_logging
from bot.web import address_of, listen, web_app
from tests.bot.clocks import NOON, JumpingClock


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    written = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers, root.level)
    yield written
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()


def secretive(words: str) -> None:
    raise ValueError(words)


@pytest.mark.parametrize("style", ["json", "console"])
def test_logs_hold_no_answers_names_or_secrets(logged: io.StringIO, style: str) -> None:
    configure_logging(level="INFO", style="json" if style == "json" else "console", stream=logged)
    log = structlog.get_logger("test")
    secret = "".join(reversed("aisahar"))
    try:
        secretive(secret)
    except ValueError:
        log.exception("broken", name=secret, text=secret, token=secret, outbox=7)

    assert secret not in logged.getvalue()
    assert "secretive" in logged.getvalue()


def test_json_logs_are_json(logged: io.StringIO) -> None:
    configure_logging(level="INFO", style="json", stream=logged)

    structlog.get_logger("test").info("send_failed", outbox=7)

    line = json.loads(logged.getvalue())
    assert (line["event"], line["outbox"], line["level"]) == ("send_failed", 7, "info")


def test_the_http_library_does_not_log_addresses_with_tokens(logged: io.StringIO) -> None:
    configure_logging(level="DEBUG", style="json", stream=logged)

    logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot123:secret/sendMessage")

    assert logged.getvalue() == ""


class FakeHealth:
    """Says what it was told to say."""

    def __init__(self, *, live: bool = True, database: bool = True) -> None:
        self._live = "" if live else "no turns are taken"
        self._database = "" if database else "it does not answer"
        self.is_measured = False

    async def live(self) -> Mapping[str, str]:
        """Tell of the pipeline."""
        return {"pipeline": self._live}

    async def ready(self) -> Mapping[str, str]:
        """Tell of the database too."""
        return {"pipeline": self._live, "database": self._database}

    async def measure(self) -> None:
        """Note that somebody asked."""
        self.is_measured = True


async def ask(path: str, health: FakeHealth | None = None) -> httpx.Response:
    async def mounted(_request: object) -> PlainTextResponse:
        return PlainTextResponse("simulator")

    app = web_app(health or FakeHealth(), [Route("/", mounted), Route("/healthz", mounted)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get(path)


async def test_a_program_is_alive_while_its_database_is_away() -> None:
    answer = await ask("/healthz", FakeHealth(database=False))

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "pipeline": True})


async def test_a_program_that_takes_no_turns_is_not_alive() -> None:
    answer = await ask("/healthz", FakeHealth(live=False))

    assert (answer.status_code, answer.json()) == (503, {"ok": False, "pipeline": "no turns are taken"})


async def test_a_program_without_its_database_is_not_ready_and_says_so() -> None:
    answer = await ask("/readyz", FakeHealth(database=False))

    assert (answer.status_code, answer.json()) == (
        503,
        {"ok": False, "pipeline": True, "database": "it does not answer"},
    )


async def test_figures_are_read_when_somebody_asks_for_them() -> None:
    health = FakeHealth()

    answer = await ask("/metrics", health)

    assert health.is_measured
    assert "jemputbola_turns_total" in answer.text


async def test_a_channel_can_bring_pages_along() -> None:
    assert (await ask("/")).text == "simulator"


def test_any_free_port_can_be_taken_and_its_address_told() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]

        assert address_of(listening) == f"http://127.0.0.1:{port}"


async def test_a_chore_that_fails_is_survived() -> None:
    done: list[datetime] = []

    async def broken(at: datetime) -> None:
        done.append(at)
        raise RuntimeError

    caretaker = Caretaker({"broken": (timedelta(hours=1), broken)}, JumpingClock())

    await caretaker.attempt("broken", broken)

    assert done == [NOON]


async def test_a_caretaker_keeps_the_times_until_it_is_broken_off_and_again() -> None:
    async def chore(_at: datetime) -> None:
        raise AssertionError("not due yet")

    caretaker = Caretaker({"chore": (timedelta(hours=1), chore)}, JumpingClock())
    tenure = Tenure("chores", 1, JumpingClock(), None)

    for _ in range(2):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(caretaker.run(tenure))
            await asyncio.sleep(0)
            running.cancel()
        assert running.cancelled()


def test_a_second_program_on_the_same_file_is_refused_by_whatever_name(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "x.db"
    file.parent.mkdir()
    (tmp_path / "link.db").symlink_to(file)
    names = (str(file), f"{tmp_path}/deep/../deep/x.db", f"{tmp_path}/link.db", f"{file}?timeout=9")

    with only_one(f"sqlite+aiosqlite:///{file}") as is_ours:
        for name in names:
            with pytest.raises(RunningAlreadyError) as refused, only_one(f"sqlite+aiosqlite:///{name}"):
                pass
            assert f"{file}; process {os.getpid()} on" in str(refused.value)

    assert is_ours
    with only_one(f"sqlite+aiosqlite:///{file}") as is_ours_again:
        assert is_ours_again


def test_a_database_server_is_shared() -> None:
    with only_one("postgresql+asyncpg://localhost/x") as is_ours:
        assert not is_ours

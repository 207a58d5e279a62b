"""The program is asked to stop while people answer and Telegram hangs: it is gone in time, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest

from tests.faults.installation import Installation
from tests.faults.respondents import ANSWERS, Respondent, calls
from tests.telegram_server import TelegramServer
from tests.telegram_server.world import Fault

PEOPLE = 8
MOST_SECONDS = 10
"""What Docker, Kubernetes and systemd are told to give before they kill."""


@pytest.mark.timeout(240)  # two starts on a busy machine
async def test_a_stop_in_full_flight_is_over_in_ten_seconds_and_loses_nothing(
    server: TelegramServer, tmp_path: Path
) -> None:
    installation = Installation(tmp_path, server)
    codes = await installation.invite(PEOPLE)
    everybody = [
        Respondent(server.person(f"Kepala {each}"), code, random.Random(each)) for each, code in enumerate(codes)
    ]

    seconds, stopped = await _stop_while_telegram_hangs(installation, server, everybody)
    ended = await installation.stop()

    acknowledged = {key: value for each in everybody for key, value in each.acknowledged.items()}
    answers, changes = installation.answers(), installation.changes()
    assert (stopped, ended) == (0, 0), installation.log
    assert "stop_cut_off" in installation.log
    assert seconds < MOST_SECONDS
    assert len(acknowledged) == PEOPLE * ANSWERS
    assert {key: answers.get(key) for key in acknowledged} == acknowledged
    assert {key: changes[key] for key in acknowledged} == dict.fromkeys(acknowledged, 1)


async def _stop_while_telegram_hangs(
    installation: Installation, server: TelegramServer, everybody: list[Respondent]
) -> tuple[float, int]:
    """Give how long the stop took, and how it ended; then start again, until everybody has answered."""
    installation.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            for each in everybody:
                tasks.create_task(each.answer_questions())
            await calls(server, 3 * PEOPLE, "sendMessage")
            server.fails(Fault("sendMessage", times=1000))
            await calls(server, len(server.calls("sendMessage")) + PEOPLE // 2, "sendMessage")
            since = time.monotonic()
            stopped = await installation.stop()
            seconds = time.monotonic() - since
            server.world.faults.clear()
            installation.start()
    except BaseException:
        installation.kill()
        raise
    return seconds, stopped

"""The program is killed at any moment, and nothing that was acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.faults.installation import Installation
from tests.faults.respondents import ANSWERS, Respondent, calls
from tests.telegram_server import TelegramServer

PEOPLE = 20
KILLS = 10
SEED = 20260312
FEWEST_CALLS, MOST_CALLS = 5, 45
"""The plug is pulled after so many calls to Telegram since the start before."""


@pytest.mark.timeout(420)  # a start takes seconds on a busy machine, and there are eleven
async def test_no_acknowledged_answer_is_lost_or_doubled_however_often_the_program_is_killed(
    server: TelegramServer, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    installation = Installation(tmp_path, server)
    codes = await installation.invite(PEOPLE)
    everybody = [
        Respondent(server.person(f"Kepala {place}"), code, random.Random(place)) for place, code in enumerate(codes)
    ]

    await _answer_while_killing(installation, server, everybody, chance)
    exit_code = await installation.stop()

    answers, changes = installation.answers(), installation.changes()
    acknowledged = {key: value for each in everybody for key, value in each.acknowledged.items()}
    assert exit_code == 0, installation.log
    assert len(acknowledged) == PEOPLE * ANSWERS
    assert {key: answers.get(key) for key in acknowledged} == acknowledged
    assert {key: changes[key] for key in acknowledged} == dict.fromkeys(acknowledged, 1)


async def _answer_while_killing(
    installation: Installation, server: TelegramServer, everybody: list[Respondent], chance: random.Random
) -> None:
    installation.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            for each in everybody:
                tasks.create_task(each.answer_questions())
            for _ in range(KILLS):
                await calls(server, len(server.world.calls) + chance.randint(FEWEST_CALLS, MOST_CALLS))
                installation.kill()
                installation.start()
    except BaseException:
        installation.kill()
        raise

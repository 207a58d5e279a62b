"""The program is killed at any moment, and nothing that was acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversations.taps import Tap, Verb, read_tap
from tests.faults.installation import Answer, Installation
from tests.telegram_server import Person, TelegramServer
from tests.telegram_server.world import Bubble

PEOPLE = 20
KILLS = 10
ANSWERS = 6
"""How many questions everybody answers after their registration."""
MOST_STEPS = 60
PATIENCE_SECONDS = 90.0
SEED = 20260312
FEWEST_CALLS, MOST_CALLS = 5, 45
"""The plug is pulled after so many calls to Telegram since the start before."""

ONWARD = (Verb.JOIN, Verb.CONTINUE, Verb.SKIP, Verb.OPEN, Verb.MENU)
"""What to tap when there is no answer to tap, best first."""


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


class Respondent:
    """Somebody who taps their way through the questions, and remembers what was acknowledged."""

    def __init__(self, person: Person, code: str, chance: random.Random) -> None:
        self.person = person
        self.acknowledged: dict[Answer, str] = {}
        self._code = code
        self._chance = chance
        self._seen: set[str] = set()

    async def answer_questions(self) -> None:
        """Go on until enough answers have been acknowledged."""
        self.person.says(f"/start {self._code}")
        open_answer: tuple[Answer, str] | None = None
        for _ in range(MOST_STEPS):
            bubble = await self._next()
            if open_answer:
                self.acknowledged[open_answer[0]] = open_answer[1]
            if len(self.acknowledged) >= ANSWERS:
                return
            label, tap = self._choose(bubble)
            open_answer = _meant(tap)
            self.person.taps(label)
        raise AssertionError(f"{len(self.acknowledged)} answers after {MOST_STEPS} steps: {self.person.heard[-1]}")

    async def _next(self) -> Bubble:
        """Wait for something new to choose from; a reply that comes twice was sent again after a crash."""
        while True:
            bubble = await self.person.hears(within=PATIENCE_SECONDS)
            if bubble.buttons and str(bubble.buttons) + bubble.text not in self._seen:
                self._seen.add(str(bubble.buttons) + bubble.text)
                return bubble

    def _choose(self, bubble: Bubble) -> tuple[str, Tap]:
        buttons = [(label, tap) for row in bubble.buttons for label, data in row if (tap := read_tap(data))]
        answers = [(label, tap) for label, tap in buttons if tap.verb is Verb.ANSWER]
        if answers:
            return self._chance.choice(answers)
        onward = [each for verb in ONWARD for each in buttons if each[1].verb is verb]
        assert onward, f"nothing to tap in {bubble}"
        return onward[0]


def _meant(tap: Tap) -> tuple[Answer, str] | None:
    if tap.verb is not Verb.ANSWER:
        return None
    return (tap.number(0), tap.text(1)), tap.text(2)


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
                await _calls(server, len(server.world.calls) + chance.randint(FEWEST_CALLS, MOST_CALLS))
                installation.kill()
                installation.start()
    except BaseException:
        installation.kill()
        raise


async def _calls(server: TelegramServer, number: int) -> None:
    """Wait until Telegram has been called so many times."""
    enough = server.world.wait_for(lambda: len(server.world.calls) >= number, PATIENCE_SECONDS)
    assert await asyncio.wrap_future(server.start(enough)), "the program called Telegram no more"

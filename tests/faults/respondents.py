"""People who answer whatever happens to the program, and remember what was acknowledged."""

from __future__ import annotations

import asyncio
import random

from conversations.taps import Tap, Verb, read_tap
from tests.faults.installation import Answer
from tests.telegram_server import Person, TelegramServer
from tests.telegram_server.world import Bubble

ANSWERS = 6
"""How many questions everybody answers after their registration."""
MOST_STEPS = 60
PATIENCE_SECONDS = 90.0

ONWARD = (Verb.JOIN, Verb.CONTINUE, Verb.SKIP, Verb.OPEN, Verb.MENU)
"""What to tap when there is no answer to tap, best first."""


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


async def calls(server: TelegramServer, number: int, method: str = "") -> None:
    """Wait until Telegram has been called so many times (by this method)."""

    def is_enough() -> bool:
        return len(server.calls(method) if method else server.world.calls) >= number

    enough = server.world.wait_for(is_enough, PATIENCE_SECONDS)
    assert await asyncio.wrap_future(server.start(enough)), "the program called Telegram no more"

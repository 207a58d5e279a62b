"""People who answer whatever happens to the program, and remember what they have said."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import defaultdict
from typing import Any

from conversations.taps import Tap, Verb, read_tap
from indicators.form import Form, QuestionKind
from storage.kept import Answer
from tests.faults.platforms import Heard, Writer

PATIENCE_SECONDS = 90.0
"""How long somebody waits for a reply: longer than any fault lasts."""
SHARE_WITH_PHOTO = 0.3
"""How many of the questions for evidence are answered with a photo."""
PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
"""How a JPEG file begins."""

ONWARD = (Verb.JOIN, Verb.YES, Verb.ENOUGH, Verb.CONTINUE, Verb.SKIP, Verb.OPEN, Verb.MENU)
"""What to tap when there is no answer to give, best first."""
BACK = (":gaps", ":evidence")
"""How buttons end that lead to what was skipped: it looks as it did before, like a reply that is sent again."""

Labelled = tuple[str, Tap]
"""What a button carries, as it is and decoded."""


class Respondent:
    """Somebody who waits for each reply, and then taps, types or sends a photo, in a way that never gets one twice."""

    def __init__(self, person: Writer, code: str, form: Form, chance: random.Random) -> None:
        self.person = person
        self.said: defaultdict[Answer, list[str]] = defaultdict(list)
        """What was said to each question, in order; no two in a row are the same."""
        self.photos: set[str] = set()
        """SHA-256 of what was sent as evidence."""
        self.events = 0
        """How often they have done something."""
        self.replies = 0
        """How often the bot has answered them."""
        self._code = code
        self._form = form
        self._chance = chance
        self._seen: set[str] = set()
        self._texts: dict[Answer, Heard] = {}
        """Questions for words, which may be answered again and again in a reply."""
        self._bubble: Heard | None = None

    async def answer_until(self, enough: asyncio.Event) -> None:
        """Go on until it is enough and the last thing that was said has its reply."""
        while not enough.is_set():
            await self.go_on()

    async def go_on(self) -> None:
        """Do the next thing and wait for its reply.

        Raises:
            AssertionError: there was none for a minute and a half.
        """
        self.events += 1
        if self._bubble is None:
            self.person.says(f"/start {self._code}")
        else:
            self._act(self._bubble)
        self._bubble = await self._next()
        self.replies += 1

    async def _next(self) -> Heard:
        """Wait for something new to choose from; what comes twice was sent again after a crash."""
        while True:
            bubble: Heard = await self.person.hears(within=PATIENCE_SECONDS)
            appearance = f"{bubble.text} {bubble.buttons}"
            if bubble.buttons and appearance not in self._seen:
                self._seen.add(appearance)
                return bubble

    def _act(self, bubble: Heard) -> None:
        buttons = [(data, tap) for row in bubble.buttons for _, data in row if (tap := read_tap(data))]
        answers = [each for each in buttons if each[1].verb is Verb.ANSWER]
        asked = next((_question_of(tap) for _, tap in buttons if tap.verb is Verb.SKIP), None)
        if answers:
            self._choose(bubble, answers)
        elif asked and self._is_answered_without_button(asked, bubble):
            return
        elif onward := [each for verb in ONWARD for each in buttons if _leads_on(each, verb)]:
            self._press(bubble, onward[0])
        else:
            self._change_words()

    def _choose(self, bubble: Heard, answers: list[Labelled]) -> None:
        """Take any choice; the first where there was none yet, because more questions follow from it."""
        chosen = self._chance.choice(answers) if self.said else answers[0]
        self.said[_question_of(chosen[1])].append(chosen[1].text(2))
        self._press(bubble, chosen)

    def _press(self, bubble: Heard, button: Labelled) -> None:
        self.person.presses(bubble, button[0])

    def _is_answered_without_button(self, asked: Answer, bubble: Heard) -> bool:
        """Type words or send a photo where that is asked for; tell whether it was."""
        question = self._form.question_by_name.get(asked[1])
        if question and question.kind is QuestionKind.TEXT:
            self._texts[asked] = bubble
            self._say(asked)
            return True
        if question and question.is_evidence and self._chance.random() < SHARE_WITH_PHOTO:
            self._send_photo()
            return True
        return False

    def _say(self, asked: Answer, reply_to: Any = None) -> None:
        words = f"Nomor {len(self.said[asked]) + 1} Tahun 2024"
        self.said[asked].append(words)
        if reply_to is None:
            self.person.says(words)
        else:
            self.person.says(words, reply_to=reply_to)

    def _send_photo(self) -> None:
        content = PHOTO + self._chance.randbytes(2000)
        self.photos.add(hashlib.sha256(content).hexdigest())
        self.person.sends_photo(content)

    def _change_words(self) -> None:
        """The form is at its end: change an answer in words, in reply to the newest copy of its question."""
        asked = self._chance.choice(list(self._texts))
        question = self._texts[asked]
        copies = [each for each in self.person.heard if (each.text, each.buttons) == (question.text, question.buttons)]
        self._say(asked, reply_to=copies[-1].id)


def _leads_on(button: Labelled, verb: Verb) -> bool:
    return button[1].verb is verb and not button[0].endswith(BACK)


def _question_of(tap: Tap) -> Answer:
    return tap.number(0), tap.text(1)

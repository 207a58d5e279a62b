"""What somebody does with a message of the bot's: tap, type, send a photo, get it wrong."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.rehearsal.habits import Habit
from conversations.events import ChoiceTapped, Event, FileReceived, IncomingFile, TextReceived
from conversations.messages import Message
from conversations.taps import Tap, Verb, read_tap
from indicators.form import REPEAT_MARK, Form, Question, QuestionKind

WORDS = "Nomor 5 Tahun 2024"
FITTING = {
    "anak_l": "620",
    "anak_p": "580",
    "usia_0_4": "300",
    "usia_5_11": "500",
    "usia_12_17": "400",
    "anak": "1200",
}
"""Numbers that have to fit to each other."""
NUMBERS = ("12", "2024", "0", "3")
"""For other questions; tried one after the other until one is accepted."""
ODD = ("seribu lebih sedikit", "-4", "ya pak nanti", "???", "0812 1234 5678", "sudah dijawab kemarin")
"""What comes in place of an answer."""
MOST_TRIES = 5
"""Whoever has answered a question so often without being understood leaves it out."""
FIRST_CHOICE = 0.7
"""How often the first choice is taken, from which more questions follow."""
ONWARD = (Verb.YES, Verb.ATTACH, Verb.ENOUGH, Verb.SKIP)
"""What to tap when there is nothing to say, best first."""

Key = tuple[int, str]
"""Of a question: assignment and name."""


class Offered(NamedTuple):
    """A button of ours."""

    data: str
    tap: Tap


class Errand(NamedTuple):
    """A button that somebody looks for, wherever it stands."""

    verb: Verb
    what: str
    """Its first argument."""

    def find(self, offered: Sequence[Offered]) -> Offered | None:
        """Give the button, if it is there."""
        return next((each for each in offered if each.tap.verb is self.verb and each.tap.text(0) == self.what), None)


Errands = Sequence[Errand | str]
"""What somebody does one after the other: buttons, and what they type."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does, and what it is meant to answer."""

    event: Event
    key: Key | None = None
    value: str = ""
    """Empty: an odd reply, a photo, or no answer at all."""
    photo: str = ""
    """Reference of the photo that is sent."""


def offers(message: Message) -> list[Offered]:
    """Give the buttons of a message that are ours."""
    data = (button.data for row in message.buttons for button in row)
    return [Offered(each, tap) for each in data if (tap := read_tap(each))]


def asked_in(offered: Sequence[Offered]) -> Key | None:
    """Give the question under which these buttons stand."""
    return next((question_of(each) for each in offered if each.tap.verb is Verb.SKIP), None)


def question_of(offered: Offered) -> Key:
    """Give the question that a button belongs to."""
    return offered.tap.number(0), offered.tap.text(1)


class Answering:
    """One person's way through the questions."""

    def __init__(self, habit: Habit, form: Form, chance: random.Random, *, name: str) -> None:
        self.is_sending = habit.is_sending
        """Whether they hand the answers over when there is nothing more to be asked."""
        self._habit = habit
        self._form = form
        self._chance = chance
        self._name = name
        self._tries: Counter[Key] = Counter()
        self._photos = 0
        self._has_gone_back = False
        """To what was left out."""

    def go_on(self) -> None:
        """Take it up again after a reminder: what is left out is looked at once more, and handed over."""
        self.is_sending = True
        self._has_gone_back = False
        self._tries.clear()

    def deed(self, offered: Sequence[Offered], at: datetime) -> Deed | None:
        """Say what they do at this moment when they see these buttons; None: nothing more."""
        asked = asked_in(offered)
        if asked:
            return self._answer(asked, offered, at)
        if any(each.tap.verb is Verb.ANSWER for each in offered):
            return self._choose(offered, at)
        tapped = _first(offered, *ONWARD) or self._lead(offered)
        return Deed(ChoiceTapped(at=at, data=tapped.data)) if tapped else None

    def _answer(self, asked: Key, offered: Sequence[Offered], at: datetime) -> Deed:
        tries = self._tries[asked]
        self._tries[asked] += 1
        question = self._form.question_by_name.get(asked[1].partition(REPEAT_MARK)[0])
        if question and tries < MOST_TRIES:
            if not tries and self._is_odd(question):
                return Deed(TextReceived(at=at, text=self._chance.choice(ODD)), asked)
            if found := self._fitting(question, asked, offered, at):
                return found
        tapped = _first(offered, Verb.ENOUGH, Verb.SKIP)
        assert tapped
        return Deed(ChoiceTapped(at=at, data=tapped.data))

    def _is_odd(self, question: Question) -> bool:
        is_plain = question.is_evidence or question.kind is QuestionKind.TEXT
        return not is_plain and self._chance.random() < self._habit.mistakes

    def _fitting(self, question: Question, asked: Key, offered: Sequence[Offered], at: datetime) -> Deed | None:
        """Answer this question as it wants to be answered; None: it is left out."""
        tries = self._tries[asked] - 1
        if question.is_evidence:
            return self._photo(asked, at) if not tries and self._chance.random() < self._habit.photos else None
        if question.kind is QuestionKind.TEXT:
            return Deed(TextReceived(at=at, text=WORDS), asked, WORDS)
        if question.kind is QuestionKind.INTEGER:
            number = FITTING.get(asked[1]) if not tries else None
            number = number or NUMBERS[tries % len(NUMBERS)]
            return Deed(TextReceived(at=at, text=number), asked, number)
        if question.kind is QuestionKind.SELECT_MULTIPLE:
            ticked = _first(offered, Verb.TOGGLE) if not tries else None
            return Deed(ChoiceTapped(at=at, data=ticked.data), asked) if ticked else None
        return self._choose(offered, at)

    def _photo(self, asked: Key, at: datetime) -> Deed:
        self._photos += 1
        reference = f"{self._name}-{self._photos}"
        file = IncomingFile(reference, "photo", size_bytes=100)
        return Deed(FileReceived(at=at, message=reference, file=file), asked, photo=reference)

    def _choose(self, offered: Sequence[Offered], at: datetime) -> Deed | None:
        choices = [each for each in offered if each.tap.verb is Verb.ANSWER]
        if not choices:
            return None
        chosen = choices[0] if self._chance.random() < FIRST_CHOICE else self._chance.choice(choices)
        return Deed(ChoiceTapped(at=at, data=chosen.data), question_of(chosen), chosen.tap.text(2))

    def _lead(self, offered: Sequence[Offered]) -> Offered | None:
        """Find the way on where no question is open: to what was left out, once, and then to the end."""
        send = _first(offered, Verb.SEND)
        if send is None:
            is_card = _first(offered, Verb.REVIEW)  # of a row: begin with its first question, else put right one's own
            to_open = _first(offered, Verb.OPEN) if is_card else _last(offered, Verb.OPEN)
            return to_open or _first(offered, Verb.CONTINUE)
        if not self._has_gone_back and (gaps := _first(offered, Verb.CONTINUE)):
            self._has_gone_back = True
            return gaps
        return send if self.is_sending else None


def _first(offered: Sequence[Offered], *verbs: Verb) -> Offered | None:
    found = (each for verb in verbs for each in offered if each.tap.verb is verb)
    return next(found, None)


def _last(offered: Sequence[Offered], verb: Verb) -> Offered | None:
    return _first(tuple(reversed(offered)), verb)

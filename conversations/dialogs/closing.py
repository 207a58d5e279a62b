"""What can still be done when the time for answers is over."""

from __future__ import annotations

from conversations.forms import Filling
from conversations.messages import Button
from conversations.taps import Verb, tap
from conversations.turn import Turn, column


def say_closed(turn: Turn, filling: Filling) -> None:
    """Say that nothing can be changed any more, and offer what can be done instead."""
    texts = turn.texts
    see = Button(texts.plain("button.see_answers"), tap(Verb.ANSWERS, filling.assignment.id))
    turn.say(texts("closed"), column(see, Button(texts.plain("button.ask"), tap(Verb.MENU, "ask"))))

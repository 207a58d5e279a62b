"""Buttons that lead on from nearly anywhere, and what is said when the time for answers is over."""

from __future__ import annotations

from conversations.forms import Filling
from conversations.messages import Button
from conversations.taps import Verb, tap
from conversations.texts import LANGUAGES
from conversations.turn import Turn, column


def menu_button(turn: Turn) -> Button:
    """Offer the main menu."""
    return Button(turn.texts.plain("button.menu"), tap(Verb.MENU, "home"))


def ask_button(turn: Turn) -> Button:
    """Offer to ask the coordinator."""
    return Button(turn.texts.plain("button.ask"), tap(Verb.MENU, "ask"))


def continue_button(turn: Turn, filling: Filling) -> Button:
    """Offer to go on with the form."""
    return Button(turn.texts.plain("button.continue"), tap(Verb.CONTINUE, filling.assignment.id))


def answers_button(turn: Turn, filling: Filling) -> Button:
    """Offer the list of answers."""
    return Button(turn.texts.plain("button.see_answers"), tap(Verb.ANSWERS, filling.assignment.id))


def language_buttons(turn: Turn) -> tuple[Button, ...]:
    """Offer the languages."""
    return tuple(Button(turn.texts.plain(f"language.{each}"), tap(Verb.SPEAK, each)) for each in LANGUAGES)


def say_closed(turn: Turn, filling: Filling) -> None:
    """Say that nothing can be changed any more, and offer what can be done instead."""
    turn.say(turn.texts("closed"), column(answers_button(turn, filling), ask_button(turn)))

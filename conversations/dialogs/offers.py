"""Buttons that lead on from nearly anywhere, and what is said when the time for answers is over."""

from __future__ import annotations

from conversations.forms import Filling
from conversations.messages import Button
from conversations.people import Assignment
from conversations.taps import Verb, tap
from conversations.texts import LANGUAGES, Markup
from conversations.turn import Turn, column
from conversations.views.calendar import closed_text


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


def closed(turn: Turn, assignment: Assignment) -> Markup:
    """Say that nothing can be answered now: the time is over, or has not come yet."""
    at = turn.event.at
    return closed_text(assignment.window(at), at, assignment.region.code, turn.texts)


def say_closed(turn: Turn, filling: Filling) -> None:
    """Say that nothing can be changed now, and offer what can be done instead."""
    turn.say(closed(turn, filling.assignment), column(answers_button(turn, filling), ask_button(turn)))

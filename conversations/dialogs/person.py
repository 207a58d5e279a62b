"""What is kept of a person, and how they have it deleted."""

from __future__ import annotations

from conversations.actions import ForgetPerson
from conversations.dialogs.home import lost_buttons
from conversations.dialogs.offers import menu_button
from conversations.messages import Button
from conversations.session import Lost
from conversations.taps import Verb, tap
from conversations.turn import Turn, column


def show_privacy(turn: Turn) -> None:
    """Say what is stored, why, and how to have it deleted."""
    forget_button = Button(turn.texts.plain("button.forget"), tap(Verb.MENU, "forget"))
    turn.say(turn.texts("privacy"), column(forget_button, menu_button(turn)))


def confirm_forget(turn: Turn) -> None:
    """Ask once more before deleting."""
    yes = Button(turn.texts.plain("button.forget_yes"), tap(Verb.MENU, "forget!"))
    turn.say(turn.texts("forget.sure"), column(yes, menu_button(turn)))


def forget(turn: Turn) -> None:
    """Delete the person's data; answers belong to the post and stay."""
    turn.do(ForgetPerson())
    turn.note(place=Lost(), paused=None, undoable=(), last_assignment=0, scope="")
    turn.say(turn.texts("forget.done"), lost_buttons(turn))

"""What a tap does. Every button stays good for ever, so what it names may have changed since."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conversations.dialogs import (
    broadcasts,
    chats,
    digests,
    evidence,
    files,
    home,
    language,
    letters,
    moving,
    person,
    registration,
    reminders,
    requests,
    review,
    scheduling,
    scores,
    subscriptions,
)
from conversations.dialogs.answering import confirmed, left_standing, not_meant, take_value
from conversations.dialogs.asking import ask, find_question, open_question, say_and_ask_again
from conversations.dialogs.doubts import Given
from conversations.dialogs.going import enter_scope, fill_gaps, start_filling
from conversations.dialogs.offers import continue_button, menu_button
from conversations.dialogs.overview import show_parts, show_review
from conversations.events import ChoiceTapped
from conversations.forms import Filling, Spot
from conversations.session import Confirming, Invited, Sorting
from conversations.taps import Tap, Verb, read_tap
from conversations.turn import Turn, column
from indicators.form import QuestionKind, Row

QUESTION_VERBS = frozenset({Verb.ANSWER, Verb.TOGGLE, Verb.ENOUGH, Verb.SKIP, Verb.BACK, Verb.HELP, Verb.OPEN})
ASSIGNMENT_VERBS = frozenset(
    {
        Verb.CONTINUE,
        Verb.PARTS,
        Verb.SCOPE,
        Verb.ROW,
        Verb.REVIEW,
        Verb.ANSWERS,
        Verb.SEND,
        Verb.FILES,
        Verb.REMOVE,
        Verb.ATTACH,
    }
)
DIALOGS: Mapping[Verb, Callable[[Turn, Tap], None]] = {
    Verb.SCORE: scores.tapped_score,
    Verb.WHY: scores.why,
    Verb.REQUEST: requests.take_tap,
    Verb.DECIDE: requests.decide,
    Verb.CHATS: chats.take_tap,
    Verb.REPLY: letters.take_tap,
    Verb.BROADCAST: broadcasts.take_tap,
    Verb.NEWS: subscriptions.take_tap,
    Verb.DIGEST: digests.take_tap,
    Verb.CALENDAR: scheduling.take_tap,
    Verb.REMIND: reminders.take_tap,
}
"""Whose taps a dialog takes as they are."""


def take_tap(turn: Turn, event: ChoiceTapped) -> None:
    """Take a tap; what we did not make, or what is not this person's, changes nothing."""
    tapped = read_tap(event.data)
    if tapped is None:
        turn.say(turn.texts("tap.unknown"), column(menu_button(turn)))
        return
    take(turn, tapped)


def take(turn: Turn, tapped: Tap) -> None:
    """Do what a decoded tap asks for."""
    if tapped.verb in QUESTION_VERBS:
        _at_question(turn, tapped)
    elif tapped.verb in ASSIGNMENT_VERBS:
        _at_assignment(turn, tapped)
    elif tapped.verb in (Verb.YES, Verb.NO):
        _yes_or_no(turn, tapped)
    else:
        _elsewhere(turn, tapped)


def _filling(turn: Turn, tapped: Tap) -> Filling | None:
    assignment = turn.assignment(tapped.number(0))
    if assignment is None:
        turn.say(turn.texts("tap.not_yours"), column(menu_button(turn)))
        return None
    return turn.filling(assignment)


def _at_question(turn: Turn, tapped: Tap) -> None:
    filling = _filling(turn, tapped)
    if filling is None:
        return
    spot = find_question(filling, tapped.text(1))
    if spot is None:
        say_and_ask_again(turn, turn.texts("tap.not_asked"))
        return
    _do_at_question(turn, tapped, spot)


def _do_at_question(turn: Turn, tapped: Tap, spot: Spot) -> None:
    match tapped.verb:
        case Verb.ANSWER:
            _choose(turn, spot, tapped.text(2))
        case Verb.TOGGLE:
            moving.toggle(turn, spot, tapped.text(2))
        case Verb.ENOUGH:
            evidence.go_on(turn, spot)
        case Verb.SKIP:
            moving.skip(turn, spot)
        case Verb.BACK:
            moving.back(turn, spot)
        case Verb.HELP:
            moving.help_with(turn, spot)
        case _:
            ask(turn, spot)


def _choose(turn: Turn, spot: Spot, choice: str) -> None:
    """A choice was tapped; one that is not offered any more is asked again."""
    is_offered = choice in [one.name for one in spot.choices] or (
        spot.question.kind is QuestionKind.ACKNOWLEDGE and choice == "OK"
    )
    if is_offered:
        take_value(turn, spot, Given(choice))
        return
    ask(turn, spot, before=turn.texts("tap.choice_gone"))


def _at_assignment(turn: Turn, tapped: Tap) -> None:
    filling = _filling(turn, tapped)
    if filling is None:
        return
    if tapped.verb in (Verb.ROW, Verb.FILES, Verb.REMOVE, Verb.ATTACH):
        _at_row(turn, tapped, filling)
        return
    match tapped.verb:
        case Verb.CONTINUE if tapped.text(1):
            fill_gaps(turn, filling, tapped.text(1))
        case Verb.CONTINUE:
            start_filling(turn, filling.assignment)
        case Verb.PARTS:
            show_parts(turn, filling, tapped.text(1))
        case Verb.SCOPE:
            enter_scope(turn, filling, tapped.text(1))
        case Verb.REVIEW:
            show_review(turn, filling)
        case Verb.ANSWERS:
            review.show_answers(turn, filling, tapped.text(1))
        case _:
            review.send(turn, filling, with_gaps=tapped.text(1) == "1")


def _at_row(turn: Turn, tapped: Tap, filling: Filling) -> None:
    row = filling.row(tapped.text(1))
    if row is None:
        turn.say(turn.texts("tap.unknown"), column(menu_button(turn)))
        return
    match tapped.verb:
        case Verb.ROW:
            review.open_row(turn, filling, row)
        case Verb.FILES:
            files.list_files(turn, filling, row)
        case Verb.REMOVE:
            files.remove(turn, filling, row, tapped.text(2))
        case _:
            _attach(turn, filling, row)


def _attach(turn: Turn, filling: Filling, row: Row) -> None:
    if isinstance(turn.place, Sorting) and turn.place.assignment == filling.assignment.id:
        evidence.sorted_into(turn, filling, row, turn.place)
        return
    turn.say(turn.texts("evidence.nothing_waits"), column(continue_button(turn, filling)))


def _yes_or_no(turn: Turn, tapped: Tap) -> None:
    """Answer a confirmation; one that is long past puts its question again."""
    place = turn.place
    if (
        isinstance(place, Confirming)
        and place.asking.key == tapped.text(1)
        and place.asking.assignment == tapped.number(0)
    ):
        settle = confirmed if tapped.verb is Verb.YES else left_standing if tapped.text(2) else not_meant
        settle(turn, place)
        return
    filling = _filling(turn, tapped)
    if filling is not None and not open_question(turn, filling, tapped.text(1), before=turn.texts("tap.past")):
        turn.say(turn.texts("tap.past"))


def _elsewhere(turn: Turn, tapped: Tap) -> None:
    if tapped.verb in DIALOGS:
        DIALOGS[tapped.verb](turn, tapped)
        return
    match tapped.verb:
        case Verb.UNDO:
            moving.undo(turn, tapped.number(0), tapped.text(1))
        case Verb.MENU:
            menu(turn, tapped.text(0))
        case Verb.SPEAK:
            language.speak(turn, tapped.text(0))
        case Verb.JOIN:
            _join(turn, tapped)
        case _:
            registration.take_code(turn, tapped.text(0))


def _join(turn: Turn, tapped: Tap) -> None:
    if isinstance(turn.place, Invited):
        registration.answer(turn, turn.place, tapped.text(0))
        return
    home.show_menu(turn)


def menu(turn: Turn, what: str) -> None:
    """Open an entry of the main menu."""
    match what:
        case "help":
            home.show_help(turn)
        case "status":
            home.show_status(turn)
        case "language":
            language.choose_language(turn, "")
        case "score":
            scores.show_own(turn)
        case "queue":
            requests.show_queue(turn)
        case "ask":
            letters.ask_coordinator(turn)
        case "privacy":
            person.show_privacy(turn)
        case "forget":
            person.confirm_forget(turn)
        case "forget!":
            person.forget(turn)
        case _:
            home.show_menu(turn)

"""Putting a question to a person: the next one, or one that they asked for."""

from __future__ import annotations

from conversations.dialogs.offers import menu_button
from conversations.forms import Filling, Spot
from conversations.messages import Button
from conversations.needs import Topic
from conversations.session import Asking, Confirming, Drafting, Home, Lost, Session, Sorting, Writing
from conversations.sheets import Answer
from conversations.taps import Verb, tap
from conversations.texts import Markup
from conversations.turn import Turn, column, joined
from conversations.views.questions import question_buttons, question_text, said, where
from conversations.views.returned import returned_note


def office_of(turn: Turn) -> str:
    """Give the code of the office that the person works for; empty for all others."""
    return next((post.office for post in turn.brief.posts if post.office), "")


def asking_of(session: Session) -> Asking | None:
    """Give the question that is open, or that waits while the person is elsewhere."""
    match session.place:
        case Asking() as asking:
            return asking
        case Confirming(asking=asking):
            return asking
        case _:
            return session.paused


def waiting(turn: Turn) -> tuple[Asking, Filling] | None:
    """Give the question that is open or waits, with its form; None when there is none, or it is no longer theirs."""
    asking = asking_of(turn.session)
    assignment = turn.assignment(asking.assignment) if asking else None
    return (asking, turn.filling(assignment)) if asking and assignment else None


def open_spot(turn: Turn) -> Spot | None:
    """Give the question that typed words answer; None at the menu."""
    found = waiting(turn) if isinstance(turn.place, Asking | Confirming) else None
    return find_question(found[1], found[0].key) if found else None


def ask(turn: Turn, spot: Spot, *, before: Markup | str = "") -> None:
    """Put this question: what was understood before, where I am, the question, and what stands there already."""
    assignment, key, answer, files = spot.assignment, spot.key, spot.standing, spot.files
    goes_on = bool(before) and _is_in_row(turn, spot)
    place = Asking(assignment, spot.row.number, key, seen=answer.value if answer else "")
    scope = turn.session.scope
    turn.note(place=place, last_assignment=assignment, paused=None, misses=0)
    text = joined(
        before,
        None if goes_on else _where(turn, spot, scope),
        returned_note(spot.sheet, turn.texts),
        None if goes_on and files else question_text(spot, turn.texts),
        _standing(turn, spot, answer, files),
    )
    turn.say(text, question_buttons(spot, turn.texts), topic=Topic(assignment, key))


def _is_in_row(turn: Turn, spot: Spot) -> bool:
    place = turn.place
    return isinstance(place, Asking) and (place.assignment, place.row) == (spot.assignment, spot.row.number)


def _where(turn: Turn, spot: Spot, scope: str) -> Markup:
    rows = spot.filling.scope(scope, office_of(turn))
    region = spot.filling.assignment.region.name if turn.has_several_regions else ""
    return where(spot, rows, turn.texts, region=region)


def _standing(turn: Turn, spot: Spot, answer: Answer | None, files: int) -> str | None:
    if files:
        return turn.texts("question.files", files=turn.texts.count("evidence.count", files))
    if answer is None:
        return None
    return turn.texts("question.standing", answer=said(spot.filling, spot.key, answer.value, turn.texts))


def ask_again(turn: Turn, *, before: Markup | str = "") -> bool:
    """Put the open question once more; False when there is none, or it is not asked any more."""
    found = waiting(turn)
    return found is not None and open_question(turn, found[1], found[0].key, before=before)


def say_and_ask_again(turn: Turn, said: Markup | str) -> None:
    """Say something and put the open question once more; where none is open, offer the menu."""
    if not ask_again(turn, before=said):
        turn.say(said, column(menu_button(turn)))


def open_question(turn: Turn, filling: Filling, key: str, *, before: Markup | str = "") -> bool:
    """Put the question with this key; False when the form has none, or it is not relevant now."""
    found = find_question(filling, key)
    if found is None:
        return False
    ask(turn, found, before=before)
    return True


def find_question(filling: Filling, key: str) -> Spot | None:
    """Find a question that is asked now, with its row."""
    row = filling.row_of(key)
    if row is None:
        return None
    for each in filling.questions(row):
        if each.key == key:
            return Spot(filling, row, each)
    return None


def pause(turn: Turn) -> None:
    """Remember the open question and step back to the menu."""
    turn.note(paused=asking_of(turn.session), place=Home())


def leave_to(turn: Turn, place: Lost | Home | Sorting | Drafting | Writing) -> None:
    """Go elsewhere for a moment; the open question waits."""
    turn.note(paused=asking_of(turn.session), place=place)


def undo_button(turn: Turn, assignment: int, key: str) -> Button:
    """Offer to take the last change back."""
    return Button(turn.texts.plain("button.undo"), tap(Verb.UNDO, assignment, key), turn.texts.plain("word.undo"))

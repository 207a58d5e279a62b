"""Taking an answer: reading it, keeping it, saying what was understood, going on."""

from __future__ import annotations

from typing import assert_never

from conversations.actions import AnswerChange, RememberMessage
from conversations.dialogs.asking import ask, find_question, say_and_ask_again, undo_button
from conversations.dialogs.doubts import (
    Given,
    ask_which,
    confirm,
    confirm_change,
    is_conflict,
    object_to,
    offer_choices,
)
from conversations.dialogs.going import ask_next, look_again
from conversations.dialogs.offers import say_closed
from conversations.events import ChoiceTapped
from conversations.forms import Filling, Spot
from conversations.saving import save, with_answer
from conversations.session import MOST_UNDOABLE, Confirming, Undoable
from conversations.sheets import Sheet
from conversations.texts import Markup
from conversations.turn import Turn, lines
from conversations.views.questions import said
from indicators.filling import RowState, RowStatus, check_answer
from indicators.form import REPEAT_MARK, QuestionKind, Row
from indicators.reading import Ambiguous, Reading, Rejection, Understood, read_answer
from indicators.scores import format_points

OTHER_SUFFIX = "_other"
"""XLSForm's name for the question that asks what "lainnya" is, after the name of the question with the choices."""


def take_written(turn: Turn, spot: Spot, written: str) -> Rejection | None:
    """Take what was typed as the answer to this question; the rejection, when it could not be read (nothing said)."""
    reading = read(turn, spot, written)
    match reading:
        case Rejection():
            return reading
        case Understood(value=value, is_certain=True, other=other):
            take_value(turn, spot, Given(value, other, turn.event.message))
        case Understood(value=value, other=other):
            confirm(turn, spot, Given(value, other, turn.event.message))
        case Ambiguous(choices=choices):
            offer_choices(turn, spot, choices)
        case _:
            assert_never(reading)
    return None


def propose(turn: Turn, spot: Spot, written: str) -> bool:
    """Offer to change an answer to what was typed about it; False when that could not be read."""
    reading = read(turn, spot, written)
    if not isinstance(reading, Understood):
        return False
    confirm_change(turn, spot, Given(reading.value, reading.other, turn.event.message))
    return True


def read(turn: Turn, spot: Spot, written: str) -> Reading:
    """Read what was typed as an answer to this question."""
    form, language = spot.filling.form, turn.texts.language
    return read_answer(form, spot.key, written, values=spot.values, today=turn.today, language=language)


def take_value(turn: Turn, spot: Spot, given: Given, *, is_settled: bool = False) -> None:
    """Keep an answer, unless the assignment is closed, a check objects, or somebody else answered meanwhile."""
    if not spot.filling.assignment.is_open(turn.event.at):
        say_closed(turn, spot.filling)
        return
    objection = check_answer(spot.filling.form, spot.key, given.value, spot.values, turn.today)
    if objection:
        object_to(turn, spot, given.value, objection)
        return
    standing = spot.standing
    if standing and not is_settled and is_conflict(turn, spot, given.value, standing):
        ask_which(turn, spot, given, standing)
        return
    keep(turn, spot, given)


def keep(turn: Turn, spot: Spot, given: Given) -> None:
    """Keep the answer, say what was understood, and go on."""
    standing = spot.standing
    old = standing.value if standing else None
    was_returned = spot.sheet.returned is not None
    sheet, changes = _changed(turn, spot, given)
    state = save(turn, spot.filling, sheet, row=spot.row, changes=changes) if changes else None
    if given.message:
        turn.do(RememberMessage(given.message, spot.topic))
    if spot.question.kind is QuestionKind.SELECT_MULTIPLE and isinstance(turn.event, ChoiceTapped):
        ask(turn, spot)
        return
    if old is not None and old != given.value:
        _offer_undo(turn, spot, old)
    before = _understood(turn, spot, given, old=old, state=state)
    if was_returned and len(spot.filling.questions(spot.row)) > 1 and not spot.filling.open_question(spot.row):
        look_again(turn, spot.filling, spot.row, before=before)  # there may be more to put right in it
        return
    ask_next(turn, spot.filling, before=before, row=spot.row, after=spot.key)


def _changed(turn: Turn, spot: Spot, given: Given) -> tuple[Sheet, tuple[AnswerChange, ...]]:
    """Give the row's sheet with the answer, and with what "lainnya" is, where that was said too."""
    sheet, by, at = spot.sheet, turn.brief.person.id, int(turn.event.at.timestamp())
    changes = []
    for key, value in _answers(spot, given):
        old = sheet.answers[key].value if key in sheet.answers else None
        if old != value:
            changes.append(AnswerChange(key, old, value))
            sheet = with_answer(sheet, key, value, by=by, at=at)
    return sheet, tuple(changes)


def _answers(spot: Spot, given: Given) -> tuple[tuple[str, str], ...]:
    name, mark, turn_of_repeat = spot.key.partition(REPEAT_MARK)
    other = f"{name}{OTHER_SUFFIX}{mark}{turn_of_repeat}"
    if given.other and spot.filling.question(other):
        return ((spot.key, given.value), (other, given.other))
    return ((spot.key, given.value),)


def _offer_undo(turn: Turn, spot: Spot, old: str) -> None:
    assignment, key = spot.assignment, spot.key
    others = tuple(one for one in turn.session.undoable if (one.assignment, one.key) != (assignment, key))
    turn.note(undoable=(*others, Undoable(assignment, key, old))[-MOST_UNDOABLE:])
    turn.extras = (undo_button(turn, assignment, key),)


def _understood(turn: Turn, spot: Spot, given: Given, *, old: str | None, state: RowState | None) -> Markup:
    answer: str = said(spot.filling, spot.key, given.value, turn.texts)
    if given.other:
        answer = turn.texts("answer.with_other", answer=answer, other=given.other)
    if old is not None and old != given.value:
        title, before = spot.row.title.said(turn.texts.language), said(spot.filling, spot.key, old, turn.texts)
        first = turn.texts("answer.changed", title=title, old=before, new=answer)
    else:
        first = turn.texts("answer.understood", answer=answer)
    return lines(first, verdict(turn, spot.filling, spot.row, state))


def verdict(turn: Turn, filling: Filling, row: Row, state: RowState | None) -> Markup | None:
    """Say what a row is worth as soon as that is known and every question but the evidence is answered."""
    if state is None or state.share is None or not row.points or state.status is not RowStatus.ANSWERED:
        return None
    still_open = filling.open_question(row)
    if still_open and not still_open.question.is_evidence:
        return None
    earned = format_points(state.share * row.points, turn.texts.language)
    key = "row.met" if state.share == 1 else "row.not_met" if state.share == 0 else "row.partly_met"
    return turn.texts(key, earned=earned, points=format_points(row.points, turn.texts.language))


def confirmed(turn: Turn, place: Confirming) -> None:
    """The person said yes: keep the answer that was said back."""
    spot = _spot_of(turn, place)
    turn.move(place.asking)
    if spot:
        take_value(turn, spot, Given(place.value, place.other, place.message), is_settled=True)
    else:
        say_and_ask_again(turn, turn.texts("tap.not_asked"))


def not_meant(turn: Turn, place: Confirming) -> None:
    """The person said no: ask again; what stood there stays."""
    turn.move(place.asking)
    say_and_ask_again(turn, turn.texts("answer.not_meant"))


def left_standing(turn: Turn, place: Confirming) -> None:
    """The person prefers what somebody else answered: it stays, and it goes on."""
    spot = _spot_of(turn, place)
    turn.move(place.asking)
    if spot is None:
        say_and_ask_again(turn, turn.texts("tap.not_asked"))
        return
    standing = spot.standing.value if spot.standing else None
    before = turn.texts("answer.stays", answer=said(spot.filling, spot.key, standing, turn.texts))
    ask_next(turn, spot.filling, before=before, row=spot.row, after=spot.key)


def _spot_of(turn: Turn, place: Confirming) -> Spot | None:
    assignment = turn.assignment(place.asking.assignment)
    return find_question(turn.filling(assignment), place.asking.key) if assignment else None

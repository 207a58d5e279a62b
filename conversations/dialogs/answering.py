"""Taking an answer: reading it, keeping it, saying what was understood, going on."""

from __future__ import annotations

from conversations.actions import AnswerChange, RememberMessage
from conversations.dialogs.asking import ask, ask_again, find_question, undo_button
from conversations.dialogs.doubts import ask_which, confirm, is_conflict, object_to, offer_choices
from conversations.dialogs.going import ask_next
from conversations.events import ChoiceTapped
from conversations.forms import Filling, Spot
from conversations.messages import escaped
from conversations.saving import save, with_answer
from conversations.session import MOST_UNDOABLE, Asking, Confirming, Undoable
from conversations.texts import Markup
from conversations.turn import Turn, lines
from conversations.views.questions import said
from indicators.filling import RowState, RowStatus, check_answer
from indicators.form import QuestionKind, Row
from indicators.reading import Ambiguous, Rejection, Understood, read_answer
from indicators.scores import format_points


def take_written(turn: Turn, spot: Spot, written: str) -> bool:
    """Take what was typed as the answer to this question; False when it could not be read (nothing was said)."""
    if spot.question.is_evidence or spot.question.kind is QuestionKind.NOTE:
        return False
    values = spot.values
    reading = read_answer(
        spot.filling.form,
        spot.key,
        written,
        values=values,
        today=turn.today,
        language=turn.texts.language,
    )
    match reading:
        case Understood(value=value, is_certain=True):
            take_value(turn, spot, value)
            return True
        case Understood(value=value):
            confirm(turn, spot, value)
            return True
        case Ambiguous(choices=choices):
            offer_choices(turn, spot, choices)
            return True
        case Rejection():
            return False


def take_value(turn: Turn, spot: Spot, value: str, *, is_settled: bool = False) -> None:
    """Keep an answer, unless the assignment is closed, a check objects, or somebody else answered meanwhile."""
    if not spot.filling.assignment.is_open(turn.event.at):
        turn.say(turn.texts("closed"))
        return
    objection = check_answer(spot.filling.form, spot.key, value, spot.values, turn.today)
    if objection:
        object_to(turn, spot, value, objection)
        return
    standing = spot.sheet.answers.get(spot.key)
    if standing and not is_settled and is_conflict(turn, standing, value, spot.key):
        ask_which(turn, spot, value, standing)
        return
    keep(turn, spot, value)


def keep(turn: Turn, spot: Spot, value: str) -> None:
    """Keep the answer, say what was understood, and go on."""
    sheet = spot.sheet
    standing = sheet.answers.get(spot.key)
    old = standing.value if standing else None
    by, at = turn.brief.person.id, int(turn.event.at.timestamp())
    state = None
    if old != value:
        change = AnswerChange(spot.key, old, value)
        sheet = with_answer(sheet, spot.key, value, by=by, at=at)
        state = save(turn, spot.filling, sheet, row=spot.row, change=change)
    _remember(turn, spot)
    is_several = spot.question.kind is QuestionKind.SELECT_MULTIPLE and isinstance(turn.event, ChoiceTapped)
    if is_several:
        ask(turn, spot)
        return
    if old is not None and old != value:
        _offer_undo(turn, spot, old)
    before = _understood(turn, spot, value=value, old=old, state=state)
    ask_next(turn, spot.filling, before=before, row=spot.row, after=spot.key)


def _remember(turn: Turn, spot: Spot) -> None:
    place = turn.session.place
    message = place.message if isinstance(place, Confirming) else turn.event.message
    if message and not isinstance(turn.event, ChoiceTapped):
        turn.do(RememberMessage(message, spot.topic))


def _offer_undo(turn: Turn, spot: Spot, old: str) -> None:
    assignment, key = spot.assignment, spot.key
    others = tuple(one for one in turn.session.undoable if (one.assignment, one.key) != (assignment, key))
    turn.note(undoable=(*others, Undoable(assignment, key, old))[-MOST_UNDOABLE:])
    turn.extras = (undo_button(turn, assignment, key),)


def _understood(
    turn: Turn,
    spot: Spot,
    *,
    value: str,
    old: str | None,
    state: RowState | None,
) -> Markup:
    answer = said(spot.filling, spot.key, value, turn.texts)
    if old is not None and old != value:
        title = Markup(escaped(spot.row.title.said(turn.texts.language)))
        first = turn.texts("answer.changed", title=title, old=said(spot.filling, spot.key, old, turn.texts), new=answer)
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
    found = _place_of(turn, place.asking)
    if found is None:
        ask_again(turn)
        return
    turn.move(place.asking)
    take_value(turn, found, place.value, is_settled=True)


def not_meant(turn: Turn, place: Confirming) -> None:
    """The person said no: ask again; what stood there stays."""
    turn.move(place.asking)
    ask_again(turn, before=turn.texts("answer.not_meant"))


def _place_of(turn: Turn, asking: Asking) -> Spot | None:
    assignment = turn.assignment(asking.assignment)
    return find_question(turn.filling(assignment), asking.key) if assignment else None

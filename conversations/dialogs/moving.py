"""Moving about in a form: skip, back, help, several choices, taking a change back."""

from __future__ import annotations

from conversations.actions import AnswerChange
from conversations.dialogs.answering import take_value
from conversations.dialogs.asking import ask, office_of, say_and_ask_again
from conversations.dialogs.doubts import Given
from conversations.dialogs.going import ask_next
from conversations.dialogs.offers import say_closed
from conversations.forms import Filling, Spot
from conversations.saving import save, with_answer, with_skipped
from conversations.turn import Turn, joined
from conversations.views.questions import said
from indicators.filling import Asked
from indicators.form import Question, QuestionKind, Row


def undo(turn: Turn, assignment_id: int, key: str) -> None:
    """Take the last change of one answer back."""
    found = next((one for one in turn.session.undoable if (one.assignment, one.key) == (assignment_id, key)), None)
    assignment = turn.assignment(assignment_id)
    filling = turn.filling(assignment) if assignment else None
    row = filling.row_of(key) if filling else None
    if found is None or filling is None or row is None:
        say_and_ask_again(turn, turn.texts("undo.too_late"))
        return
    if not filling.assignment.is_open(turn.event.at):
        say_closed(turn, filling)
        return
    sheet = filling.sheet(row.number)
    standing = sheet.answers.get(key)
    change = AnswerChange(key, standing.value if standing else None, found.old)
    by, at = turn.brief.person.id, int(turn.event.at.timestamp())
    save(turn, filling, with_answer(sheet, key, found.old, by=by, at=at), row=row, changes=(change,))
    turn.note(undoable=tuple(one for one in turn.session.undoable if one is not found))
    title = row.title.said(turn.texts.language)
    before = turn.texts("undo.done", title=title, answer=said(filling, key, found.old, turn.texts))
    say_and_ask_again(turn, before)


def undo_last(turn: Turn) -> None:
    """Take the very last change back."""
    last = next(reversed(turn.session.undoable), None)
    undo(turn, last.assignment if last else 0, last.key if last else "")


def toggle(turn: Turn, spot: Spot, choice: str) -> None:
    """Add a choice to the chosen ones, or take it away."""
    chosen = spot.values.get(spot.key, "").split()
    names = [one.name for one in spot.choices]
    now = [name for name in names if (name in chosen) != (name == choice)]
    if now:
        take_value(turn, spot, Given(" ".join(now)))
        return
    _clear(turn, spot)


def _clear(turn: Turn, spot: Spot) -> None:
    """Nothing is chosen any more: the question is open again."""
    if not spot.filling.assignment.is_open(turn.event.at):
        say_closed(turn, spot.filling)
        return
    if spot.standing:
        by, at = turn.brief.person.id, int(turn.event.at.timestamp())
        change = AnswerChange(spot.key, spot.standing.value, None)
        save(turn, spot.filling, with_answer(spot.sheet, spot.key, None, by=by, at=at), row=spot.row, changes=(change,))
    ask(turn, spot)


def skip(turn: Turn, spot: Spot) -> None:
    """Put a question off and go on."""
    is_answered = spot.key in spot.values
    if not is_answered and spot.filling.assignment.is_open(turn.event.at):
        save(turn, spot.filling, with_skipped(spot.sheet, spot.key), row=spot.row)
    key = "skip.kept" if is_answered else "skip.evidence" if spot.question.is_evidence else "skip.done"
    ask_next(turn, spot.filling, before=turn.texts(key), row=spot.row, after=spot.key)


def back(turn: Turn, spot: Spot) -> None:
    """Go to the question before this one, in this row or the row before."""
    questions = _askable(spot.filling, spot.row)
    place = next((number for number, one in enumerate(questions) if one.key == spot.key), 0)
    if place > 0:
        ask(turn, Spot(spot.filling, spot.row, questions[place - 1]))
        return
    scope = spot.filling.scope(turn.session.scope, office_of(turn))
    rows = scope if spot.row in scope else spot.filling.form.rows
    for earlier in reversed(rows[: rows.index(spot.row)]):
        if earlier_questions := _askable(spot.filling, earlier):
            ask(turn, Spot(spot.filling, earlier, earlier_questions[-1]))
            return
    ask(turn, spot, before=turn.texts("back.first"))


def _askable(filling: Filling, row: Row) -> list[Asked]:
    questions = filling.questions(row)
    return [one for one in questions if one.question.kind is not QuestionKind.NOTE]


def help_with(turn: Turn, spot: Spot) -> None:
    """Explain a question: what counts, what evidence, who must sign."""
    language = turn.texts.language
    guidance = spot.question.guidance.said(language) or spot.question.hint.said(language)
    kinds = ", ".join(kind.label.said(language) for kind in spot.row.evidence)
    text = joined(
        turn.texts("help.guidance", guidance=guidance) if guidance else turn.texts("help.none"),
        turn.texts("help.evidence", kinds=kinds) if kinds else None,
        turn.texts("help.example") if _is_number(spot.question) else None,
    )
    ask(turn, spot, before=text)


def _is_number(question: Question) -> bool:
    return question.kind in (QuestionKind.INTEGER, QuestionKind.DECIMAL)

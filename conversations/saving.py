"""Changing a row: its new sheet, and the rows elsewhere whose state follows from it."""

from __future__ import annotations

import msgspec

from conversations.actions import AnswerChange, SaveSheet
from conversations.forms import Filling, marked
from conversations.sheets import Answer, Evidence, Sheet
from conversations.turn import Turn
from indicators.filling import RowState
from indicators.form import REPEAT_MARK, Form, Row

MOST_EVIDENCE = 20
"""Files that one row takes."""


def with_answer(sheet: Sheet, key: str, value: str | None, *, by: int, at: int) -> Sheet:
    """Give the sheet with this answer (None takes it away).

    A put-off question that is answered is not put off; a row that was returned waits for the coordinator again.
    """
    answers = {name: answer for name, answer in sheet.answers.items() if name != key}
    if value is not None:
        answers[key] = Answer(value, by, at)
    skipped = tuple(each for each in sheet.skipped if each != key)
    return msgspec.structs.replace(sheet, answers=answers, skipped=skipped, returned=None)


def with_skipped(sheet: Sheet, key: str) -> Sheet:
    """Give the sheet with this question put off."""
    return msgspec.structs.replace(sheet, skipped=(*(each for each in sheet.skipped if each != key), key))


def with_evidence(sheet: Sheet, evidence: tuple[Evidence, ...]) -> Sheet:
    """Give the sheet with exactly this evidence; questions that have some now are not put off, nor is it returned."""
    keys = {each.key for each in evidence}
    skipped = tuple(each for each in sheet.skipped if each not in keys)
    return msgspec.structs.replace(sheet, evidence=evidence, skipped=skipped, returned=None)


def save(turn: Turn, filling: Filling, sheet: Sheet, *, row: Row, changes: tuple[AnswerChange, ...] = ()) -> RowState:
    """Keep a row's new sheet and restate the rows that look at it; give the row's new state."""
    old = filling.sheet(row.number)
    filling.keep(row, sheet)
    state = restate(turn, filling, row, changes)
    if row.number in filling.form.watched:
        for onlooker in _onlookers(filling.form, old, sheet):
            restate(turn, filling, onlooker)
    return state


def _onlookers(form: Form, old: Sheet, new: Sheet) -> list[Row]:
    """Find the rows elsewhere whose state may follow from what changed, in the form's order."""
    changed = {key.partition(REPEAT_MARK)[0] for key, _ in old.values().items() ^ new.values().items()}
    found = {other.ordinal: other for name in changed for other in form.onlookers.get(name, ())}
    return [other for _, other in sorted(found.items())]


def restate(turn: Turn, filling: Filling, row: Row, changes: tuple[AnswerChange, ...] = ()) -> RowState:
    """Keep a row's sheet with what it is worth now."""
    mark, state = marked(filling, row)
    filling.set_mark(row, mark)
    turn.do(SaveSheet(filling.assignment.id, row.number, filling.sheet(row.number), mark, state.share, changes))
    return state

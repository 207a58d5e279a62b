"""How far a form is, in SQL: the same as ``conversations.form_states``."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, func, or_

from conversations.form_states import IDLE_MARKS, OPEN_MARKS, FormState
from conversations.sheets import RowMark
from storage.tables import assignment


def state_of() -> ColumnElement[str]:
    """Give the state of the assignment in a row."""
    marks = assignment.c.progress
    has_open = or_(*(marks.contains(mark, autoescape=True) for mark in OPEN_MARKS))
    return case(
        (marks.contains(RowMark.RETURNED), FormState.RETURNED.value),
        (assignment.c.sent_at.is_not(None), FormState.SENT.value),
        (func.trim(marks, IDLE_MARKS) == "", FormState.NOT_STARTED.value),
        (has_open, FormState.IN_PROGRESS.value),
        else_=FormState.COMPLETE.value,
    )

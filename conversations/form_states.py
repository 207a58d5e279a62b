"""How far a form is that somebody has to fill in: one word for what its marks say."""

from __future__ import annotations

from enum import StrEnum

from conversations.sheets import RowMark

OPEN_MARKS = f"{RowMark.UNTOUCHED}{RowMark.STARTED}{RowMark.PUT_OFF}{RowMark.LACKS_EVIDENCE}"
"""Rows that still lack something."""
IDLE_MARKS = f"{RowMark.UNTOUCHED}{RowMark.NOT_RELEVANT}"
"""Rows that nobody has said anything in."""


class FormState(StrEnum):
    """How far it is."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"
    """The coordinator gave back at least one row, which nobody has corrected yet; sent or not."""
    COMPLETE = "complete"
    """Nothing is missing, but it was not sent."""
    SENT = "sent"


def form_state(progress: str, *, is_sent: bool) -> FormState:
    """Tell how far a form is by its marks (``Assignment.progress``); ``storage.form_states`` says the same in SQL."""
    if RowMark.RETURNED in progress:
        return FormState.RETURNED
    if is_sent:
        return FormState.SENT
    if not progress.strip(IDLE_MARKS):
        return FormState.NOT_STARTED
    return FormState.IN_PROGRESS if any(mark in progress for mark in OPEN_MARKS) else FormState.COMPLETE

"""What somebody still has to do: their assignments that were not sent, and what each lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from conversations.brief import Library
from conversations.calendar import Window
from conversations.form_states import FormState, form_state
from conversations.people import Assignment, Post, Role, answers_for
from conversations.sheets import ANSWERED_MARKS, RowMark
from indicators.form import Form

MINUTES_PER_ROW = 1.25
"""A village head's 20 rows take about 25 minutes."""
MINUTES_PER_EVIDENCE = MINUTES_PER_ROW / 2
ANSWERING = frozenset({Role.VILLAGE_HEAD, Role.SUBDISTRICT_HEAD, Role.OFFICE})
"""Roles that are there to answer, and can be laid down in chat; a coordinator is appointed by the administrator."""


class Lacks(NamedTuple):
    """What is missing in rows of a form."""

    whole: int
    """The rows that concern the region."""
    unanswered: int
    """Of these, without an answer."""
    evidence: int
    """Answered, but without the evidence that is wanted."""
    returned: int
    """Given back by the coordinator."""

    @property
    def minutes(self) -> float:
        """Estimate how long it takes."""
        return (self.unanswered + self.returned) * MINUTES_PER_ROW + self.evidence * MINUTES_PER_EVIDENCE


class Task(NamedTuple):
    """An assignment that somebody answers, as it stands."""

    assignment: Assignment
    """With the windows that hold for them."""
    form: Form
    window: Window | None
    """The one that runs; ``None``: answers are taken without end."""
    state: FormState
    lacks: Lacks


def open_tasks(posts: Sequence[Post], assignments: Iterable[Assignment], library: Library, at: datetime) -> list[Task]:
    """Give what somebody with these posts has to do at this moment, what ends first coming first.

    An office is asked for the rows that it holds, and has done its part when they are complete; sending is left to who
    answers for the whole.
    """
    found = [_task(posts, each, library, at) for each in assignments]
    return sorted((each for each in found if each), key=_end)


def _end(task: Task) -> tuple[bool, datetime | int, int]:
    due_at = task.window.due_at if task.window else None
    return (due_at is None, due_at or 0, task.assignment.id)


def _task(posts: Sequence[Post], assignment: Assignment, library: Library, at: datetime) -> Task | None:
    answering = [post for post in posts if answers_for(post, assignment)]
    mine = assignment.seen_by(posts)
    if not answering or not mine.is_open(at):
        return None
    form = library.forms[assignment.form]
    offices = {post.office for post in answering}
    is_part = "" not in offices
    marks = marks_of(form, assignment.progress, offices) if is_part else assignment.progress
    state = form_state(marks, is_sent=assignment.sent_at is not None)
    lacks = lacks_of(marks)
    if state is FormState.SENT or not lacks.whole or (is_part and state is FormState.COMPLETE):
        return None
    return Task(mine, form, mine.window(at), state, lacks)


def marks_of(form: Form, progress: str, offices: Collection[str]) -> str:
    """Give the marks of the rows that offices hold."""
    return "".join(progress[row.ordinal - 1] for row in form.rows if not set(row.holders).isdisjoint(offices))


def lacks_of(progress: str) -> Lacks:
    """Count what is missing by the marks of rows."""
    whole = len(progress) - progress.count(RowMark.NOT_RELEVANT)
    answered = sum(progress.count(mark) for mark in ANSWERED_MARKS)
    returned = progress.count(RowMark.RETURNED)
    return Lacks(whole, whole - answered - returned, progress.count(RowMark.LACKS_EVIDENCE), returned)

"""What is missing in a form, in words."""

from __future__ import annotations

from conversations.form_states import FormState
from conversations.tasks import Lacks, Task
from conversations.texts import Markup, Texts

MOST_MINUTES = 90
"""Beyond this, hours are named instead of minutes."""


def time_text(minutes: float, texts: Texts) -> Markup:
    """Say how long something takes: ``8 menit``, ``2 jam``."""
    if minutes > MOST_MINUTES:
        return texts.count("status.hours", round(minutes / 60))
    return texts.count("status.minutes", max(1, round(minutes)))


def missing_text(lacks: Lacks, texts: Texts) -> Markup:
    """Count what is missing: ``4 jawaban, 2 bukti dan 1 baris yang dikembalikan``; empty where nothing is."""
    missing = (
        texts.count("status.unanswered", lacks.unanswered) if lacks.unanswered else "",
        texts.count("status.lacking", lacks.evidence) if lacks.evidence else "",
        texts.count("status.returned", lacks.returned) if lacks.returned else "",
    )
    *first, last = [part for part in missing if part] or [""]
    return Markup(texts("status.and").join([", ".join(first), last]) if first else last)


def task_text(task: Task, texts: Texts) -> Markup:
    """Say in one sentence how a form stands and how long the rest takes."""
    lacks, time = task.lacks, time_text(task.lacks.minutes, texts)
    match task.state:
        case FormState.NOT_STARTED:
            return texts("task.not_started", whole=lacks.whole, time=time)
        case FormState.RETURNED:
            return texts.count("task.returned", lacks.returned, rest=_rest(lacks, texts), time=time)
        case FormState.COMPLETE:
            return texts("task.complete")
        case _:
            return texts("task.in_progress", missing=_of_whole(lacks, texts), time=time)


def _of_whole(lacks: Lacks, texts: Texts) -> Markup:
    """``4 dari 20, 2 tanpa bukti``."""
    if not lacks.unanswered:
        return texts.count("task.evidence", lacks.evidence)
    counted = texts("task.unanswered", amount=lacks.unanswered, whole=lacks.whole)
    return texts("task.and_evidence", counted=counted, amount=lacks.evidence) if lacks.evidence else counted


def _rest(lacks: Lacks, texts: Texts) -> Markup:
    """Say what is missing besides the rows that were given back; empty: nothing."""
    missing = missing_text(lacks._replace(returned=0), texts)
    return texts("task.besides", missing=missing) if missing else Markup("")

"""How far each form is, what is missing, and how much time is left."""

from __future__ import annotations

from conversations.dialogs.asking import waiting
from conversations.dialogs.overview import gaps, lacking, returned
from conversations.forms import Filling
from conversations.hours import greeting_key
from conversations.people import Assignment
from conversations.tasks import Lacks
from conversations.texts import Markup
from conversations.turn import Turn, lines
from conversations.views.bars import bar
from conversations.views.calendar import state_text
from conversations.views.missing import missing_text, time_text
from conversations.views.naming import region_name

LONG_SILENCE_SECONDS = 6 * 60 * 60
"""After this long, a sentence of context comes first."""


def status_text(turn: Turn, assignment: Assignment) -> Markup:
    """Say how far a form is."""
    filling = turn.filling(assignment)
    done, whole = filling.done(), filling.asked_rows()
    return lines(
        turn.texts(
            "status.form",
            form=filling.form.title.said(turn.texts.language),
            region=region_name(assignment.region, turn.texts),
        ),
        turn.texts("status.done", bar=bar(done, whole), done=done, whole=whole),
        _missing_line(turn, filling),
        deadline_line(turn, assignment),
    )


def _missing_line(turn: Turn, filling: Filling) -> Markup | None:
    unanswered, without, given_back = len(gaps(filling)), len(lacking(filling)), len(returned(filling))
    if not unanswered and not without and not given_back:
        return turn.texts("status.sent" if filling.assignment.sent_at else "status.complete")
    lacks = Lacks(filling.asked_rows(), unanswered, without, given_back)
    time = time_text(lacks.minutes, turn.texts)
    return turn.texts("status.missing", missing=missing_text(lacks, turn.texts), time=time)


def deadline_line(turn: Turn, assignment: Assignment) -> Markup | None:
    """Say how much time is left."""
    window = assignment.window(turn.event.at)
    return state_text(window, turn.event.at, assignment.region.code, turn.texts) if window else None


def context_line(turn: Turn) -> Markup | None:
    """After a long silence: one sentence on where things stand."""
    heard = turn.session.heard_at
    if not heard or turn.event.at.timestamp() - heard < LONG_SILENCE_SECONDS:
        return None
    found = waiting(turn)
    if found is None:
        return None
    asking, filling = found
    row = filling.row(asking.row)
    hello = turn.texts(greeting_key(turn.event.at, filling.assignment.region.code))
    return lines(
        turn.texts(
            "context",
            hello=hello,
            name=turn.brief.person.called,
            done=filling.done(),
            whole=filling.asked_rows(),
            title=row.title.said(turn.texts.language) if row else "",
        ),
        deadline_line(turn, filling.assignment),
    )

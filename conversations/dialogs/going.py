"""Going on: to the next open question, to the questions of a part, or back to what was put off."""

from __future__ import annotations

from itertools import islice

import msgspec

from conversations.dialogs.asking import ask, office_of, open_question
from conversations.dialogs.offers import closed
from conversations.dialogs.overview import gaps, lacking, returned, show_end, show_parts, show_review
from conversations.dialogs.review import open_row
from conversations.forms import Filling, Spot, evidence_key
from conversations.people import Assignment
from conversations.saving import restate, save
from conversations.session import Home
from conversations.sheets import RowMark
from conversations.texts import Markup
from conversations.turn import Turn
from indicators.form import Row

MOST_ROWS_TRIED = 12
"""Rows looked into for an open question before the review is shown; a mark that was not true is put right."""


def ask_next(
    turn: Turn, filling: Filling, *, before: Markup | str = "", row: Row | None = None, after: str = ""
) -> None:
    """Ask the next open question: in this row first, then in the rows that follow, else show the review.

    A row that was returned is shown as a whole: what is wanted of it, the coordinator has written.
    """
    found = _open_in_row(filling, row, after) or _open_beyond(turn, filling, row)
    if isinstance(found, Spot):
        ask(turn, found, before=before)
    elif found:
        look_again(turn, filling, found, before=before)
    else:
        show_end(turn, filling, before=before)


def look_again(turn: Turn, filling: Filling, row: Row, *, before: Markup | str = "") -> None:
    """Show a row with all its answers; the question that was open before is done with."""
    turn.note(place=Home(), paused=None)
    open_row(turn, filling, row, before=before)


def _open_in_row(filling: Filling, row: Row | None, after: str) -> Spot | None:
    if row is None:
        return None
    each = filling.open_question(row, after=after)
    return Spot(filling, row, each) if each else None


def _open_beyond(turn: Turn, filling: Filling, row: Row | None) -> Spot | Row | None:
    scope = filling.scope(turn.session.scope, office_of(turn))
    ordinal = row.ordinal if row else 0
    for onward in islice(filling.open_rows(scope, after=ordinal), MOST_ROWS_TRIED):
        found = _open_in_row(filling, onward, "")
        if found:
            return found
        if filling.mark(onward) is not RowMark.RETURNED:
            restate(turn, filling, onward)
        elif onward is not row:
            return onward
    return None


def fill_gaps(turn: Turn, filling: Filling, what: str) -> None:
    """Take up again what is missing: the first row that was ``returned``, lacks ``evidence``, or has a gap."""
    turn.note(scope="")
    rows = {"returned": returned, "evidence": lacking}.get(what, gaps)(filling)
    if not rows:
        show_review(turn, filling)
    elif what == "returned":
        look_again(turn, filling, rows[0])
    else:
        _forget_skipped(turn, filling, rows[0], only=evidence_key(rows[0]) if what == "evidence" else "")
        ask_next(turn, filling, row=rows[0])


def _forget_skipped(turn: Turn, filling: Filling, row: Row, *, only: str) -> None:
    sheet = filling.sheet(row.number)
    still = tuple(key for key in sheet.skipped if only and key != only)
    if still != sheet.skipped and filling.assignment.is_open(turn.event.at):
        save(turn, filling, msgspec.structs.replace(sheet, skipped=still), row=row)


def start_filling(turn: Turn, assignment: Assignment, *, before: Markup | str = "") -> None:
    """Begin, or go on: short forms with the next question, long ones with their parts."""
    filling = turn.filling(assignment)
    turn.note(last_assignment=assignment.id)
    if not assignment.is_open(turn.event.at):
        show_review(turn, filling, before=closed(turn, assignment))
        return
    paused = turn.session.paused
    if paused and paused.assignment == assignment.id and open_question(turn, filling, paused.key, before=before):
        return
    if filling.is_long and not turn.session.scope:
        show_parts(turn, filling, before=before)
        return
    ask_next(turn, filling, before=before)


def enter_scope(turn: Turn, filling: Filling, scope: str) -> None:
    """Go through the rows of an office, a part or an indicator, one after the other."""
    rows = filling.scope(scope, office_of(turn))
    turn.note(scope=scope, last_assignment=filling.assignment.id, paused=None)
    ask_next(turn, filling, before=turn.texts.count("scope.entered", len(rows)))

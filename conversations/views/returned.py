"""How a row looks that the coordinator gave back, and how people hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from conversations.messages import Button, Message, bubble
from conversations.people import Assignment, Person
from conversations.sheets import Sheet
from conversations.taps import Verb, tap
from conversations.texts import Markup, Texts, texts_for
from conversations.turn import column, joined, lines
from conversations.views import templates
from conversations.views.calendar import end_text, start_text
from conversations.views.naming import region_name, shortened
from indicators.form import Row
from indicators.scores import format_points

MOST_NAMED = 6
"""Rows whose notes are in one message; the others are counted."""
MOST_NOTE = 300
"""Characters of a note where several rows are named; beside the row it is whole."""


class GivenBack(msgspec.Struct, frozen=True):
    """What the coordinator has found in an assignment."""

    rows: Sequence[tuple[Row, str]]
    """The rows that are to be completed, with the coordinator's notes, in the order of the form."""
    approved: int
    """Rows that were approved."""


def returned_note(sheet: Sheet, texts: Texts) -> Markup | None:
    """Give the coordinator's note on a row; ``None`` when it was not given back."""
    return texts("returned.note", note=sheet.returned.reason) if sheet.returned else None


def returned_message(reader: Person, assignment: Assignment, found: GivenBack, at: datetime) -> Message:
    """Tell somebody which rows came back, why, and until when they can be completed."""
    texts = texts_for(reader.language, reader.honorific)
    region = region_name(assignment.region, texts)
    rest = len(found.rows) - MOST_NAMED
    is_open = assignment.is_open(at)
    text = joined(
        _head(found, region, texts),
        lines(*(_line(row, note, texts) for row, note in found.rows[:MOST_NAMED])),
        texts.count("returned.and_more", rest) if rest > 0 else None,
        _until(assignment, at, texts),
    )
    complete = tap(Verb.CONTINUE, assignment.id, "returned") if is_open else tap(Verb.ANSWERS, assignment.id)
    label = texts.plain("button.complete_now" if is_open else "button.see_answers")
    ask = Button(texts.plain("button.ask"), tap(Verb.MENU, "ask"))
    template = templates.rows_returned(
        texts, reader.name, (region, _in_a_line(found, texts)), payloads=(complete, ask.data)
    )
    return msgspec.structs.replace(bubble(text, column(Button(label, complete), ask)), template=template)


def _head(found: GivenBack, region: str, texts: Texts) -> Markup:
    if not found.approved:
        return texts.count("returned.head", len(found.rows), region=region)
    return texts.count("returned.some_approved", len(found.rows), region=region, approved=found.approved)


def _line(row: Row, note: str, texts: Texts) -> Markup:
    values = {"title": row.title.said(texts.language), "note": shortened(note, MOST_NOTE)}
    if not row.points:
        return texts("returned.row", **values)
    return texts("returned.row_with_points", points=format_points(row.points, texts.language), **values)


def _until(assignment: Assignment, at: datetime, texts: Texts) -> Markup | None:
    window, code = assignment.window(at), assignment.region.code
    if window and window.opens_at and at < window.opens_at:
        return texts("returned.from", start=start_text(window.opens_at, code, texts))
    if window and window.has_ended(at):
        return texts("returned.later")
    return texts("returned.until", end=end_text(window.due_at, code, texts)) if window and window.due_at else None


def _in_a_line(found: GivenBack, texts: Texts) -> str:
    return "; ".join(f"{row.title.said(texts.language)}: {note}" for row, note in found.rows)

"""Tells somebody that their own time for answers is another one than they know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from conversations.brief import Library
from conversations.calendar import Window, Windows
from conversations.messages import Button, Message
from conversations.people import Assignment, Person
from conversations.taps import Verb, tap
from conversations.texts import Markup, Texts, texts_for
from conversations.views.calendar import span_text
from conversations.views.templates import times_changed

MOST_LINES = 8


class WindowsChanged(NamedTuple):
    """An assignment as it is for the reader now, and what they know."""

    assignment: Assignment
    before: Windows
    reason: str = ""
    """Of an extension that is theirs."""


def change_message(changes: Sequence[WindowsChanged], person: Person, library: Library, at: datetime) -> Message | None:
    """Say what is new for them; ``None``: nothing that matters to them now."""
    texts = texts_for(person.language, person.honorific)
    are_several = len({each.assignment.region.id for each in changes}) > 1
    told = [
        (each, found) for each in changes if (found := list(_lines(each, library, at, texts, has_region=are_several)))
    ]
    if not told:
        return None
    lines = [said[0] for _, some in told for said in some]
    reasons = dict.fromkeys(texts("calendar.changed.reason", reason=each.reason) for each, _ in told if each.reason)
    name = person.called or texts.plain("calendar.you")
    paragraphs = [texts("calendar.changed", name=name), "\n".join(lines[:MOST_LINES]), *reasons]
    first, ((_, times), *_) = told[0]
    show = tap(Verb.CALENDAR, "show")
    template = times_changed(texts, person.name, _form(first, library, texts), str(times), payload=show)
    return Message("\n\n".join(paragraphs), _buttons(first, at, show, texts), template=template)


def _buttons(first: WindowsChanged, at: datetime, show: str, texts: Texts) -> tuple[tuple[Button, ...], ...]:
    see = Button(texts.plain("button.calendar"), show)
    if not first.assignment.is_open(at):
        return ((see,),)
    return ((Button(texts.plain("button.continue"), tap(Verb.CONTINUE, first.assignment.id)),), (see,))


def _form(change: WindowsChanged, library: Library, texts: Texts) -> str:
    return library.forms[change.assignment.form].title.said(texts.language)


def _lines(
    change: WindowsChanged, library: Library, at: datetime, texts: Texts, *, has_region: bool
) -> Iterator[tuple[Markup, str]]:
    """Give a line for each stage whose times are others, with the times alone; what is over anyway is over."""
    form, before = _form(change, library, texts), {each.stage: each for each in change.before}
    form = f"{form}, {change.assignment.region.name}" if has_region else form
    for stage in library.instrument.answering:
        known = library.instrument.stage(stage)
        old, new = before.get(stage), next((each for each in change.assignment.windows if each.stage == stage), None)
        said_old, said_new = (_span(each, change, at, texts) for each in (old, new))
        if known is None or said_old == said_new or all(each is None or each.has_ended(at) for each in (old, new)):
            continue
        title = known.title.said(texts.language)
        if said_new is None:
            yield texts("calendar.changed.gone", form=form, stage=title), texts.plain("calendar.gone")
        elif said_old is None:
            yield texts("calendar.changed.line", form=form, stage=title, times=said_new), said_new
        else:
            line = texts("calendar.changed.line_before", form=form, stage=title, times=said_new, before=said_old)
            yield line, said_new


def _span(window: Window | None, change: WindowsChanged, at: datetime, texts: Texts) -> Markup | None:
    if window is None:
        return None
    is_begun = window.opens_at is None or window.opens_at <= at
    opens_at = None if is_begun and not window.is_short else window.opens_at
    return span_text(opens_at, window.due_at, change.assignment.region.code, texts)

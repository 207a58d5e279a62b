"""How a weekly summary reads: one number first, then what has changed since the last one, and what helps most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from html import unescape
from typing import NamedTuple

from conversations.brief import Library
from conversations.form_states import FormState
from conversations.hours import greeting_key
from conversations.messages import Button, Message, bubble
from conversations.people import Person, Post, Region, Role
from conversations.summaries import FormChange, Outlook, ScoreChange
from conversations.taps import Verb, tap
from conversations.tasks import open_tasks
from conversations.texts import Markup, Texts, texts_for
from conversations.turn import column, joined, lines
from conversations.views.bars import EMPTY, FULL, bar
from conversations.views.calendar import left_text
from conversations.views.missing import missing_text, time_text
from conversations.views.naming import office_name, region_name
from conversations.views.scores import advice_text, figures_text, tier_name, title_text, way_text
from conversations.views.templates import summary
from indicators.scores import format_points

BAR = f"{FULL}{EMPTY} "
MOST_NAMED = 6
MOST_SUBDISTRICTS_NAMED = 3
LOOKS_AFTER = frozenset({Role.SUBDISTRICT_HEAD, Role.COORDINATOR})
"""Roles that are told of others' forms beside their own."""


class Setting(NamedTuple):
    """For whom, from what and when a summary is written."""

    texts: Texts
    library: Library
    at: datetime


class Told(NamedTuple):
    """What is told of one post."""

    text: Markup
    line: Markup
    """What matters most of it."""
    button: Button | None


def summary_message(reader: Person, outlooks: Sequence[Outlook], library: Library, at: datetime) -> Message:
    """Write somebody's summary of what they look after, of which there is something."""
    texts = texts_for(reader.language, reader.honorific)
    setting = Setting(texts, library, at)
    shown = [each for each in outlooks if not each.is_empty]
    told = [_told(each, setting) for each in shown]
    hello = texts(greeting_key(at, outlooks[0].post.region.code))
    name = reader.called or texts.plain("you")
    unchanged = None if any(each.has_changed for each in outlooks) else texts("summary.unchanged")
    buttons = [each.button for each in told if each.button]
    orders = Button(texts.plain("button.news_orders"), tap(Verb.NEWS, "show"))
    text = joined(lines(texts("summary.opening", hello=hello, name=name), unchanged), *(each.text for each in told))
    message = bubble(text, column(*dict.fromkeys(buttons), orders))
    region = region_name(shown[0].post.region, texts)
    template = summary(texts, (name, region, unescape(told[0].line.lstrip(BAR))), tap(Verb.NEWS, "now"))
    return Message(message.text, message.buttons, template=template)


def _told(outlook: Outlook, setting: Setting) -> Told:
    if len(outlook.districts) == 1:
        return _of_district(outlook.districts[0], setting)
    if outlook.districts:
        return _of_province(outlook, setting)
    if outlook.post.role in LOOKS_AFTER:
        return _of_others(outlook, setting)
    return _of_own(outlook, setting)


def _of_own(outlook: Outlook, setting: Setting) -> Told:
    """Tell how far one's own forms are."""
    texts, post = setting.texts, outlook.post
    rows = [lines(_own_line(each, setting), _rest_line(each, post, texts)) for each in outlook.forms]
    office = office_name(setting.library, post.office, texts) if post.office else None
    head = texts("summary.title", name=office or region_name(post.region, texts))
    text = lines(head, *rows, _end_line(outlook, setting))
    return Told(text, _own_line(outlook.forms[0], setting), _fill(outlook.forms, texts))


def _own_line(form: FormChange, setting: Setting) -> Markup:
    texts = setting.texts
    title = setting.library.forms[form.assignment.form].title.said(texts.language).partition(":")[0]
    done, whole = form.now.answered, form.lacks.whole
    line = texts("summary.form", bar=bar(done, whole), form=title, done=done, whole=whole)
    return texts("summary.more", line=line, amount=form.gained) if form.gained > 0 else line


def _rest_line(form: FormChange, post: Post, texts: Texts) -> Markup:
    """Say what is left to do in a form; what an office has completed is sent by others."""
    if form.state is FormState.SENT:
        return texts("summary.sent")
    if form.state is FormState.COMPLETE:
        return texts("summary.office_complete" if post.office else "summary.complete")
    return texts("status.missing", missing=missing_text(form.lacks, texts), time=time_text(form.lacks.minutes, texts))


def _end_line(outlook: Outlook, setting: Setting) -> Markup | None:
    """Say how much time is left for what ends first."""
    tasks = open_tasks([outlook.post], (each.assignment for each in outlook.forms), setting.library, setting.at)
    if not tasks or not tasks[0].window or not tasks[0].window.due_at:
        return None
    return left_text(tasks[0].window, setting.at, outlook.post.region.code, setting.texts)


def _fill(forms: Sequence[FormChange], texts: Texts) -> Button:
    """Offer the first form in which something is left to do."""
    open_ = [each for each in forms if each.state is not FormState.SENT]
    return Button(texts.plain("button.continue"), tap(Verb.CONTINUE, (open_ or forms)[0].assignment.id))


class Place(NamedTuple):
    """A region with its forms: it is as far as the one that is least far."""

    region: Region
    forms: tuple[FormChange, ...]

    @property
    def is_sent(self) -> bool:
        """Tell whether all of them are."""
        return all(each.now.is_sent for each in self.forms)

    @property
    def is_newly_sent(self) -> bool:
        """Tell whether that has come since it was last told."""
        return self.is_sent and not all(each.before.is_sent for each in self.forms)

    @property
    def is_idle(self) -> bool:
        """Tell whether none was begun."""
        return all(each.state is FormState.NOT_STARTED for each in self.forms)

    @property
    def has_moved(self) -> bool:
        """Tell whether anything has changed in one since it was last told."""
        return any(each.has_moved for each in self.forms)


def _places(forms: Iterable[FormChange]) -> list[Place]:
    found: dict[int, list[FormChange]] = {}
    for each in forms:
        found.setdefault(each.assignment.region.id, []).append(each)
    return [Place(some[0].assignment.region, tuple(some)) for some in found.values()]


def _of_others(outlook: Outlook, setting: Setting) -> Told:
    """Tell a camat or a coordinator how far the forms of their region are: who moved, who is silent."""
    texts, here = setting.texts, outlook.post.region
    own = [each for each in outlook.forms if each.assignment.region.id == here.id]
    below = _places(each for each in outlook.forms if each.assignment.region.id != here.id)
    counts = [
        _count_line(some, kind, texts)
        for kind in ("village", "subdistrict")
        if (some := [each for each in below if each.region.kind == kind])
    ]
    own_lines = [_own_line(each, setting) for each in own]
    text = lines(
        texts("summary.title", name=region_name(here, texts)),
        *counts,
        *own_lines,
        _named_line("summary.moved", [each for each in below if each.has_moved], texts),
        _named_line("summary.silent", [each for each in below if not (each.has_moved or each.is_sent)], texts),
    )
    return Told(text, (*counts, *own_lines)[0], Button(texts.plain("button.score"), tap(Verb.SCORE, here.id)))


def _count_line(places: Sequence[Place], kind: str, texts: Texts) -> Markup:
    """Count regions by how far they are."""
    sent, idle = sum(each.is_sent for each in places), sum(each.is_idle for each in places)
    newly, filling = sum(each.is_newly_sent for each in places), len(places) - sent - idle
    key = "summary.villages" if kind == "village" else "summary.subdistricts"
    line = texts(key, bar=bar(sent, len(places)), sent=sent, whole=len(places))
    parts = (
        texts("summary.more", line=line, amount=newly) if newly else line,
        texts("summary.filling", amount=filling) if filling else "",
        texts("summary.idle", amount=idle) if idle else "",
    )
    return Markup(", ".join(part for part in parts if part))


def _named_line(key: str, places: Sequence[Place], texts: Texts) -> Markup | None:
    """Name these regions: each while they are few, else how many there are in which kecamatan."""
    regions = [each.region for each in places]
    return texts(key, amount=len(regions), names=_names(regions, texts)) if regions else None


def _names(regions: Sequence[Region], texts: Texts) -> str:
    subdistricts = Counter(each.subdistrict or each.name for each in regions)
    if len(regions) <= MOST_NAMED or len(subdistricts) == 1:
        names, most = [each.name for each in regions], MOST_NAMED
    else:
        counted = subdistricts.most_common()
        names = [texts.plain("summary.in_subdistrict", name=name, amount=amount) for name, amount in counted]
        most = MOST_SUBDISTRICTS_NAMED
    rest = len(names) - most
    return ", ".join(names[:most]) + (texts.plain("summary.others", amount=rest) if rest > 0 else "")


def _of_district(district: ScoreChange, setting: Setting) -> Told:
    """Tell a district's score, how it has changed, and what would raise it most."""
    texts, score, instrument = setting.texts, district.score, setting.library.instrument
    text = joined(
        title_text(district.region, setting.at, texts),
        lines(figures_text(score, instrument, texts), _change_line(district, texts)),
        way_text(score, instrument, texts),
        advice_text(score, instrument, texts),
    )
    why = Button(texts.plain("button.why"), tap(Verb.WHY, district.region.id))
    return Told(text, _points_line(district, setting), why)


def _change_line(district: ScoreChange, texts: Texts) -> Markup | None:
    claimed, verified = district.gained
    if not (claimed or verified):
        return None
    return texts("summary.change", claimed=signed(claimed, texts), verified=signed(verified, texts))


def signed(points: Fraction, texts: Texts) -> str:
    """Write a change of points: ``+12,3``, ``-4``, ``0``."""
    written = format_points(abs(points), texts.language)
    return written if written == "0" else f"{'+' if points > 0 else '-'}{written}"


def _of_province(outlook: Outlook, setting: Setting) -> Told:
    """Tell each district's score and change in a line."""
    texts = setting.texts
    listed = [
        texts("summary.district", region=region_name(each.region, texts), line=_points_line(each, setting))
        for each in outlook.districts
    ]
    head = title_text(outlook.post.region, setting.at, texts)
    moved = sum(each.now != each.before for each in outlook.districts)
    return Told(lines(head, *listed), texts("summary.districts", moved=moved, whole=len(listed)), None)


def _points_line(district: ScoreChange, setting: Setting) -> Markup:
    texts, claimed = setting.texts, district.score.claimed
    return texts(
        "summary.points",
        points=format_points(claimed, texts.language),
        change=signed(district.gained[0], texts),
        tier=tier_name(claimed, setting.library.instrument, texts),
    )

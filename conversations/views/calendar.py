"""Windows and ends in words: days for long ones, hours for short ones."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from conversations.calendar import SHORT, Window
from conversations.hours import day_there, last_day, zone_of
from conversations.texts import Markup, Texts
from conversations.views.bars import clock_time, long_date

HOUR = timedelta(hours=1)


def start_text(at: datetime, region_code: str, texts: Texts) -> Markup:
    """Name the moment when something begins: ``1 Maret 2026``, or with its hour where that is not midnight."""
    zone = zone_of(region_code)
    day = long_date(day_there(at, region_code), texts.language)
    if at.astimezone(zone).time() == time():
        return Markup(day)
    return texts("calendar.hour", day=day, time=clock_time(at, zone))


def end_text(at: datetime, region_code: str, texts: Texts) -> Markup:
    """Name the moment when something ends: one at midnight belongs to the day before."""
    if at.astimezone(zone_of(region_code)).time() == time():
        return Markup(long_date(last_day(at, region_code), texts.language))
    return start_text(at, region_code, texts)


def span_text(opens_at: datetime | None, due_at: datetime | None, region_code: str, texts: Texts) -> Markup:
    """Say from when to when: ``1 Maret 2026 s.d. 31 Maret 2026``; few hours are counted."""
    start = start_text(opens_at, region_code, texts) if opens_at else None
    end = end_text(due_at, region_code, texts) if due_at else None
    if start is None or end is None or opens_at is None or due_at is None:
        if start:
            return texts("calendar.from", start=start)
        return texts("calendar.until", end=end) if end else texts("calendar.endless")
    span = start if start == end else texts("calendar.span", start=start, end=end)
    length, zone = due_at - opens_at, zone_of(region_code)
    are_days = all(each.astimezone(zone).time() == time() for each in (opens_at, due_at))
    return span if are_days or length > SHORT else texts.count("calendar.with_hours", length // HOUR, span=span)


def left_text(window: Window, at: datetime, region_code: str, texts: Texts) -> Markup:
    """Say how much is left of a window that has an end, which is told: in days, or in hours where it is short."""
    assert window.due_at is not None
    end = end_text(window.due_at, region_code, texts)
    if window.due_at <= at:
        return texts("calendar.grace", end=end)
    left = window.due_at - at
    if window.is_short:
        return texts.count("calendar.hours_left", left // HOUR, end=end) if left >= HOUR else _soon(end, texts)
    days = (last_day(window.due_at, region_code) - day_there(at, region_code)).days
    if days:
        return texts.count("status.left", days, day=end)
    if window.due_at.astimezone(zone_of(region_code)).time() == time():
        return texts("status.last_day")
    return texts("calendar.last_day", time=clock_time(window.due_at, zone_of(region_code)))


def _soon(end: Markup, texts: Texts) -> Markup:
    return texts("calendar.under_an_hour", end=end)


def state_text(window: Window, at: datetime, region_code: str, texts: Texts) -> Markup | None:
    """Say where a window stands: not open yet, how much is left, or over; ``None``: it never ends."""
    if window.opens_at is not None and at < window.opens_at:
        return texts("calendar.opens", start=start_text(window.opens_at, region_code, texts))
    if window.has_ended(at):
        assert window.closes_at is not None
        return texts("status.closed", day=end_text(window.closes_at, region_code, texts))
    return left_text(window, at, region_code, texts) if window.due_at else None


def closed_text(window: Window | None, at: datetime, region_code: str, texts: Texts) -> Markup:
    """Say why nothing can be answered now: not open yet (or again), or over."""
    if window and window.opens_at is not None and at < window.opens_at:
        return texts("calendar.not_yet", start=start_text(window.opens_at, region_code, texts))
    return texts("closed")

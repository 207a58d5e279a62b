"""Reads moments as they are typed for a calendar: ``7 April pukul 15.00``, ``1 s.d. 7 April``, ``48 jam``."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import msgspec

from conversations.hours import day_there, zone_of
from indicators.reading import Understood
from indicators.reading.dates import read_date

MOST_HOURS = 240
MOST_CHARACTERS = 120
AMOUNT = re.compile(r"(?:selama |for )?(?:(\d{1,2}) ?(?:x|kali) ?)?(\d{1,3}) ?(jam|hari|hours?|days?)")
TO = re.compile(r"\s+(?:s\.? ?/?d\.?|sampai dengan|sampai|hingga|until|to)\s+|\s+[-\u2013]\s+")
ENDS = re.compile(r"^(?:s\.? ?/?d\.?|sampai dengan|sampai|hingga|until|batas akhir|akhir)\s+")
BEGINS = re.compile(r"^(?:mulai(?: dari)?|dari|dibuka|from)\s+")
CLOCK = re.compile(r"(?:,? *\b(?:pukul|jam|at)\b *)(\d{1,2})(?:[.:](\d{2}))?(?: *(?:wib|wita|wit))?$")


class Span(msgspec.Struct, frozen=True):
    """From when to when; what was not said is missing."""

    opens_at: datetime | None = None
    due_at: datetime | None = None


def read_span(written: str, at: datetime, region_code: str) -> Span | None:
    """Read an end, a beginning, both, or a number of hours or days from now; ``None``: it is none of these.

    A day begins at midnight and, as an end, counts to its own end, in the time of the region.
    """
    words = " ".join(written[:MOST_CHARACTERS].casefold().split()).rstrip(".!? ")
    if amount := AMOUNT.fullmatch(words):
        return _from_now(amount, at)
    if BEGINS.match(words) and not TO.search(words):
        opens_at = _moment(BEGINS.sub("", words), at, region_code, is_end=False)
        return Span(opens_at=opens_at) if opens_at else None
    parts = TO.split(BEGINS.sub("", ENDS.sub("", words)))
    due_at = _moment(parts[-1], at, region_code, is_end=True)
    if due_at is None or len(parts) > 2:
        return None
    if len(parts) == 1:
        return Span(due_at=due_at)
    opens_at = _moment(_completed(parts[0], parts[1]), at, region_code, is_end=False)
    return Span(opens_at, due_at) if opens_at else None


def _from_now(amount: re.Match[str], at: datetime) -> Span | None:
    hours = int(amount[1] or 1) * int(amount[2]) * (1 if amount[3].startswith(("jam", "hour")) else 24)
    if not 1 <= hours <= MOST_HOURS:
        return None
    begins = at.replace(second=0, microsecond=0)
    return Span(begins, begins + timedelta(hours=hours))


def _completed(beginning: str, end: str) -> str:
    """``1 s.d. 7 April 2026``: what the first day lacks, the second one has."""
    rest = CLOCK.sub("", end).partition(" ")[2]
    return f"{beginning} {rest}" if beginning.isdecimal() and rest else beginning


def _moment(words: str, at: datetime, region_code: str, *, is_end: bool) -> datetime | None:
    clock = CLOCK.search(words)
    read = read_date(words[: clock.start()] if clock else words, day_there(at, region_code))
    if not isinstance(read, Understood):
        return None
    day = datetime.combine(date.fromisoformat(read.value), time(), zone_of(region_code))
    if clock is None:
        return day + timedelta(days=1) if is_end else day
    hour, minute = int(clock[1]), int(clock[2] or 0)
    return day + timedelta(hours=hour, minutes=minute) if hour * 60 + minute <= 24 * 60 and minute < 60 else None

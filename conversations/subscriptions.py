"""The weekly summary that somebody receives: whether they want it, when in the week, and how people say that."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from conversations.hours import zone_of

MINUTES_OF_DAY = 24 * 60
MINUTES_OF_WEEK = 7 * MINUTES_OF_DAY
EARLIEST, LATEST = 7 * 60 + 30, 19 * 60 + 30
"""Between these minutes of the day a summary can be ordered; it then goes in the hours that the rules allow."""
HOURS_OFFERED = (8, 10, 13, 16, 19)
DAYS = (
    ("senin", "monday"),
    ("selasa", "tuesday"),
    ("rabu", "wednesday"),
    ("kamis", "thursday"),
    ("jumat", "jum'at", "friday"),
    ("sabtu", "saturday"),
    ("minggu", "ahad", "sunday"),
)
"""What the days are called, from Monday."""
FILLER = frozenset({"tiap", "setiap", "hari", "pada", "wib", "wita", "wit", "every", "on", "at"})
TIME = re.compile(r"(?:(?:jam|pukul) ?)?(\d{1,2})(?:[.:](\d{2}))?")


class Subscription(msgspec.Struct, frozen=True):
    """Whether somebody receives the weekly summary, and when."""

    is_on: bool = True
    slot: int = 8 * 60
    """Minutes since Monday 00:00 where they live, 0 to 10,079."""
    is_always: bool = False
    """Also when nothing has changed since the last one."""

    @property
    def weekday(self) -> int:
        """0 is Monday, 6 Sunday."""
        return self.slot // MINUTES_OF_DAY

    @property
    def minute(self) -> int:
        """Minutes since midnight."""
        return self.slot % MINUTES_OF_DAY


USUAL = Subscription()
"""What holds for whoever has not said anything: Mondays at eight."""


class WeekTime(NamedTuple):
    """A day and a time as far as somebody has named them."""

    weekday: int | None = None
    minute: int | None = None


def read_week_time(words: str) -> WeekTime | None:
    """Read when somebody wants something each week: ``jumat``, ``jumat 16.00``, ``jam 9``; None: it names no time.

    Words are in lower case. A minute beyond the day, such as that of ``25.00``, is read as what was written.
    """
    named = [word for word in words.replace("\u2019", "'").split() if word not in FILLER]
    day = next((number for number, names in enumerate(DAYS) if named and named[0] in names), None)
    time = " ".join(named if day is None else named[1:])
    found = TIME.fullmatch(time)
    if time and not found:
        return None
    minute = int(found[1]) * 60 + int(found[2] or 0) if found else None
    return None if day is None and minute is None else WeekTime(day, minute)


def slot_at(at: datetime, region_code: str) -> int:
    """Give the minute of the week that it is in a region at this moment."""
    there = at.astimezone(zone_of(region_code))
    return there.weekday() * MINUTES_OF_DAY + there.hour * 60 + there.minute


def last_moment(slot: int, until: datetime, region_code: str) -> datetime:
    """Give the last moment, ``until`` or before, at which a minute of the week began in a region."""
    zone = zone_of(region_code)
    passed = (slot_at(until, region_code) - slot) % MINUTES_OF_WEEK
    return until.astimezone(zone).replace(second=0, microsecond=0) - timedelta(minutes=passed)

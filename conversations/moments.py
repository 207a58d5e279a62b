"""A day with a time, as Indonesians type it: ``besok 8.00``, ``Senin pukul 9``, ``31 Maret jam 14.30``."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from conversations.hours import day_there, zone_of
from conversations.subscriptions import DAYS
from indicators.reading import Understood
from indicators.reading.dates import read_date

CLOCK = re.compile(
    r"^(.*?)[ ,]*(?<![\d/.-])(?:jam|pukul|pkl\.?|at)? *(\d{1,2})(?:[.:](\d{2}))?(?: *wi(?:b|ta|t))?$", re.ASCII
)
"""A day, which may be missing, then the time of day."""


def read_moment(written: str, at: datetime, region_code: str) -> datetime | None:
    """Read a moment in the future as people in a region mean it; None: it names none, or one that has passed.

    Without a day it is the next such time; a weekday is the next one.
    """
    found = CLOCK.match(" ".join(written.casefold().split()))
    if found is None or int(found[2]) > 23 or int(found[3] or 0) > 59:
        return None
    clock = time(int(found[2]), int(found[3] or 0), tzinfo=zone_of(region_code))
    words = found[1].strip(" ,")
    days = _days(words if words == "hari ini" else words.removeprefix("hari "), day_there(at, region_code))
    return next((moment for day in days if (moment := datetime.combine(day, clock)) > at), None)


def _days(words: str, today: date) -> tuple[date, ...]:
    """Give the days that are meant, the likeliest first."""
    if not words:
        return (today, today + timedelta(days=1))
    weekday = next((number for number, names in enumerate(DAYS) if words in names), None)
    if weekday is not None:
        next_one = today + timedelta(days=(weekday - today.weekday()) % 7)
        return (next_one, next_one + timedelta(days=7))
    read = read_date(words, today)
    return (date.fromisoformat(read.value),) if isinstance(read, Understood) else ()

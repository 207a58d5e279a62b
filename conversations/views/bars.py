"""Bars made of characters that are equally wide in every phone's font, and numbers as Indonesians write them."""

from __future__ import annotations

from datetime import date, datetime, timezone
from fractions import Fraction
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_decimal

FULL, EMPTY = "▓", "░"
BAR_CELLS = 10


@lru_cache(maxsize=4096)
def bar(done: Fraction | int, whole: Fraction | int) -> str:
    """Draw a share in ten cells; anything begun fills one cell, and only the whole fills all.

    ``bar(5, 20)`` is ``▓▓░░░░░░░░``.
    """
    if whole <= 0 or done <= 0:
        return EMPTY * BAR_CELLS
    cells = max(1, min(BAR_CELLS, int(Fraction(done) * BAR_CELLS / Fraction(whole))))
    return FULL * cells + EMPTY * (BAR_CELLS - cells)


def percent(share: Fraction, language: str) -> str:
    """Write a share as whole percent, cut: 0.999 is ``99 %``; what has only begun is ``< 1 %``."""
    if 0 < share < Fraction(1, 100):
        return "< 1 %"
    return f"{format_decimal(int(share * 100), locale=language)} %"


@lru_cache(maxsize=1024)
def long_date(day: date, language: str) -> str:
    """Write a day: ``31 Maret 2026``."""
    return str(format_date(day, "d MMMM yyyy", locale=language))


@lru_cache(maxsize=1024)
def day_with_name(day: date, language: str) -> str:
    """Write a day with its name: ``Selasa, 31 Maret 2026``."""
    return str(format_date(day, "EEEE, d MMMM yyyy", locale=language))


def clock_time(at: datetime, zone: timezone) -> str:
    """Write a time of day as people there read it: ``14.05 WIB``."""
    there = at.astimezone(zone)
    return f"{there:%H.%M} {zone.tzname(None)}"

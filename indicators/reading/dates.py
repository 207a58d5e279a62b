"""Days as Indonesians type them: ``17 Agustus 2025``, ``17/8/25``, ``kemarin``."""

from __future__ import annotations

import re
from datetime import date, timedelta

from indicators.form import Lexical
from indicators.reading.outcomes import Reading, Reason, Rejection, Understood
from indicators.reading.plain import plain, without_courtesy

_NAMES = {
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split(),
    "en": "January February March April May June July August September October November December".split(),
}
_SHORT = {
    "jan": 1, "feb": 2, "peb": 2, "pebruari": 2, "febuari": 2, "mar": 3, "mrt": 3, "apr": 4, "jun": 6, "jul": 7,
    "agu": 8, "ags": 8, "agt": 8, "agst": 8, "agus": 8, "aug": 8, "sep": 9, "sept": 9, "okt": 10, "oct": 10,
    "nov": 11, "nop": 11, "nopember": 11, "des": 12, "dec": 12,
}  # fmt: skip
_MONTHS = _SHORT | {name.casefold(): place for names in _NAMES.values() for place, name in enumerate(names, start=1)}
_NEAR = {
    "hari ini": 0, "today": 0, "sekarang": 0, "tadi": 0, "kemarin": -1, "kmrn": -1, "yesterday": -1,
    "kemarin dulu": -2, "besok": 1, "tomorrow": 1, "lusa": 2,
}  # fmt: skip
_WEEKDAY = re.compile(
    r"^(?:hari )?(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday),? +(?=\d|[a-z])"
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})", re.ASCII)
_IN_FIGURES = re.compile(r"(\d{1,2}) ?[-/. ] ?(\d{1,2})(?: ?[-/. ] ?(\d{4}|\d{2}))?", re.ASCII)
_DAY_FIRST = re.compile(
    r"(?:tanggal |tgl\.? )?(\d{1,2})(?:st|nd|rd|th)?[ -]*([a-z]{3,9})\.?,?[ -]*(\d{4}|'?\d{2})?", re.ASCII
)
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? +(\d{1,2})(?:st|nd|rd|th)?(?:,? +(\d{4}))?", re.ASCII)
_LONGEST = 60
_YEARS_AHEAD = 10
"""Two figures for a year mean the one nearest, at most this many years from now."""


def read_date(written: str, today: date) -> Reading:
    """Read a day. ``2/3/25`` is 2 March and not certain; without a year it is this year's, and not certain."""
    folded = without_courtesy(plain(written[: _LONGEST + 1]))
    if not folded or len(written) > _LONGEST:
        return Rejection(Reason.NOT_A_DATE if folded else Reason.EMPTY)
    if folded in _NEAR:
        return _understood(today + timedelta(days=_NEAR[folded]))
    folded = _WEEKDAY.sub("", folded)
    if found := _YEAR_FIRST.fullmatch(folded):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _IN_FIGURES.fullmatch(folded):
        return _in_figures(int(found[1]), int(found[2]), found[3], today)
    if found := _DAY_FIRST.fullmatch(folded):
        return _with_name(int(found[1]), found[2], found[3], today)
    if found := _MONTH_FIRST.fullmatch(folded):
        return _with_name(int(found[2]), found[1], found[3], today)
    return Rejection(Reason.NOT_A_DATE)


def say_date(value: str, language: str) -> str:
    """Write a day in full: 17 Agustus 2025; what is no day stays as it is."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return f"{day.day} {_NAMES.get(language, _NAMES['id'])[day.month - 1]} {day.year:04}"


def _in_figures(day: int, month: int, year: str | None, today: date) -> Reading:
    """Day before month; where both could be either, it is not certain."""
    if month > 12 >= day:
        return _day(_year(year, today), day, month, is_certain=False)
    is_certain = year is not None and (day > 12 or day == month)
    return _day(_year(year, today), month, day, is_certain=is_certain)


def _with_name(day: int, name: str, year: str | None, today: date) -> Reading:
    month = _MONTHS.get(name)
    if month is None:
        return Rejection(Reason.NOT_A_DATE)
    return _day(_year(year, today), month, day, is_certain=year is not None)


def _year(written: str | None, today: date) -> int:
    if written is None:
        return today.year
    year = int(written.strip("'"))
    if len(written.strip("'")) == 4:
        return year
    near = today.year - today.year % 100 + year
    return near - 100 if near > today.year + _YEARS_AHEAD else near


def _day(year: int, month: int, day: int, *, is_certain: bool = True) -> Reading:
    try:
        return _understood(date(year, month, day), is_certain=is_certain)
    except ValueError:
        return Rejection(Reason.NO_SUCH_DAY)


def _understood(day: date, *, is_certain: bool = True) -> Understood:
    return Understood(Lexical(day.isoformat()), is_certain)

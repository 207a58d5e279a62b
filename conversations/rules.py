"""What may go to people who did not just write, and when: rules as data, for each installation to change."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

RULES = Path(__file__).with_name("rules.toml")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
A_DAY = timedelta(days=1)
A_MONDAY = date(2026, 1, 5)
MOST_DAYS_OFF = 60
"""In a row: more are a mistake in the rules."""


class RulesError(Exception):
    """A file of rules cannot be used."""


class Span(NamedTuple):
    """A part of a day."""

    opens: time
    closes: time
    """The first moment after it."""


class Period(NamedTuple):
    """Days one after the other."""

    first: date
    last: date


Spans = tuple[Span, ...]


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When messages may arrive that nobody asked for, by the days of a week."""

    usual: Spans
    monday: Spans | None = None
    tuesday: Spans | None = None
    wednesday: Spans | None = None
    thursday: Spans | None = None
    friday: Spans | None = None
    saturday: Spans | None = None
    sunday: Spans | None = None

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            ValueError: a part of a day ends before it begins, parts overlap, or no day is open.
        """
        if not any(self.on(A_MONDAY + timedelta(number)) for number in range(len(WEEKDAYS))):
            raise ValueError("at least one time on one day of the week was expected")
        for name in ("usual", *WEEKDAYS):
            moments = [moment for span in getattr(self, name) or () for moment in span]
            if any(earlier >= later for earlier, later in pairwise(moments)):
                raise ValueError(f"{name}: times in order that do not overlap were expected")

    def on(self, day: date) -> Spans:
        """Give those of a day of the week."""
        own: Spans | None = getattr(self, WEEKDAYS[day.weekday()])
        return self.usual if own is None else own


class Holidays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days on which nothing goes, besides those that hold in the whole country."""

    added: frozenset[date]
    removed: frozenset[date]
    """Days on which it does all the same."""
    ramadan: tuple[Period, ...]

    def has(self, day: date) -> bool:
        """Tell whether a day is one."""
        return day in self.added or (day in national_holidays(day.year) and day not in self.removed)

    def is_ramadan(self, day: date) -> bool:
        """Tell whether people fast on a day."""
        return any(first <= day <= last for first, last in self.ramadan)


class LadderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When people are reminded of what their forms lack."""

    days: tuple[int, ...]
    """Before the last day."""
    hours: tuple[int, ...]
    """Before the end of a short time."""
    most_after: int
    """Once a day after the end, while answers are still taken."""
    at: time
    late_hours: int
    """How long a reminder may still go that could not go when it was due."""
    quiet_minutes: int
    """How long somebody is not reminded who has just written."""

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            ValueError: a number is negative.
        """
        if min((*self.days, *self.hours, self.most_after, self.quiet_minutes, self.late_hours - 1)) < 0:
            raise ValueError("days, hours, most_after and quiet_minutes from 0 on were expected, late_hours from 1 on")


class EscalationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told of those who have not finished, in days before the last one; below 0: nobody."""

    subdistrict_head_days: int
    coordinator_days: int
    at: time
    subdistrict_head_hours: int
    """Before the end of a short time."""
    coordinator_hours: int

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            ValueError: hours are not positive.
        """
        if min(self.subdistrict_head_hours, self.coordinator_hours) < 1:
            raise ValueError("hours from 1 on were expected")


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""

    hours: Hours
    hours_in_ramadan: Hours
    holidays: Holidays
    ladder: LadderRules
    escalation: EscalationRules

    def spans(self, day: date) -> Spans:
        """Give the parts of a day in which messages may arrive, in order; none on a holiday."""
        if self.holidays.has(day):
            return ()
        return (self.hours_in_ramadan if self.holidays.is_ramadan(day) else self.hours).on(day)

    def open_spans(self, since: date) -> Iterator[tuple[date, Span]]:
        """Give the parts of days in which messages may arrive, from a day on, without end.

        Raises:
            RulesError: there is none for too long.
        """
        off, day = 0, since
        while True:
            spans = self.spans(day)
            yield from ((day, span) for span in spans)
            day += A_DAY
            off = 0 if spans else off + 1
            if off > MOST_DAYS_OFF:
                raise RulesError(
                    f"At most {MOST_DAYS_OFF} days off in a row were expected; since {since} there are more. "
                    "Correct the hours or the holidays in the file of rules (JEMPUTBOLA_RULES)."
                )


@lru_cache(maxsize=32)
def national_holidays(year: int) -> frozenset[date]:
    """Give the national holidays and the days of cuti bersama of a year, as far as they are known.

    Source: the government's joint decrees (SKB) of each year, as the package ``holidays`` has them.
    """
    from holidays.countries.indonesia import Indonesia

    return frozenset(Indonesia(years=year, categories=("public", "government")))


@cache
def default_rules() -> Rules:
    """Give the rules that come with the program."""
    return load_rules(RULES)


def load_rules(path: Path) -> Rules:
    """Read a file of rules; what it does not name is as in the one that comes with the program.

    Raises:
        RulesError: it is none.
        OSError: it cannot be read.
    """
    try:
        written = _merged(tomllib.loads(RULES.read_text("utf-8")), tomllib.loads(path.read_text("utf-8")))
        rules = msgspec.convert(written, Rules)
        for day in sorted(rules.holidays.added):
            next(rules.open_spans(day))
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise RulesError(f"Rules such as those in {RULES} were expected in {path}; {error}.") from error
    return rules


def _merged(usual: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Put one's own rules in place of the usual ones, table by table."""
    return {**usual, **{name: _changed(usual.get(name), value) for name, value in own.items()}}


def _changed(usual: object, own: object) -> object:
    return {**usual, **own} if isinstance(usual, dict) and isinstance(own, dict) else own

"""When somebody is reminded: the rungs that lead to the end of a window, and past it while answers are still taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from conversations.calendar import Window
from conversations.hours import day_there, last_day, moment_there, next_allowed
from conversations.rules import Rules

DAY = timedelta(days=1)
SETTLED = DAY
"""Of a window of weeks nobody is reminded on the day on which it opens."""


class Rung(NamedTuple):
    """A reminder of everybody whose form is not sent yet."""

    name: str
    """Its distance: ``14`` days before the end, ``4h``, ``+2`` days after it."""
    at: datetime
    """Within hours."""
    until: datetime
    """From then on it is of no use any more."""


@lru_cache(maxsize=4096)  # the same windows are looked at each minute
def rungs(window: Window, region_code: str, rules: Rules) -> tuple[Rung, ...]:
    """Give the rungs of a window, in order; none where it has no end.

    What falls on a holiday or outside of hours goes at the next allowed moment. It ends when the window closes, or
    after the hours that the rules give to what is late. Rungs whose turn never comes are left out.
    """
    if window.due_at is None or window.closes_at is None:
        return ()
    late = timedelta(hours=rules.ladder.late_hours)
    moments = ((name, next_allowed(at, region_code, rules)) for name, at in _moments(window, region_code, rules))
    found = [Rung(name, at, min(at + late, window.closes_at)) for name, at in moments]
    return tuple(sorted((each for each in found if each.at < each.until), key=lambda each: each.at))


def rung_at(window: Window, region_code: str, rules: Rules, at: datetime) -> Rung | None:
    """Give the rung whose turn it is at a moment: the last one that has come, while it is of use.

    So whoever looks again after days finds one rung, not all those that have passed.
    """
    come = [each for each in rungs(window, region_code, rules) if each.at <= at]
    return come[-1] if come and at < come[-1].until else None


def _moments(window: Window, region_code: str, rules: Rules) -> Iterator[tuple[str, datetime]]:
    """Name the moments of the rules that lie in a window."""
    assert window.due_at is not None
    assert window.closes_at is not None
    opens_at = window.opens_at
    before = _before_short(window.due_at, rules) if window.is_short else _before(window.due_at, region_code, rules)
    if opens_at is not None:
        earliest = opens_at if window.is_short else opens_at + SETTLED
        before = ((name, at) for name, at in before if at > earliest)
    yield from before
    most, last = rules.ladder.most_after, day_there(window.due_at, region_code)
    after = (moment_there(last + number * DAY, rules.ladder.at, region_code) for number in range(most + 1))
    left = [at for at in after if window.due_at <= at < window.closes_at]
    yield from ((f"+{number}", at) for number, at in enumerate(left[:most], 1))


def _before(due_at: datetime, region_code: str, rules: Rules) -> Iterator[tuple[str, datetime]]:
    last = last_day(due_at, region_code)
    for days in sorted(set(rules.ladder.days), reverse=True):
        at = moment_there(last - days * DAY, rules.ladder.at, region_code)
        if at < due_at:
            yield str(days), at


def _before_short(due_at: datetime, rules: Rules) -> Iterator[tuple[str, datetime]]:
    for hours in sorted(set(rules.ladder.hours), reverse=True):
        yield f"{hours}h", due_at - timedelta(hours=hours)

"""At which moments somebody can be reminded again who asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from enum import StrEnum

from conversations.hours import day_there, moment_there, next_allowed
from conversations.rules import Rules

EVENING = time(19)
BEFORE_EVENING = timedelta(hours=1)
"""Nobody is offered to be reminded sooner than this."""
MONDAY = 0


class Later(StrEnum):
    """What is offered; buttons carry these words."""

    EVENING = "evening"
    TOMORROW = "tomorrow"
    MONDAY = "monday"


def choices(at: datetime, region_code: str, rules: Rules, until: datetime | None) -> dict[Later, datetime]:
    """Give what can be asked for now, in order: moments within hours, each once, before an end (if there is one)."""
    found: dict[Later, datetime] = {}
    for later, moment in _moments(at, region_code, rules):
        if moment not in found.values() and (until is None or moment < until):
            found[later] = moment
    return found


def _moments(at: datetime, region_code: str, rules: Rules) -> Iterator[tuple[Later, datetime]]:
    today, usual = day_there(at, region_code), rules.ladder.at
    evening = moment_there(today, EVENING, region_code)
    if at < evening - BEFORE_EVENING and next_allowed(evening, region_code, rules) == evening:
        yield Later.EVENING, evening
    tomorrow = today + timedelta(days=1)
    yield Later.TOMORROW, next_allowed(moment_there(tomorrow, usual, region_code), region_code, rules)
    monday = tomorrow + timedelta(days=(MONDAY - tomorrow.weekday()) % 7)
    yield Later.MONDAY, next_allowed(moment_there(monday, usual, region_code), region_code, rules)

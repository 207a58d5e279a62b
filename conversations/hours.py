"""What time it is where a person lives, and when they may be written to. Indonesia has three zones, no summer time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from conversations.rules import Rules

WESTERN = timezone(timedelta(hours=7), "WIB")
CENTRAL = timezone(timedelta(hours=8), "WITA")
EASTERN = timezone(timedelta(hours=9), "WIT")
CENTRAL_PROVINCES = frozenset({"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"})
EASTERN_PROVINCES = frozenset({"81", "82", "91", "92", "93", "94", "95", "96", "97"})
"""Province codes by zone; all others are western. Source: Keputusan Presiden 41/1987."""


def zone_of(region_code: str) -> timezone:
    """Give the time zone of a region by its code (an empty code counts as western)."""
    province = region_code[:2]
    if province in CENTRAL_PROVINCES:
        return CENTRAL
    return EASTERN if province in EASTERN_PROVINCES else WESTERN


def day_there(at: datetime, region_code: str) -> date:
    """Give the calendar day in a region at this moment."""
    return at.astimezone(zone_of(region_code)).date()


def day_number(at: datetime, region_code: str) -> int:
    """Give the calendar day in a region at this moment as a number: 20260331."""
    there = day_there(at, region_code)
    return there.year * 10_000 + there.month * 100 + there.day


def last_day(until: datetime, region_code: str) -> date:
    """Give the last day of a time that ends at this moment: an end at midnight belongs to the day before."""
    return day_there(until - timedelta.resolution, region_code)


def greeting_key(at: datetime, region_code: str) -> str:
    """Name the greeting of the hour: pagi until 10, siang until 15, sore until 18, then malam (local usage)."""
    hour = at.astimezone(zone_of(region_code)).hour
    if 4 <= hour < 10:
        return "greeting.morning"
    if 10 <= hour < 15:
        return "greeting.noon"
    return "greeting.afternoon" if 15 <= hour < 18 else "greeting.evening"


def moment_there(day: date, clock: time, region_code: str) -> datetime:
    """Give the moment of a time of day in a region."""
    return datetime.combine(day, clock, zone_of(region_code))


def next_allowed(at: datetime, region_code: str, rules: Rules) -> datetime:
    """Give the first moment, this one or later, when somebody there may be told what they did not ask for.

    Raises:
        RulesError: there is none within months.
    """
    return next(
        max(at, moment_there(day, span.opens, region_code))
        for day, span in rules.open_spans(day_there(at, region_code))
        if at < moment_there(day, span.closes, region_code)
    )


def next_day(at: datetime, region_code: str, rules: Rules) -> datetime:
    """Give the first such moment of a later day there."""
    later = day_there(at, region_code) + timedelta(days=1)
    return next_allowed(moment_there(later, time.min, region_code), region_code, rules)


def ends_at(at: datetime, lasting: timedelta, region_code: str, rules: Rules) -> datetime:
    """Give the moment when something ends that begins then and goes on within hours there alone.

    Half an hour that begins at 19:45 where hours end at 20:00 ends a quarter of an hour after the next ones begin.

    Raises:
        RulesError: there are none within months.
    """
    left, begins = lasting, at
    for day, span in rules.open_spans(day_there(at, region_code)):  # pragma: no branch - days have no end
        opens, closes = (moment_there(day, clock, region_code) for clock in span)
        begins = max(at, opens)
        if begins < closes and begins + left <= closes:
            break
        left -= max(closes - begins, timedelta(0))
    return begins + left

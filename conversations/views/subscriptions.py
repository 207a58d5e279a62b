"""How it is said what somebody receives without asking, and when."""

from __future__ import annotations

from functools import lru_cache

from babel.dates import get_day_names

from conversations.hours import zone_of
from conversations.subscriptions import Subscription
from conversations.texts import Markup, Texts


@lru_cache(maxsize=16)
def day_name(weekday: int, language: str) -> str:
    """Name a day of the week; 0 is Monday."""
    return str(get_day_names("wide", context="stand-alone", locale=language)[weekday])


def time_there(minute: int, region_code: str) -> str:
    """Write a minute of the day as people in a region read it: ``08.00 WIB``."""
    return f"{minute // 60:02}.{minute % 60:02} {zone_of(region_code).tzname(None)}"


def summary_text(subscription: Subscription, region_code: str, texts: Texts) -> Markup:
    """Say whether and when the weekly summary comes."""
    if not subscription.is_on:
        return texts("news.weekly_off")
    return texts(
        "news.weekly_always" if subscription.is_always else "news.weekly",
        day=day_name(subscription.weekday, texts.language),
        time=time_there(subscription.minute, region_code),
    )

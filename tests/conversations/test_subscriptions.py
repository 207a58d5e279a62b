"""When the weekly summary comes, as people say it and as the clocks of three zones show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.hours import zone_of
from conversations.subscriptions import MINUTES_OF_WEEK, USUAL, WeekTime, last_moment, read_week_time, slot_at

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ZONES = {"16.07": 7, "52.01": 8, "81.01": 9}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("jumat", WeekTime(4, None)),
        ("jum'at pukul 16.00", WeekTime(4, 960)),
        ("setiap hari senin jam 9 wib", WeekTime(0, 540)),
        ("jum\u2019at", WeekTime(4, None)),
        ("08.30", WeekTime(None, 510)),
        ("pukul 8:05", WeekTime(None, 485)),
        ("every sunday at 10", WeekTime(6, 600)),
        ("25.00", WeekTime(None, 1500)),
        ("hari", None),
        ("", None),
        ("jumat sore", None),
        ("majalah", None),
        ("8.5", None),
    ],
)
def test_a_day_and_a_time_are_read_as_people_write_them(words: str, meant: WeekTime | None) -> None:
    assert read_week_time(words) == meant


@pytest.mark.parametrize(("code", "hours"), ZONES.items())
def test_eight_on_monday_is_another_moment_in_each_zone(code: str, hours: int) -> None:
    moment = last_moment(USUAL.slot, MONDAY + timedelta(days=3), code)

    assert moment == MONDAY + timedelta(hours=8 - hours)


@given(
    st.integers(0, MINUTES_OF_WEEK - 1),
    st.timedeltas(timedelta(), timedelta(weeks=700)),
    st.sampled_from([*ZONES]),
)
def test_each_minute_of_the_week_comes_once_a_week(slot: int, later: timedelta, code: str) -> None:
    at = MONDAY + later

    moment = last_moment(slot, at, code)

    assert slot_at(moment, code) == slot
    assert timedelta() <= at - moment < timedelta(weeks=1)
    assert moment.tzinfo == zone_of(code)

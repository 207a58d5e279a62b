"""A day with a time is read as Indonesians type it, and only where it is still to come."""

from __future__ import annotations

from datetime import datetime

import pytest

from conversations.hours import EASTERN, WESTERN
from conversations.moments import read_moment
from tests.conversations.places import START

MONDAY_NINE = START
"""2 March 2026, 09.00 in the west."""


@pytest.mark.parametrize(
    ("written", "day", "hour", "minute"),
    [
        ("besok 8.00", 3, 8, 0),
        ("Besok pukul 09:15 WIB", 3, 9, 15),
        ("hari ini 16.00", 2, 16, 0),
        ("hari Selasa 8", 3, 8, 0),
        ("senin 9", 9, 9, 0),
        ("Senin, 10.30", 2, 10, 30),
        ("jumat jam 7", 6, 7, 0),
        ("31 Maret jam 14.30", 31, 14, 30),
        ("31 Maret 2026, 08.00", 31, 8, 0),
        ("31/3 08.00", 31, 8, 0),
        ("10.30", 2, 10, 30),
        ("pukul 8", 3, 8, 0),
        ("tomorrow at 8.00", 3, 8, 0),
    ],
)
def test_a_day_and_a_time_are_the_next_moment_of_that_name(written: str, day: int, hour: int, minute: int) -> None:
    assert read_moment(written, MONDAY_NINE, "16.07") == datetime(2026, 3, day, hour, minute, tzinfo=WESTERN)


@pytest.mark.parametrize(
    "written",
    ["", "besok", "hari ini 8.00", "kemarin 9", "31 Maret", "besok 25.00", "besok 8.75", "31 februari 8.00",
     "17 Agustus 2025", "nanti saja", "1 Januari 2026 08.00"],
)  # fmt: skip
def test_what_names_no_moment_that_is_still_to_come_is_none(written: str) -> None:
    assert read_moment(written, MONDAY_NINE, "16.07") is None


def test_the_hour_is_that_of_the_region() -> None:
    assert read_moment("besok 8.00", MONDAY_NINE, "91.01") == datetime(2026, 3, 3, 8, tzinfo=EASTERN)

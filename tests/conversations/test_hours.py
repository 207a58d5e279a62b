"""When people may be told what they did not ask for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.hours import day_number, day_there, ends_at, next_allowed, next_day, zone_of
from conversations.rules import Rules, RulesError, default_rules, load_rules

RULES = default_rules()
KAUR, DENPASAR, JAYAPURA = "17.04", "51.71", "91.71"
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given UTC
PLACES = st.sampled_from([KAUR, DENPASAR, JAYAPURA, ""])


def local(moment: str, code: str = KAUR) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=zone_of(code))


def is_within_hours(at: datetime, code: str, rules: Rules) -> bool:
    there = at.astimezone(zone_of(code))
    return any(opens <= there.time() < closes for opens, closes in rules.spans(there.date()))


@given(MOMENTS, PLACES)
def test_the_next_allowed_moment_is_never_earlier_and_never_outside_of_hours(at: datetime, code: str) -> None:
    found = next_allowed(at, code, RULES)

    assert found >= at
    assert is_within_hours(found, code, RULES)


@given(MOMENTS, PLACES)
def test_a_moment_within_hours_stays_and_another_goes_to_an_opening(at: datetime, code: str) -> None:
    found = next_allowed(at, code, RULES)

    there = found.astimezone(zone_of(code))
    openings = [span.opens for span in RULES.spans(there.date())]
    assert (found == at) == is_within_hours(at, code, RULES)
    assert found == at or there.time() in openings


@given(MOMENTS, PLACES, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_nothing_between_a_moment_and_the_next_allowed_one_is_allowed(
    at: datetime, code: str, after: timedelta
) -> None:
    found = next_allowed(at, code, RULES)

    assert at + after >= found or not is_within_hours(at + after, code, RULES)


@given(MOMENTS, PLACES)
def test_the_next_day_is_another_day_there(at: datetime, code: str) -> None:
    assert day_there(next_day(at, code, RULES), code) > day_there(at, code)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("2026-01-12T07:29:59", "2026-01-12T07:30:00"),
        ("2026-01-12T19:59:59", "2026-01-12T19:59:59"),
        ("2026-01-12T20:00:00", "2026-01-13T07:30:00"),
        ("2026-01-16T10:00:00", "2026-01-17T07:30:00"),  # Isra Mikraj
        ("2026-01-23T11:30:00", "2026-01-23T13:00:00"),  # a Friday
        ("2026-02-16T09:00:00", "2026-02-18T07:30:00"),  # cuti bersama, then Imlek
        ("2026-02-19T07:45:00", "2026-02-19T08:00:00"),  # Ramadan
        ("2026-02-19T17:30:00", "2026-02-20T08:00:00"),
        ("2026-03-17T17:30:00", "2026-03-25T07:30:00"),  # Nyepi, and Idul Fitri with its days off
    ],
)
def test_hours_fridays_fasting_and_holidays_are_kept(asked: str, allowed: str) -> None:
    assert next_allowed(local(asked), KAUR, RULES) == local(allowed)


def test_each_region_has_its_own_hours() -> None:
    at = datetime(2026, 1, 12, 23, tzinfo=UTC)

    assert next_allowed(at, KAUR, RULES) == at + timedelta(minutes=90)
    assert next_allowed(at, DENPASAR, RULES) == at + timedelta(minutes=30)
    assert next_allowed(at, JAYAPURA, RULES) == at


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_of_rules_changes_only_what_it_names(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "[hours]\nsunday = []\n[holidays]\nadded = [2026-01-13]\nremoved = [2026-02-16]\n[ladder]\nmost_after = 2\n",
    )

    rules = load_rules(path)

    assert rules.ladder.most_after == 2
    assert rules.ladder.days == RULES.ladder.days
    assert next_allowed(local("2026-01-11T10:00:00"), KAUR, rules) == local("2026-01-12T07:30:00")
    assert next_allowed(local("2026-01-13T10:00:00"), KAUR, rules) == local("2026-01-14T07:30:00")
    assert next_allowed(local("2026-02-16T09:00:00"), KAUR, rules) == local("2026-02-16T09:00:00")
    assert next_allowed(local("2026-01-23T12:00:00"), KAUR, rules) == local("2026-01-23T13:00:00")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hours\n", "rules.toml"),
        ("[hours]\nusual = [[20:00:00, 07:30:00]]\n", "usual: times in order"),
        ("[hours]\nfriday = [[07:30:00, 12:00:00], [11:00:00, 20:00:00]]\n", "friday: times in order"),
        ("[hours]\nusual = []\nfriday = []\n", "at least one time"),
        ("[hours]\nusual = 'always'\n", "hours.usual"),
        ("[ladder]\ndays = [-1]\n", "from 0 on"),
        ("[ladders]\n", "ladders"),
    ],
)
def test_rules_that_cannot_be_used_are_refused_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        load_rules(written(tmp_path, text))


def test_a_year_off_is_refused(tmp_path: Path) -> None:
    days = [date(2026, 1, 1) + timedelta(number) for number in range(100)]

    with pytest.raises(RulesError, match="days off in a row"):
        load_rules(written(tmp_path, f"[holidays]\nadded = [{', '.join(map(str, days))}]\n"))


@pytest.mark.parametrize(
    ("begins", "minutes", "ends"),
    [
        ("2026-01-12T09:00:00", 30, "2026-01-12T09:30:00"),
        ("2026-01-12T05:00:00", 0, "2026-01-12T07:30:00"),
        ("2026-01-12T19:45:00", 15, "2026-01-12T20:00:00"),
        ("2026-01-12T20:00:00", 0, "2026-01-13T07:30:00"),
        ("2026-01-12T19:45:00", 30, "2026-01-13T07:45:00"),
        ("2026-01-23T11:00:00", 60, "2026-01-23T13:30:00"),  # a Friday
    ],
)
def test_what_goes_on_within_hours_alone_ends_so_much_later(begins: str, minutes: int, ends: str) -> None:
    assert ends_at(local(begins), timedelta(minutes=minutes), KAUR, RULES) == local(ends)


def test_a_day_is_numbered_as_it_is_where_somebody_lives() -> None:
    assert day_number(local("2026-01-13T00:30:00"), KAUR) == 20260113

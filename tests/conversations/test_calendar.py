"""Windows: which one matters, for whom, and how they are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conversations.calendar import Calendar, Extension, Fault, Times, Window, at_work, moved, seen_by
from conversations.people import Assignment, Post, Role
from conversations.texts import texts_for
from conversations.views.calendar import closed_text, start_text, state_text
from tests.conversations.places import REGIONS

NOON = datetime(2026, 4, 6, 5, tzinfo=UTC)  # 12.00 WIB
MIDNIGHT = datetime(2026, 4, 6, 17, tzinfo=UTC)  # the end of that day there
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PALEMBANG, AMBON = "16.71", "81.71"
ID = texts_for("id")
PAST = Window("evaluasi_mandiri", None, NOON - 9 * DAY, NOON - 7 * DAY)
REPAIR = Window("perbaikan", NOON, NOON + 48 * HOUR, NOON + 50 * HOUR)


def held_by(*windows: Window) -> Assignment:
    return Assignment(1, "dekela", "2024.1", REGIONS[0], 1, windows, "")


def test_without_a_calendar_answers_are_always_taken() -> None:
    asked = held_by()

    assert asked.is_open(NOON)
    assert (asked.window(NOON), asked.due_at(NOON)) == (None, None)


@pytest.mark.parametrize(
    ("at", "is_open", "stage"),
    [
        (NOON - 8 * DAY, True, "evaluasi_mandiri"),  # past its due day, not yet closed
        (NOON - 7 * DAY, False, "perbaikan"),  # the end itself is too late; the next to come matters
        (NOON - HOUR, False, "perbaikan"),
        (NOON, True, "perbaikan"),
        (NOON + 50 * HOUR, False, "perbaikan"),  # over, the last one is named
    ],
)
def test_the_window_that_matters_runs_or_comes_next_or_was_the_last(at: datetime, is_open: bool, stage: str) -> None:
    asked = held_by(PAST, REPAIR)
    window = asked.window(at)

    assert window
    assert (asked.is_open(at), window.stage) == (is_open, stage)


def test_of_two_that_run_the_one_without_an_end_matters() -> None:
    endless = Window("evaluasi_mandiri")

    assert at_work((endless, REPAIR), NOON) == endless
    assert not endless.has_ended(NOON)
    assert held_by(endless, REPAIR).due_at(NOON) is None


def test_an_extension_takes_the_place_of_its_stage_for_its_post_alone() -> None:
    mine, other = (Post(number, Role.OFFICE, REGIONS[0]) for number in (7, 8))
    longer = Window("evaluasi_mandiri", None, NOON + DAY, NOON + DAY, post=7)
    asked = held_by(PAST, longer, REPAIR)

    assert asked.seen_by([mine, other]).windows == (longer, REPAIR)
    assert asked.seen_by([other]).windows == (PAST, REPAIR)
    assert asked.seen_by([]).windows == seen_by(asked.windows, ()) == (PAST, REPAIR)
    assert held_by(PAST).seen_by([mine]) == held_by(PAST)


def extended(until: datetime, *, form: str = "", granted_at: datetime = NOON) -> Extension:
    return Extension(7, "evaluasi_mandiri", until, "banjir", granted_at, form)


def calendar_with(*extensions: Extension) -> Calendar:
    times = (
        Times("evaluasi_mandiri", "", NOON - 30 * DAY, NOON + DAY, NOON + 2 * DAY),
        Times("evaluasi_mandiri", "kelana", None, NOON - DAY, NOON - DAY),
        Times("final", "", NOON + 9 * DAY, NOON + 10 * DAY, NOON + 10 * DAY),
    )
    return Calendar(1, 2026, 4, times, extensions)


STAGES = ("evaluasi_mandiri", "perbaikan")


def test_a_form_with_times_of_its_own_does_not_follow_those_of_all() -> None:
    calendar = calendar_with()

    assert [each.due_at for each in calendar.windows("dekela", STAGES)] == [NOON + DAY]
    assert [each.due_at for each in calendar.windows("kelana", STAGES)] == [NOON - DAY]
    assert calendar.times_of("perbaikan", "dekela") is None


def test_an_extension_keeps_the_beginning_and_one_that_comes_too_late_opens_anew() -> None:
    calendar = calendar_with(extended(NOON + 5 * DAY))

    general, longer = calendar.windows("dekela", STAGES, {7})
    _, anew = calendar.windows("kelana", STAGES, {7})

    assert longer == Window("evaluasi_mandiri", general.opens_at, NOON + 5 * DAY, NOON + 5 * DAY, 7)
    assert (anew.opens_at, anew.is_short) == (NOON, False)
    assert calendar.windows("dekela", STAGES, {8}) == calendar.windows("dekela", STAGES) == (general,)


def test_times_that_move_keep_what_is_not_said_and_the_grace() -> None:
    times = Times("final", "", NOON, NOON + DAY, NOON + 2 * DAY)

    assert moved(times, due_at=NOON + 5 * DAY) == Times("final", "", NOON, NOON + 5 * DAY, NOON + 6 * DAY)
    assert moved(times, closes_at=NOON + 9 * DAY) == Times("final", "", NOON, NOON + DAY, NOON + 9 * DAY)
    assert moved(times, opens_at=NOON + DAY) is moved(times, due_at=NOON) is Fault.ENDS_TOO_EARLY
    assert moved(times, closes_at=NOON + DAY / 2) is Fault.CLOSES_TOO_EARLY
    assert moved(times) is Fault.NO_MOMENT
    assert moved(Times("final"), opens_at=NOON) == Times("final", "", NOON)
    assert moved(Times("final"), closes_at=NOON) == Times("final", "", None, NOON, NOON)


@pytest.mark.parametrize("extension", [extended(NOON + 2 * DAY), extended(NOON + 9 * DAY, form="kelana")])
def test_an_extension_that_changes_nothing_is_no_window(extension: Extension) -> None:
    assert len(calendar_with(extension).windows("dekela", STAGES, {7})) == 1


def test_where_there_is_no_end_nothing_can_be_extended() -> None:
    calendar = Calendar(1, 2026, 4, (Times("evaluasi_mandiri"),), (extended(NOON + DAY),))

    assert calendar.windows("dekela", STAGES, {7}) == (Window("evaluasi_mandiri"),)


@pytest.mark.parametrize(
    ("window", "at", "said"),
    [
        (Window("em", None, MIDNIGHT + 2 * DAY, MIDNIGHT + 2 * DAY), NOON, "Sisa waktu 2 hari, sampai 8 April 2026."),
        (Window("em", None, MIDNIGHT, MIDNIGHT), NOON, "Hari ini hari terakhir."),
        (Window("em", None, NOON + 2 * HOUR, NOON + DAY), NOON, "terakhir, sampai pukul 14.00 WIB."),
        (REPAIR, NOON, "Sisa waktu 48 jam, sampai 8 April 2026 pukul 12.00 WIB."),
        (REPAIR, NOON + 47 * HOUR + HOUR / 2, "kurang dari satu jam, sampai 8 April 2026 pukul 12.00 WIB."),
        (REPAIR, NOON + 49 * HOUR, "8 April 2026 pukul 12.00 WIB, sudah lewat, tetapi masih bisa diisi."),
        (REPAIR, NOON + 51 * HOUR, "Pengisian sudah ditutup pada 8 April 2026 pukul 14.00 WIB."),
        (REPAIR, NOON - HOUR, "Pengisian dibuka 6 April 2026 pukul 12.00 WIB."),
        (Window("em"), NOON, "None"),
    ],
)
def test_short_windows_count_in_hours_and_long_ones_in_days(window: Window, at: datetime, said: str) -> None:
    assert said in str(state_text(window, at, PALEMBANG, ID))


def test_a_beginning_is_told_in_the_time_of_the_place() -> None:
    assert start_text(MIDNIGHT, PALEMBANG, ID) == "7 April 2026"
    assert start_text(MIDNIGHT, AMBON, ID) == "7 April 2026 pukul 02.00 WIT"


def test_what_is_not_open_yet_is_not_called_closed() -> None:
    assert "belum bisa diisi atau diubah" in closed_text(REPAIR, NOON - DAY, PALEMBANG, ID)
    assert "sudah ditutup" in closed_text(REPAIR, NOON + 9 * DAY, PALEMBANG, ID)
    assert "sudah ditutup" in closed_text(None, NOON, PALEMBANG, ID)

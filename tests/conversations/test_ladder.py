"""The rungs of a ladder: when they are, and that nobody ever has more than one to catch up on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.calendar import Window
from conversations.form_states import FormState
from conversations.hours import next_allowed, zone_of
from conversations.ladder import rung_at, rungs
from conversations.people import Assignment, Post, Role
from conversations.rules import default_rules
from conversations.snoozing import Later, choices
from conversations.tasks import Lacks, lacks_of, open_tasks
from tests.conversations.places import BANYUASIN, DUE, SUNGAI_REBO, library
from tests.storage.forms import make_form, make_row

RULES = default_rules()
CODE = "16.07"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OPENS = datetime(2026, 1, 5, tzinfo=UTC)
SPANS = st.timedeltas(2 * HOUR, timedelta(days=90))
GRACES = st.timedeltas(timedelta(0), timedelta(days=12))


def local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=zone_of(CODE))


def window(opens: str | None, due: str, closes: str = "") -> Window:
    return Window("em", local(opens) if opens else None, local(due), local(closes or due))


def named(found: Window) -> dict[str, datetime]:
    return {each.name: each.at for each in rungs(found, CODE, RULES)}


def test_a_long_window_is_reminded_of_by_days_and_after_its_end_while_it_takes_answers() -> None:
    found = named(window("2026-04-10T00:00", "2026-05-10T00:00", "2026-05-13T12:00"))

    assert found == {
        "14": local("2026-04-25T08:30"),
        "7": local("2026-05-02T08:30"),
        "3": local("2026-05-06T08:30"),
        "1": local("2026-05-08T08:30"),
        "0": local("2026-05-09T08:30"),
        "+1": local("2026-05-10T08:30"),
        "+2": local("2026-05-11T08:30"),
        "+3": local("2026-05-12T08:30"),
        "+4": local("2026-05-13T08:30"),
    }


def test_after_the_end_it_is_said_five_times_at_most() -> None:
    found = named(window(None, "2026-08-02T15:00", "2026-08-31T00:00"))

    assert [name for name in found if name.startswith("+")] == ["+1", "+2", "+3", "+4", "+5"]


def test_two_days_for_repairs_are_reminded_of_by_hours() -> None:
    found = named(window("2026-04-08T14:00", "2026-04-10T16:00"))

    assert found == {"24h": local("2026-04-09T16:00"), "4h": local("2026-04-10T13:00")}


def test_what_falls_on_a_holiday_goes_afterwards_and_gives_way_to_the_next() -> None:
    found = window(None, "2026-03-27T00:00")

    assert rung_at(found, CODE, RULES, local("2026-03-20T09:00")) is None
    late = rung_at(found, CODE, RULES, local("2026-03-25T08:00"))
    assert late
    assert (late.name, late.at) == ("3", local("2026-03-25T07:30"))


def test_a_window_without_an_end_has_no_rungs() -> None:
    assert rungs(Window("em"), CODE, RULES) == ()


def test_nobody_is_reminded_on_the_day_on_which_a_long_window_opens() -> None:
    assert "7" not in named(window("2026-08-01T08:00", "2026-08-09T00:00"))


@given(SPANS, GRACES)
def test_every_rung_lies_in_the_window_and_within_hours(span: timedelta, grace: timedelta) -> None:
    found = Window("em", OPENS, OPENS + span, OPENS + span + grace)

    for rung in rungs(found, CODE, RULES):
        assert OPENS < rung.at < rung.until <= OPENS + span + grace
        assert next_allowed(rung.at, CODE, RULES) == rung.at


@given(SPANS, GRACES, st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=9)), min_size=1, max_size=40))
def test_each_look_finds_one_rung_at_most_and_each_rung_once_however_long_nobody_looked(
    span: timedelta, grace: timedelta, pauses: list[timedelta]
) -> None:
    found, at = Window("em", OPENS, OPENS + span, OPENS + span + grace), OPENS
    planned: list[str] = []
    for pause in pauses:
        at += pause
        rung = rung_at(found, CODE, RULES, at)
        if rung and rung.name not in planned:
            assert rung.at <= at < rung.until
            planned.append(rung.name)

    order = [each.name for each in rungs(found, CODE, RULES)]
    assert planned == [name for name in order if name in planned]


@given(SPANS)
def test_whoever_looks_every_minute_misses_none_whose_day_is_its_own(span: timedelta) -> None:
    found = Window("em", OPENS, OPENS + span, OPENS + span)
    every = rungs(found, CODE, RULES)

    seen = {rung.name for each in every if (rung := rung_at(found, CODE, RULES, each.at))}

    assert seen >= {each.name for each in every if [other.at for other in every].count(each.at) == 1}


# --- what somebody has to do


def assigned(progress: str, *, form: str = "dekela", sent_at: datetime | None = None) -> Assignment:
    region = BANYUASIN if form == "kabupaten" else SUNGAI_REBO
    return Assignment(1, form, "1", region, 1, (Window("em", None, DUE, DUE),), progress, sent_at)


HEAD = Post(1, Role.VILLAGE_HEAD, SUNGAI_REBO)
DINKES = Post(2, Role.OFFICE, BANYUASIN, office="dinkes")


@pytest.mark.parametrize(
    ("progress", "sent_at", "state", "lacks"),
    [
        ("....", None, FormState.NOT_STARTED, Lacks(4, 4, 0, 0)),
        ("#~x-", None, FormState.IN_PROGRESS, Lacks(3, 1, 1, 0)),
        ("#!x#", None, FormState.RETURNED, Lacks(4, 0, 1, 1)),
        ("####", None, FormState.COMPLETE, Lacks(4, 0, 0, 0)),
    ],
)
def test_a_task_says_what_is_missing(progress: str, sent_at: datetime | None, state: FormState, lacks: Lacks) -> None:
    (task,) = open_tasks([HEAD], [assigned(progress, sent_at=sent_at)], library(), OPENS)

    assert (task.state, task.lacks) == (state, lacks)


@pytest.mark.parametrize(
    ("posts", "assignment", "at"),
    [
        ([HEAD], assigned("####", sent_at=OPENS), OPENS),
        ([HEAD], assigned("#..#"), DUE),
        ([HEAD], assigned("----"), OPENS),
        ([DINKES], assigned("#..#"), OPENS),
        ([], assigned("#..#"), OPENS),
    ],
)
def test_what_is_sent_closed_or_somebody_elses_is_no_task(
    posts: list[Post], assignment: Assignment, at: datetime
) -> None:
    assert open_tasks(posts, [assignment], library(), at) == []


def test_an_office_is_asked_for_its_own_rows() -> None:
    rows = (make_row("1.1", 1, holders=("dinkes",)), make_row("1.2", 2, holders=("disdik",)), make_row("1.3", 3))
    known = library()
    with_small = type(known)(known.instrument, {"kabupaten": make_form("kabupaten", "kabupaten", rows)})

    before = open_tasks([DINKES], [assigned("...", form="kabupaten")], with_small, OPENS)
    done = open_tasks([DINKES], [assigned("#..", form="kabupaten")], with_small, OPENS)

    assert ([task.lacks.whole for task in before], done) == ([1], [])


def test_what_ends_first_comes_first() -> None:
    later = Assignment(2, "dekela", "1", SUNGAI_REBO, 1, (Window("em"),), "....")

    tasks = open_tasks([HEAD], [later, assigned("....")], library(), OPENS)

    assert [task.assignment.id for task in tasks] == [1, 2]


def test_marks_are_counted_by_what_they_lack() -> None:
    assert lacks_of(".~sx#-!").minutes == 4 * 1.25 + 0.625


# --- later


@pytest.mark.parametrize(
    ("at", "until", "offered"),
    [
        ("2026-04-07T09:00", None, {"evening": "04-07 19:00", "tomorrow": "04-08 08:30", "monday": "04-13 08:30"}),
        ("2026-04-07T18:30", None, {"tomorrow": "04-08 08:30", "monday": "04-13 08:30"}),
        ("2026-04-12T18:30", None, {"tomorrow": "04-13 08:30"}),
        ("2026-04-12T09:00", "2026-04-13T00:00", {"evening": "04-12 19:00"}),
        ("2026-03-20T09:00", None, {"tomorrow": "03-25 07:30"}),
    ],
)
def test_later_is_a_moment_within_hours_before_the_end(at: str, until: str | None, offered: dict[str, str]) -> None:
    found = choices(local(at), CODE, RULES, local(until) if until else None)

    said = {later.value: f"{moment.astimezone(zone_of(CODE)):%m-%d %H:%M}" for later, moment in found.items()}
    assert said == offered
    assert set(found) <= set(Later)

"""Planted faults: every check finds what it is there for, and says what, to whom and when."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rehearsal.channel import Arrival
from bot.rehearsal.checking import check
from bot.rehearsal.play import Played, Sent
from conversations.purposes import Reminder
from storage.kept import Change
from storage.outbox_states import OutboxState

REMINDER = Reminder((1,), "7")


def other(played: Played, **kept: object) -> Played:
    """Give what happened with something else kept."""
    return replace(played, kept=replace(played.kept, **kept))  # type: ignore[arg-type]


def without_an_event(played: Played) -> Played:
    gone = next(each for player in played.players.values() for each in player.memory.events)
    return other(played, events=played.kept.events - {gone})


def with_another_answer(played: Played) -> Played:
    key = next(key for player in played.players.values() for key in player.memory.acknowledged)
    return other(played, answers={**played.kept.answers, key: "something else"})


def without_a_change(played: Played) -> Played:
    key = next(key for player in played.players.values() for key in player.memory.acknowledged)
    return other(played, changes={each: kept for each, kept in played.kept.changes.items() if each != key})


def with_a_change_twice(played: Played) -> Played:
    key, changes = next(iter(played.kept.changes.items()))
    return other(played, changes={**played.kept.changes, key: [*changes, Change(None, changes[-1].new)]})


def without_photos(played: Played) -> Played:
    return other(played, photos=[])


def with_a_photo_twice(played: Played) -> Played:
    return other(played, photos=[*played.kept.photos, played.kept.photos[0]])


def with_a_job_left(played: Played) -> Played:
    return other(played, left={"job": 2})


def with_wrong_totals(played: Played) -> Played:
    return other(played, miscounted=3)


def with_an_unsent_reply(played: Played) -> Played:
    first, *rest = played.kept.messages
    return other(played, messages=[first._replace(state=OutboxState.FAILED, reason="gave up"), *rest])


def with_a_message_that_never_came(played: Played) -> Played:
    gone = played.sent[0].arrival.row.id
    return replace(played, sent=[each for each in played.sent if each.arrival.row.id != gone])


def with_a_reply_twice(played: Played) -> Played:
    twice = next(each for each in played.sent if each.arrival.row.attempts == 0)
    return replace(played, sent=[*played.sent, twice])


def with_reminders(played: Played, *hours: int) -> Played:
    """Let somebody be reminded at these hours of the second day, a Tuesday, and hear nothing else."""
    base = played.sent[0]
    day = played.script.starts_at.replace(hour=0) + timedelta(days=1)
    made = [
        Sent(base.player, Arrival(day + timedelta(hours=hour), replace(base.arrival.row, id=-hour, purpose=REMINDER)))
        for hour in hours
    ]
    return replace(played, sent=[*(each for each in played.sent if each.player != base.player), *made])


def at_night(played: Played) -> Played:
    return with_reminders(played, 22)


def twice_a_day(played: Played) -> Played:
    return with_reminders(played, 9, 15)


def without_reminders(played: Played) -> Played:
    sent = [each for each in played.sent if not isinstance(each.arrival.row.purpose, Reminder)]
    messages = [each for each in played.kept.messages if "reminder" not in each.purpose]
    heads = [each for each in played.players.values() if each.registered_at and each.answers_a_form]
    first = copy(min(heads, key=lambda each: each.registered_at or played.script.ends_at))
    first.sent_at, first.has_row_back = None, False
    return replace(other(played, messages=messages), sent=sent, players={**played.players, first.part.number: first})


FAULTS: dict[Callable[[Played], Played], str] = {
    without_an_event: "never took effect",
    with_another_answer: "'something else' is kept",
    without_a_change: "was never kept",
    with_a_change_twice: "does not follow",
    without_photos: "it is not kept",
    with_a_photo_twice: "some twice",
    with_a_job_left: "2 rows of job are left",
    with_wrong_totals: "3 totals differ",
    with_an_unsent_reply: "is failed: gave up",
    with_a_message_that_never_came: "never came",
    with_a_reply_twice: "came 2 times for no reason",
    at_night: "came outside of hours",
    without_reminders: "was never reminded",
    twice_a_day: "unasked message of the day",
}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_fault_is_found(played: Played, plant: Callable[[Played], Played]) -> None:
    assert any(FAULTS[plant] in finding for finding in check(plant(played)))

"""Who is told of those who have not finished: how far the units of a region are, and when that is due."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import msgspec

from conversations.calendar import Window, seen_by
from conversations.form_states import FormState, form_state
from conversations.hours import last_day, moment_there, next_allowed
from conversations.people import Assignment, Region, Role
from conversations.rules import Rules
from conversations.sheets import ANSWERED_MARKS, RowMark

DIGEST_ROLES = (Role.SUBDISTRICT_HEAD, Role.COORDINATOR)
"""Who is told, and may have others reminded."""


class Progress(StrEnum):
    """How far a unit is with all that is asked of it, the furthest behind first."""

    UNREGISTERED = "unregistered"
    """Nobody holds its post, and it has not sent everything."""
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"
    COMPLETE = "complete"
    """Only to be sent."""
    SENT = "sent"


BEHIND_FIRST = tuple(Progress)


class Unit(msgspec.Struct, frozen=True):
    """A village or kecamatan, and how far it is."""

    region: Region
    progress: Progress
    done: int
    """Rows that are answered."""
    whole: int
    """Rows that concern it."""
    is_nudged: bool = False
    """Somebody has had it reminded today."""

    @property
    def can_be_nudged(self) -> bool:
        """Tell whether there is somebody to be reminded of something."""
        return self.progress not in (Progress.SENT, Progress.UNREGISTERED)


class Units(msgspec.Struct, frozen=True):
    """How far a kecamatan or kabupaten is with what is asked of its units at this moment."""

    region: Region
    villages: tuple[Unit, ...]
    """By code."""
    subdistricts: tuple[Unit, ...]
    """By code; of a kecamatan, itself."""
    windows: tuple[Window, ...]
    """Those that are open for everybody, the first to end coming first."""

    @property
    def all(self) -> tuple[Unit, ...]:
        """Give all of them."""
        return self.villages + self.subdistricts


def unit_of(region: Region, assignments: Collection[Assignment], *, is_held: bool, is_nudged: bool = False) -> Unit:
    """Sum up what is asked of a unit now: at least one assignment."""
    marks = "".join(each.progress for each in assignments)
    states = {form_state(each.progress, is_sent=each.sent_at is not None) for each in assignments}
    progress = _progress(states)
    if not is_held and progress is not Progress.SENT:
        progress = Progress.UNREGISTERED
    whole = len(marks) - marks.count(RowMark.NOT_RELEVANT)
    return Unit(region, progress, sum(map(marks.count, ANSWERED_MARKS)), whole, is_nudged)


def _progress(states: set[FormState]) -> Progress:
    if len(states) == 1:
        return Progress(states.pop().value)
    if FormState.RETURNED in states:
        return Progress.RETURNED
    return Progress.COMPLETE if states == {FormState.COMPLETE, FormState.SENT} else Progress.IN_PROGRESS


def open_windows(assignments: Iterable[Assignment], at: datetime) -> tuple[Window, ...]:
    """Give the windows that are open for everybody, extensions left out, the first to end coming first."""
    found = {window for each in assignments for window in seen_by(each.windows, ()) if window.is_open(at)}
    return tuple(sorted(found, key=lambda each: (each.due_at is None, each.due_at or at, each.stage)))


def digest_at(window: Window, role: Role, region_code: str, rules: Rules) -> datetime | None:
    """Give the moment when somebody of this role is told how far a window's units are; ``None``: never."""
    return _digest_at(window, role, region_code[:2], rules)


@lru_cache(maxsize=4096)  # the same windows are looked at each minute, and the same times hold in a whole province
def _digest_at(window: Window, role: Role, region_code: str, rules: Rules) -> datetime | None:
    told, due_at = rules.escalation, window.due_at
    of_head = role is Role.SUBDISTRICT_HEAD
    days = told.subdistrict_head_days if of_head else told.coordinator_days
    if due_at is None or days < 0:
        return None
    if window.is_short:
        at = due_at - timedelta(hours=told.subdistrict_head_hours if of_head else told.coordinator_hours)
    else:
        at = moment_there(last_day(due_at, region_code) - timedelta(days=days), told.at, region_code)
    allowed = next_allowed(at, region_code, rules)
    is_in_time = allowed < due_at and (window.opens_at is None or window.opens_at < at)
    return allowed if is_in_time else None

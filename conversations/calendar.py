"""When an assignment takes answers: windows, computed from a district's calendar and its extensions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

SHORT = timedelta(days=4)
"""The time left of a window up to this long is told in hours."""
ALL_FORMS = ""


class Window(msgspec.Struct, frozen=True):
    """From ``opens_at`` on (since ever, where it is missing) answers are taken, until before ``closes_at``."""

    stage: str
    """Key of a stage of the instrument's calendar."""
    opens_at: datetime | None = None
    due_at: datetime | None = None
    """The end that people are told; missing: there is none."""
    closes_at: datetime | None = None
    """The end; not before ``due_at``, and there with it."""
    post: int = 0
    """An extension: for those who hold this post it takes the place of its stage's window; 0: for everybody."""

    def is_open(self, at: datetime) -> bool:
        """Tell whether answers are taken at this moment (``closes_at`` itself is too late)."""
        return (self.opens_at is None or self.opens_at <= at) and (self.closes_at is None or at < self.closes_at)

    def has_ended(self, at: datetime) -> bool:
        """Tell whether it is over."""
        return self.closes_at is not None and self.closes_at <= at

    @property
    def is_short(self) -> bool:
        """Tell whether it lasts at most four days, such as the 48 hours of a repair."""
        return self.opens_at is not None and self.due_at is not None and self.due_at - self.opens_at <= SHORT


Windows = tuple[Window, ...]


def is_open(windows: Windows, at: datetime) -> bool:
    """Tell whether one of them takes answers at this moment; without any, answers are always taken."""
    for window in windows:
        if window.is_open(at):
            return True
    return not windows


def at_work(windows: Windows, at: datetime) -> Window | None:
    """Give the window that matters now: of those open the last to close, else the next to open, else the last one."""
    if running := [each for each in windows if each.is_open(at)]:
        return max(running, key=lambda each: (each.closes_at is None, each.closes_at or at))
    if coming := [each for each in windows if each.opens_at is not None and at < each.opens_at]:
        return min(coming, key=lambda each: each.opens_at or at)
    return max(windows, key=lambda each: each.closes_at or at, default=None)


def seen_by(windows: Windows, posts: Collection[int]) -> Windows:
    """Give what holds for somebody with these posts: their own extensions instead of what these replace."""
    own = [each for each in windows if each.post in posts]
    longest = {each.stage: each for each in sorted(own, key=_end)}
    return tuple(longest.get(each.stage, each) for each in windows if not each.post)


def _end(window: Window) -> datetime:
    assert window.closes_at is not None  # an extension ends
    return window.closes_at


class Times(msgspec.Struct, frozen=True):
    """When a stage of a district is, for one form or (``form`` empty) for all that have no times of their own."""

    key: str
    form: str = ALL_FORMS
    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None


class Fault(StrEnum):
    """Why times cannot be."""

    NO_MOMENT = "no_moment"
    ENDS_TOO_EARLY = "ends_too_early"
    """Not after the moment from which on it is open."""
    CLOSES_TOO_EARLY = "closes_too_early"
    """Before it is due."""


def moved(
    times: Times, *, opens_at: datetime | None = None, due_at: datetime | None = None, closes_at: datetime | None = None
) -> Times | Fault:
    """Give the times with what is new; what is not said stays, and so does the grace between being due and closing."""
    if opens_at is due_at is closes_at is None:
        return Fault.NO_MOMENT
    grace = times.closes_at - times.due_at if times.closes_at and times.due_at else timedelta()
    due_at = due_at or times.due_at or closes_at
    closes_at = closes_at or (due_at + grace if due_at else None)
    opens_at = opens_at or times.opens_at
    if opens_at and due_at and due_at <= opens_at:
        return Fault.ENDS_TOO_EARLY
    if due_at and closes_at and closes_at < due_at:
        return Fault.CLOSES_TOO_EARLY
    return Times(times.key, times.form, opens_at, due_at, closes_at)


class Extension(msgspec.Struct, frozen=True):
    """A later end of a stage for one post."""

    post: int
    stage: str
    until: datetime
    reason: str
    granted_at: datetime
    form: str = ALL_FORMS
    by: int = 0
    """The person who granted it; 0: the administrator."""


class Calendar(msgspec.Struct, frozen=True):
    """A district's calendar in a cycle."""

    cycle: int
    year: int
    district: int
    times: tuple[Times, ...] = ()
    extensions: tuple[Extension, ...] = ()

    def times_of(self, stage: str, form: str = ALL_FORMS) -> Times | None:
        """Give the times of a stage: the form's own, or those of all forms; ``None``: nothing was set."""
        found = {each.form: each for each in self.times if each.key == stage}
        return found.get(form) or found.get(ALL_FORMS)

    def windows(self, form: str, stages: Iterable[str], posts: Collection[int] = ()) -> Windows:
        """Give the windows of a form, of those stages that take answers, with the extensions of these posts."""
        return tuple(self._windows(form, stages, posts))

    def _windows(self, form: str, stages: Iterable[str], posts: Collection[int]) -> Iterator[Window]:
        for stage in stages:
            times = self.times_of(stage, form)
            if times is None:
                continue
            yield Window(stage, times.opens_at, times.due_at, times.closes_at)
            for each in self.extensions:
                if each.stage == stage and each.post in posts and each.form in (ALL_FORMS, form):
                    yield from _extended(times, each)


def _extended(times: Times, extension: Extension) -> Iterator[Window]:
    """An extension that does not end later than everybody's window is none; one that came too late opens anew."""
    if times.closes_at is None or extension.until <= times.closes_at:
        return
    opens_at = extension.granted_at if times.closes_at <= extension.granted_at else times.opens_at
    yield Window(extension.stage, opens_at, extension.until, extension.until, extension.post)

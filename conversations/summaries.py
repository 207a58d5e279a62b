"""What a weekly summary is about: how each post's forms and scores stand, and how they stood when it was last told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

import msgspec

from conversations.brief import Library
from conversations.escalation import DIGEST_ROLES, digest_at, open_windows
from conversations.form_states import FormState, form_state
from conversations.hours import day_there
from conversations.needs import ScoreTotals
from conversations.people import Assignment, Post, Region, Role
from conversations.rules import Rules
from conversations.sheets import ANSWERED_MARKS, RowMark
from conversations.views.scores import totals_of
from indicators.scores import DistrictScore, score_district

PLANNED_IN = timedelta(minutes=5)
"""What has been due for longer lies in the outbox, where it goes first."""


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """How a form stood."""

    answered: int
    evidence: int
    """Of the answered, without the evidence that is wanted."""
    returned: int
    is_sent: bool


UNTOUCHED = Seen(0, 0, 0, is_sent=False)


class Points(msgspec.Struct, frozen=True, array_like=True):
    """How a district stood, exactly: ``35/6``."""

    claimed: str
    verified: str


NO_POINTS = Points("0", "0")


class Figures(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a summary tells of one post; what has not begun is left out."""

    forms: dict[int, Seen] = {}
    """By assignment."""
    points: dict[int, Points] = {}
    """By district."""


NOTHING_TOLD = Figures()


class Unit(NamedTuple):
    """A form that somebody answers, as far as it concerns a post."""

    assignment: Assignment
    state: FormState
    whole: int
    """Rows that concern the region, and the office where there is one."""
    now: Seen
    before: Seen

    @property
    def has_moved(self) -> bool:
        """Tell whether anything has changed since it was last told."""
        return self.now != self.before

    @property
    def gained(self) -> int:
        """How many more rows are answered than were; below 0 when there are fewer."""
        return self.now.answered - self.before.answered


class Standing(NamedTuple):
    """A district's score."""

    region: Region
    score: DistrictScore
    before: Points

    @property
    def now(self) -> Points:
        """What is kept of it."""
        return Points(str(self.score.claimed), str(self.score.verified))

    @property
    def gained(self) -> tuple[Fraction, Fraction]:
        """By how much the claimed and the verified points have changed since it was last told."""
        before = self.before
        return self.score.claimed - Fraction(before.claimed), self.score.verified - Fraction(before.verified)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a post's summary tells."""

    post: Post
    units: tuple[Unit, ...] = ()
    standings: tuple[Standing, ...] = ()

    @property
    def figures(self) -> Figures:
        """Give what is kept of it when it is told."""
        forms = {each.assignment.id: each.now for each in self.units if each.now != UNTOUCHED}
        return Figures(forms, {each.region.id: each.now for each in self.standings if each.now != NO_POINTS})

    @property
    def has_changed(self) -> bool:
        """Tell whether it says anything that was not told before."""
        return any(each.has_moved for each in self.units) or any(each.now != each.before for each in self.standings)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to tell: no cycle runs there, or nothing of it concerns the post."""
        return not (self.units or self.standings)


def outlook_on_forms(post: Post, assignments: Iterable[Assignment], library: Library, told: Figures) -> Outlook:
    """See how the forms stand that a post answers or looks after, all of the newest cycle; ``told``: the last time."""
    known = list(assignments)
    newest = max((each.cycle for each in known), default=0)
    units = (_unit(post, each, library, told) for each in known if each.cycle == newest)
    return Outlook(post, units=tuple(unit for unit in units if unit.whole))


def _unit(post: Post, assignment: Assignment, library: Library, told: Figures) -> Unit:
    marks = assignment.progress
    if post.role is Role.OFFICE:
        rows = library.forms[assignment.form].rows
        marks = "".join(marks[row.ordinal - 1] for row in rows if post.office in row.holders)
    answered, evidence = sum(map(marks.count, ANSWERED_MARKS)), marks.count(RowMark.LACKS_EVIDENCE)
    is_sent = assignment.sent_at is not None
    now = Seen(answered, evidence, marks.count(RowMark.RETURNED), is_sent)
    before = told.forms.get(assignment.id, UNTOUCHED)
    return Unit(
        assignment, form_state(marks, is_sent=is_sent), len(marks) - marks.count(RowMark.NOT_RELEVANT), now, before
    )


def outlook_on_scores(
    post: Post, totals: Iterable[tuple[Region, ScoreTotals]], library: Library, told: Figures
) -> Outlook:
    """See how the districts stand that a post looks on, by their totals; ``told``: the last time."""
    standings = (
        Standing(region, score_district(library.instrument, totals_of(of)), told.points.get(region.id, NO_POINTS))
        for region, of in totals
    )
    return Outlook(post, standings=tuple(sorted(standings, key=lambda each: each.region.code)))


def has_to_wait(outlooks: Iterable[Outlook], at: datetime, rules: Rules) -> bool:
    """Tell whether what is more urgent comes later on this day to whom these belong, who is told one thing a day."""
    return any(_is_ahead(moment, each.post, at) for each in outlooks for moment in _urgent(each, at, rules))


def _is_ahead(moment: datetime, post: Post, at: datetime) -> bool:
    code = post.region.code
    return moment > at - PLANNED_IN and day_there(moment, code) == day_there(at, code)


def _urgent(outlook: Outlook, at: datetime, rules: Rules) -> Iterator[datetime]:
    """Give the moments of the cards that its reader gets."""
    post = outlook.post
    if post.role in DIGEST_ROLES:
        for window in open_windows((each.assignment for each in outlook.units), at):
            moment = digest_at(window, post.role, post.region.code, rules)
            if moment:
                yield moment

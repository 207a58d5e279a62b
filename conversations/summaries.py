"""What a weekly summary is about: how each post's forms and scores stand, and how they stood when it was last told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

import msgspec

from conversations.brief import Library
from conversations.escalation import DIGEST_ROLES, digest_at, open_windows
from conversations.form_states import FormState, form_state
from conversations.hours import day_there
from conversations.ladder import rungs
from conversations.needs import ScoreTotals
from conversations.people import Assignment, Post, Region, Role
from conversations.rules import Rules
from conversations.tasks import Lacks, lacks_of, open_tasks
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


class FormChange(NamedTuple):
    """A form that somebody answers, as far as it concerns a post: how it stands, and how it stood."""

    assignment: Assignment
    state: FormState
    lacks: Lacks
    """In the rows that concern the region, and the office where there is one."""
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


class ScoreChange(NamedTuple):
    """A district's score, as it is and as it was told."""

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
    forms: tuple[FormChange, ...] = ()
    districts: tuple[ScoreChange, ...] = ()

    @property
    def figures(self) -> Figures:
        """Give what is kept of it when it is told."""
        seen = {each.assignment.id: each.now for each in self.forms if each.now != UNTOUCHED}
        return Figures(seen, {each.region.id: each.now for each in self.districts if each.now != NO_POINTS})

    @property
    def has_changed(self) -> bool:
        """Tell whether it says anything that was not told before."""
        return any(each.has_moved for each in self.forms) or any(each.now != each.before for each in self.districts)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to tell: no cycle runs there, or nothing of it concerns the post."""
        return not (self.forms or self.districts)


def outlook_on_forms(post: Post, assignments: Iterable[Assignment], library: Library, told: Figures) -> Outlook:
    """See how the forms stand that a post answers or looks after, all of the newest cycle; ``told``: the last time."""
    known = list(assignments)
    newest = max((each.cycle for each in known), default=0)
    forms = (_change_of(post, each, library, told) for each in known if each.cycle == newest)
    return Outlook(post, forms=tuple(form for form in forms if form.lacks.whole))


def _change_of(post: Post, assignment: Assignment, library: Library, told: Figures) -> FormChange:
    marks = assignment.progress
    if post.role is Role.OFFICE:
        rows = library.forms[assignment.form].rows
        marks = "".join(marks[row.ordinal - 1] for row in rows if post.office in row.holders)
    lacks, is_sent = lacks_of(marks), assignment.sent_at is not None
    answered = lacks.whole - lacks.unanswered - lacks.returned
    now = Seen(answered, lacks.evidence, lacks.returned, is_sent)
    before = told.forms.get(assignment.id, UNTOUCHED)
    return FormChange(assignment, form_state(marks, is_sent=is_sent), lacks, now, before)


def outlook_on_scores(
    post: Post, totals: Iterable[tuple[Region, ScoreTotals]], library: Library, told: Figures
) -> Outlook:
    """See how the districts stand that a post looks on, by their totals; ``told``: the last time."""
    districts = (
        ScoreChange(region, score_district(library.instrument, totals_of(of)), told.points.get(region.id, NO_POINTS))
        for region, of in totals
    )
    return Outlook(post, districts=tuple(sorted(districts, key=lambda each: each.region.code)))


def has_to_wait(outlooks: Sequence[Outlook], library: Library, rules: Rules, at: datetime) -> bool:
    """Tell whether what is more urgent comes later on this day to whom these belong, who is told one thing a day."""
    code = outlooks[0].post.region.code
    today = day_there(at, code)
    urgent = (*_cards(outlooks, rules, at), *_reminders(outlooks, library, rules, at))
    return any(moment > at - PLANNED_IN and day_there(moment, code) == today for moment in urgent)


def _cards(outlooks: Sequence[Outlook], rules: Rules, at: datetime) -> Iterator[datetime]:
    """Give the moments of the cards of who has not finished."""
    for each in outlooks:
        post, windows = each.post, open_windows((form.assignment for form in each.forms), at)
        if post.role in DIGEST_ROLES:
            moments = (digest_at(window, post.role, post.region.code, rules) for window in windows)
            yield from (moment for moment in moments if moment)


def _reminders(outlooks: Sequence[Outlook], library: Library, rules: Rules, at: datetime) -> Iterator[datetime]:
    """Give the moments of the reminders of what the own forms lack."""
    assignments = [form.assignment for each in outlooks for form in each.forms]
    for task in open_tasks([each.post for each in outlooks], assignments, library, at):
        if task.window:
            yield from (rung.at for rung in rungs(task.window, task.assignment.region.code, rules))

"""What lasts between steps, in dictionaries and as JSON: sheets, shares, assignments, invitations, requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec

from conversations.actions import Action, SaveSheet
from conversations.brief import Library
from conversations.calendar import Calendar, Windows, seen_by
from conversations.letters import Letter
from conversations.people import AccessRequest, Assignment, Invitation, Person, Post, Region, Role
from conversations.sheets import Returned, RowMark, Sheet
from indicators.form import RowNumber
from indicators.scores import to_billionths
from tests.conversations.inhabitants import Inhabitant, Mind
from tests.conversations.places import CALENDAR, FORM_OF_KIND, KAUR, REGIONS, START, UNIT_OF_ROLE, library


@dataclass
class LinkCode:
    """A code that links two chats."""

    mind: Mind
    address: int
    expires_at: datetime
    is_used: bool = False


@dataclass
class Store:
    """Everything there is."""

    at: datetime = START
    people: dict[str, Inhabitant] = field(default_factory=dict)
    sheets: dict[tuple[int, str], bytes] = field(default_factory=dict)
    shares: dict[tuple[int, str], int | None] = field(default_factory=dict)
    approved: set[tuple[int, str]] = field(default_factory=set)
    """Rows that the coordinator has approved."""
    assignments: dict[int, Assignment] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    requests: dict[int, AccessRequest] = field(default_factory=dict)
    nudged: set[tuple[int, date]] = field(default_factory=set)
    """Regions that somebody has had reminded, by day."""
    link_codes: dict[str, LinkCode] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    """By their codes."""
    codes: int = 0
    """Secret codes that were ever given."""
    minds: int = 0
    """People that there ever were."""
    saved: list[SaveSheet] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    library: Library = field(default_factory=library)
    calendar: Calendar = CALENDAR
    """Of Banyuasin."""
    extended: dict[int, Post] = field(default_factory=dict)
    """Whose time was extended, by the number of the extension's post."""

    def __post_init__(self) -> None:
        for number, region in enumerate(REGIONS, 1):
            form = FORM_OF_KIND.get(region.kind)
            if form and form in self.library.forms and region is not KAUR:
                self.assign(number, form, region)

    def assign(self, number: int, form: str, region: Region) -> None:
        """Give a region a form to answer."""
        held = self.library.forms[form]
        progress = RowMark.UNTOUCHED * len(held.rows)
        self.assignments[number] = Assignment(
            number, form, held.version, region, 1, self.windows(form, set()), progress
        )

    def new_mind(self) -> Mind:
        """Make somebody of whom nothing is known."""
        self.minds += 1
        return Mind(Person(self.minds))

    def chats_of(self, person: int) -> list[Inhabitant]:
        """Give the chats of a person."""
        return [each for each in self.people.values() if each.person.id == person]

    def assignments_of(self, inhabitant: Inhabitant) -> tuple[Assignment, ...]:
        """Give what somebody's posts may answer."""
        own = {
            number for number, held in self.extended.items() if any(_is_same(held, post) for post in inhabitant.posts)
        }
        found = {
            each.id: msgspec.structs.replace(each, windows=self.windows(each.form, own))
            for post in inhabitant.posts
            for each in self.assignments.values()
            if each.region.id == post.region.id and self._may_answer(post.role, each)
        }
        return tuple(found.values())

    def windows(self, form: str, own: set[int]) -> Windows:
        """Give when a form takes answers, for whoever has these extensions."""
        return seen_by(self.calendar.windows(form, self.library.instrument.answering, own), own)

    def _may_answer(self, role: Role, assignment: Assignment) -> bool:
        unit = self.library.forms[assignment.form].unit
        return unit in UNIT_OF_ROLE[role] or not unit

    def save(self, action: SaveSheet) -> None:
        """Keep a sheet, its share and its mark."""
        self.saved.append(action)
        self.sheets[action.assignment, action.row] = msgspec.json.encode(action.sheet)
        self.shares[action.assignment, action.row] = None if action.share is None else to_billionths(action.share)
        assignment = self.assignments[action.assignment]
        self.assignments[action.assignment] = self._marked(assignment, action.row, action.mark)

    def return_row(self, number: int, row: str, reason: str) -> None:
        """Give a row back to be completed."""
        why = Returned(reason, int(self.at.timestamp()))
        kept = msgspec.structs.replace(self.sheet(number, row), returned=why)
        self.sheets[number, row] = msgspec.json.encode(kept)
        self.approved.discard((number, row))
        held = msgspec.structs.replace(self.assignments[number], sent_at=None)
        self.assignments[number] = self._marked(held, row, RowMark.RETURNED)

    def _marked(self, assignment: Assignment, row: str, mark: RowMark) -> Assignment:
        place = self.library.forms[assignment.form].row_by_number[RowNumber(row)].ordinal - 1
        progress = assignment.progress[:place] + mark + assignment.progress[place + 1 :]
        return msgspec.structs.replace(assignment, progress=progress)

    def sheet(self, assignment: int, row: str) -> Sheet:
        """Give a sheet, read back from JSON."""
        return msgspec.json.decode(self.sheets.get((assignment, row), b"{}"), type=Sheet)


def _is_same(held: Post, post: Post) -> bool:
    return (held.region, held.role, held.office) == (post.region, post.role, post.office)

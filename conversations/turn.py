"""One step in the making: what is known, and what has been decided so far."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import date

import msgspec

from conversations.actions import Action, Say
from conversations.brief import Brief
from conversations.events import Event
from conversations.forms import Filling
from conversations.hours import day_there
from conversations.messages import Button, bubble
from conversations.needs import Need, PersonNeed, Topic
from conversations.people import Assignment, Person, Post
from conversations.session import Place, Session
from conversations.texts import Markup, Texts, texts_for

Buttons = tuple[tuple[Button, ...], ...]
MOST_OFFERED = 40
"""Choices of one message that can be picked by typing their number."""


@dataclass(slots=True)
class Turn:
    """Lives for one call of ``resume``; dialogs read from it and add to it."""

    brief: Brief
    before: InitVar[Session]
    event: Event
    texts: Texts = field(init=False)
    today: date = field(init=False)
    """The day where the person lives."""
    actions: list[Action] = field(default_factory=list)
    extras: tuple[Button, ...] = ()
    """Buttons that the next reply gets below its own."""
    fillings: dict[int, Filling] = field(default_factory=dict)
    """Forms that this step has opened, by assignment, with what it has changed in them."""
    opening: str = ""
    """What the next reply begins with."""
    supersedes: str = ""
    """The unsent reply that the next one takes the place of."""
    _session: Session = field(init=False)
    _noted: dict[str, object] = field(default_factory=dict)
    """Changes of the session that nobody has looked at yet."""

    def __post_init__(self, before: Session) -> None:
        person, posts = self.brief.person, self.brief.posts
        self.texts = texts_for(person.language, person.honorific)
        self.today = day_there(self.event.at, posts[0].region.code if posts else "")
        self._session = before

    @property
    def session(self) -> Session:
        """What the conversation remembers now."""
        if self._noted:
            self._session = msgspec.structs.replace(self._session, **self._noted)
            self._noted = {}
        return self._session

    @property
    def place(self) -> Place:
        """Where the person is."""
        return self.session.place

    def move(self, place: Place) -> None:
        """Go somewhere else in the conversation."""
        self.note(place=place)

    def note(self, **changes: object) -> None:
        """Change what the session remembers."""
        self._noted.update(changes)

    def do(self, action: Action) -> None:
        """Want something done."""
        self.actions.append(action)

    def say(self, text: str, buttons: Buttons = (), *, topic: Topic | None = None) -> None:
        """Reply with one bubble; its buttons can be chosen by number from now on."""
        buttons, self.extras = buttons + column(*self.extras), ()
        offered = [button.data for line in buttons for button in line]
        self.note(offered=tuple(offered[:MOST_OFFERED]))
        opened = joined(self.opening, text) if self.opening else text
        or_type = self.texts("button.or_type") if any(button.word for line in buttons for button in line) else ""
        self.do(Say(bubble(opened, buttons, or_type=or_type), topic, self.supersedes))
        self.opening = self.supersedes = ""

    def find(self, need: Need) -> object:
        """Look something up, or have it loaded."""
        return self.brief.find(need)

    def assignment(self, identifier: int) -> Assignment | None:
        """Find an assignment among those that the person may answer."""
        for each in self.brief.assignments:
            if each.id == identifier:
                return each
        return None

    @property
    def current_assignment(self) -> Assignment | None:
        """The form that the person works on: the last one, or the first that they may answer."""
        return self.assignment(self.session.last_assignment) or next(iter(self.brief.assignments), None)

    def filling(self, assignment: Assignment) -> Filling:
        """Open an assignment's form; within a step it is opened once, so that changes are seen."""
        found = self.fillings.get(assignment.id)
        if found is None:
            form = self.brief.library.forms[assignment.form]
            found = self.fillings[assignment.id] = Filling(self.brief, assignment, form, self.today)
        return found

    @property
    def has_several_regions(self) -> bool:
        """Tell whether the person answers for more than one region, so that it has to be named."""
        return len({each.region.id for each in self.brief.assignments}) > 1

    def texts_of(self, person: int) -> Texts:
        """Give the texts for somebody else, in their language."""
        other = self.find(PersonNeed(person))
        return texts_for(other.language, other.honorific) if isinstance(other, Person) else self.texts

    def holds(self, *roles: str) -> Post | None:
        """Give the first post of one of these roles that the person holds."""
        return next((post for post in self.brief.posts if post.role in roles), None)


def column(*buttons: Button) -> Buttons:
    """Put each button on a line of its own."""
    return tuple((button,) for button in buttons)


def joined(*parts: str | None) -> Markup:
    """Put paragraphs under each other, leaving out what is empty."""
    return Markup("\n\n".join([part for part in parts if part]))


def lines(*parts: str | None) -> Markup:
    """Put lines under each other, leaving out what is empty."""
    return Markup("\n".join([part for part in parts if part]))

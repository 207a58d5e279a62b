"""An in-memory twin of what surrounds the conversation: it loads what steps need and carries out what they want.

Between every two steps, session and sheets are written as JSON and read back, and the laws that hold for every step
are checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import msgspec

from conversations.actions import (
    Action,
    FetchFile,
    SendRecord,
)
from conversations.brief import Brief
from conversations.engine import Step, anticipate, resume
from conversations.events import (
    ChoiceTapped,
    ContactReceived,
    Event,
    FileReceived,
    FileRefused,
    FileStored,
    IncomingFile,
    LocationReceived,
    RecordWritten,
    StoredFile,
    TextEdited,
    TextReceived,
    UnsupportedReceived,
)
from conversations.needs import Missing, Need
from conversations.people import Post, Region, Role, Standing
from conversations.rules import default_rules
from conversations.session import Session
from conversations.snoozing import choices
from conversations.tasks import open_tasks
from conversations.views.reminders import opening_asked, opening_by, reminder
from tests.conversations.inhabitants import Inhabitant
from tests.conversations.laws import check_needs, check_step
from tests.conversations.writable_store import WritableStore

MOST_ROUNDS = 20
Refusal = Literal["too_large", "wrong_type", "unavailable"]
REFUSED: dict[str, Refusal] = {"film": "wrong_type", "hilang": "unavailable", "raksasa": "too_large"}
"""Contents of files that cannot be kept, and why."""


@dataclass
class World(WritableStore):
    """Everything there is, and what people do in it."""

    def enter(self, name: str) -> Inhabitant:
        """Give the person of this name, new ones unknown to everybody."""
        if name not in self.people:
            self.people[name] = Inhabitant(name, self.new_mind(), address=len(self.people) + 1)
        return self.people[name]

    def moves_in(self, name: str, channel: str, phone: str = "") -> None:
        """Let somebody write from this channel, which may vouch for a phone number."""
        inhabitant = self.enter(name)
        inhabitant.channel, inhabitant.phone = channel, phone

    def appoint(
        self, name: str, role: Role, region: Region, *, standing: Standing = Standing.DEFINITIVE, office: str = ""
    ) -> Inhabitant:
        """Make somebody hold a post, without the registration."""
        inhabitant = self.enter(name)
        inhabitant.person = msgspec.structs.replace(
            inhabitant.person, name=name.title(), honorific="Bapak", consented_at=self.at
        )
        inhabitant.posts.append(Post(len(inhabitant.posts) + 1, role, region, standing, office))
        return inhabitant

    def says(self, name: str, text: str, *, reply_to: str = "") -> str:
        """Type something; give the id of the message."""
        message = self.next_message()
        self.enter(name).typed[text] = message
        self.step(name, TextReceived(at=self.at, message=message, text=text, reply_to=reply_to))
        return message

    def edits(self, name: str, message: str, text: str) -> None:
        """Edit an older message."""
        self.step(name, TextEdited(at=self.at, message=message, text=text))

    def taps(self, name: str, label: str, *, back: int = 1) -> None:
        """Tap the button that begins like this in one of the last messages (1: the last one)."""
        heard = self.enter(name).heard[-back]
        labels = [button for line in heard.buttons for button in line]
        found = next((button for button in labels if button.label.casefold().startswith(label.casefold())), None)
        assert found, f"no button {label!r} among {[button.label for button in labels]} under:\n{heard.text}"
        self.taps_raw(name, found.data)

    def taps_raw(self, name: str, data: str) -> None:
        """Tap a button that carries this."""
        self.step(name, ChoiceTapped(at=self.at, message=self.next_message(), data=data))

    def sends(self, name: str, file: IncomingFile, *, caption: str = "", album: str = "", reply_to: str = "") -> None:
        """Send a file; the same reference is the same content."""
        message = self.next_message()
        event = FileReceived(at=self.at, message=message, file=file, caption=caption, album=album, reply_to=reply_to)
        self.step(name, event)

    def points_at(self, name: str, latitude: float, longitude: float) -> None:
        """Send a place on the map."""
        self.step(
            name, LocationReceived(at=self.at, message=self.next_message(), latitude=latitude, longitude=longitude)
        )

    def sends_contact(self, name: str, phone: str = "+62812", *, is_own: bool = True) -> None:
        """Send a contact card."""
        self.step(name, ContactReceived(at=self.at, message=self.next_message(), phone=phone, is_own=is_own))

    def sends_else(self, name: str, kind: str, album: str = "") -> None:
        """Send something that no form can use."""
        self.step(name, UnsupportedReceived(at=self.at, message=self.next_message(), kind=kind, album=album))

    def reminds(self, name: str, by: str = "") -> None:
        """Remind somebody as the program would, in somebody's name or, where they have asked for it, as they wished."""
        reader = self.enter(name)
        posts, code = tuple(reader.posts), reader.posts[0].region.code if reader.posts else ""
        tasks = open_tasks(posts, self.assignments_of(reader), self.library, self.at)
        assert tasks, f"{name} has nothing to do"
        opening = opening_asked(reader.person) if reader.mind.reminded_at else None
        if by:
            asker = self.enter(by)
            opening = opening_by(reader.person, asker.person, asker.posts[0], self.library)
        until = tasks[0].window.closes_at if tasks[0].window else None
        later = choices(self.at, code, default_rules(), until)
        self.hear(reader, reminder(reader.person, tasks, later, at=self.at, opening=opening), None)

    def waits(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)
        self.send_broadcasts()

    def step(self, name: str, event: Event) -> tuple[Action, ...]:
        """Take one step, with the session saved and reloaded, and carry its actions out."""
        inhabitant = self.enter(name)
        session = msgspec.json.decode(inhabitant.session, type=Session)
        brief = self.brief_of(inhabitant)
        step = self._decide(inhabitant, brief, session, event)
        check_step(brief, event, step)
        check_needs(brief)
        inhabitant.session = msgspec.json.encode(step.session)
        inhabitant.mind.wrote_last = inhabitant.address
        for action in step.actions:
            self._carry_out(action, inhabitant)
        return step.actions

    def brief_of(self, inhabitant: Inhabitant) -> Brief:
        """Give what a dialog may know about somebody, with nothing loaded yet."""
        person, known = inhabitant.person, dict[Need, object]()
        posts, assignments = tuple(inhabitant.posts), self.assignments_of(inhabitant)
        return Brief(
            person,
            inhabitant.address,
            inhabitant.channel_name,
            posts,
            assignments,
            self.library,
            known,
            phone=inhabitant.phone,
            is_opted_out=inhabitant.is_opted_out,
        )

    def _decide(self, inhabitant: Inhabitant, brief: Brief, session: Session, event: Event) -> Step:
        known = brief.known
        assert isinstance(known, dict)
        self.load(known, anticipate(session, event, brief), inhabitant)
        for _ in range(MOST_ROUNDS):
            try:
                step = resume(brief, session, event)
            except Missing as missing:
                asked = missing.needs
            else:
                assert step == resume(brief, session, event), "a step must be pure"
                return step
            assert not any(need in known for need in asked), asked
            self.load(known, asked, inhabitant)
        raise AssertionError("the step asks for ever more")

    def _carry_out(self, action: Action, inhabitant: Inhabitant) -> None:
        self.actions.append(action)
        match action:
            case FetchFile(file=file, target=target) if file.reference in REFUSED:
                self.step(inhabitant.name, FileRefused(at=self.at, reason=REFUSED[file.reference], target=target))
            case FetchFile(file=file, target=target):
                stored = StoredFile(f"sha-{file.reference}", file.name, file.kind, file.size_bytes)
                self.step(inhabitant.name, FileStored(at=self.at, file=stored, target=target))
            case SendRecord(broadcast=number):
                workbook = StoredFile("sha-record", "siaran.xlsx", "document", 1000)
                self.step(inhabitant.name, RecordWritten(at=self.at, broadcast=number, file=workbook))
            case _:
                self.do(action, inhabitant)

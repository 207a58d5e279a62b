"""What a dialog may know when it takes its next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from conversations.needs import Missing, Need, SheetNeed
from conversations.people import Assignment, Person, Post
from conversations.rules import Rules, default_rules
from conversations.sheets import Sheet
from indicators.form import Form
from indicators.instrument import Instrument


@dataclass(frozen=True, slots=True)
class Library:
    """The instrument of the year and every form that can be assigned, by key."""

    instrument: Instrument
    forms: Mapping[str, Form]


class Brief(msgspec.Struct, frozen=True):
    """Who is talking, what they hold and what is assigned to them; the rest is asked for by need."""

    person: Person
    address: int
    """Where they are writing from."""
    channel_name: str
    """What they call the programme they write with: ``Telegram``, ``WhatsApp``, ``Simulator``."""
    posts: tuple[Post, ...]
    assignments: tuple[Assignment, ...]
    """What their posts may answer, in a stable order."""
    library: Library
    known: Mapping[Need, object]
    """What has been loaded, by need; shared by the steps of a batch and changed between steps only."""
    phone: str = ""
    """The phone number of this chat that its channel vouches for, digits; empty when there is none."""
    is_opted_out: bool = False
    """Nothing is sent to this chat that the person did not ask for."""
    rules: Rules = msgspec.field(default_factory=default_rules)
    """When people may be told what they did not ask for."""

    def find(self, need: Need) -> object:
        """Give what was loaded for a need, or ask for it by raising ``Missing``."""
        try:
            return self.known[need]
        except KeyError:
            raise Missing(need) from None

    def sheet(self, assignment: int, row: str) -> Sheet:
        """Give one row's sheet (empty when nothing was said yet)."""
        need = SheetNeed(assignment, row)
        found = self.known.get(need)
        if found is None:
            raise Missing(need)
        assert isinstance(found, Sheet)
        return found

"""Who is talking, which posts they hold, and what is assigned to those posts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from conversations import calendar
from conversations.calendar import Window, Windows


class Role(StrEnum):
    """What a post is there for."""

    VILLAGE_HEAD = "village_head"
    SUBDISTRICT_HEAD = "subdistrict_head"
    OFFICE = "office"
    """An OPD officer; the post also carries the office's code."""
    COORDINATOR = "coordinator"
    OFFICIAL = "official"


class Standing(StrEnum):
    """How somebody holds a post."""

    DEFINITIVE = "definitive"
    ACTING = "acting"
    OPERATOR = "operator"
    """A helper (sekdes, kader) who fills in for the head."""


RegionKind = Literal["province", "district", "subdistrict", "village"]


class Region(msgspec.Struct, frozen=True):
    """A region of the Kemendagri list; ``name`` as in the list (``Kabupaten Banyuasin``, ``Sungai Rebo``)."""

    id: int
    code: str
    name: str
    kind: RegionKind
    subdistrict: str = ""
    """Name of the kecamatan around a village."""
    district: str = ""
    """Name of the kabupaten or kota around (or of itself)."""
    district_id: int = 0

    @property
    def is_ward(self) -> bool:
        """Tell whether a village is a kelurahan: the last part of its code begins with 1."""
        return self.kind == "village" and self.code.rpartition(".")[2].startswith("1")


class Person(msgspec.Struct, frozen=True):
    """Somebody who has written to us; registered once they hold a post and have consented."""

    id: int
    name: str = ""
    honorific: str = ""
    """``Bapak`` or ``Ibu``; empty when nobody has said."""
    language: str = "id"
    consented_at: datetime | None = None

    @property
    def called(self) -> str:
        """Give the name with the honorific, where there is one: ``Bapak Ahmad``."""
        return f"{self.honorific} {self.name}".strip() if self.name else ""


class Post(msgspec.Struct, frozen=True):
    """A post that the person holds today."""

    id: int
    role: Role
    region: Region
    standing: Standing = Standing.DEFINITIVE
    office: str = ""
    """Code of the office, for ``Role.OFFICE``."""


class Assignment(msgspec.Struct, frozen=True):
    """A form that a region has to answer in a cycle. It outlives phones, people and sessions."""

    id: int
    form: str
    version: str
    """Version of the form in use now."""
    region: Region
    cycle: int
    windows: Windows
    """When answers are taken, with the extensions of the region's posts; none: always."""
    progress: str
    """One ``RowMark`` a row, in the order of the form; what a dialog needs to find its way."""
    sent_at: datetime | None = None
    """When the answers were handed to the coordinator; changes stay possible while a window is open."""

    def is_open(self, at: datetime) -> bool:
        """Tell whether answers may be given and changed at this moment."""
        return calendar.is_open(self.windows, at)

    def window(self, at: datetime) -> Window | None:
        """Give the window that matters now: the one that runs, else the next, else the last."""
        return calendar.at_work(self.windows, at)

    def due_at(self, at: datetime) -> datetime | None:
        """Give the end of that window as people are told it."""
        window = self.window(at)
        return window.due_at if window else None

    def seen_by(self, posts: Iterable[Post]) -> Assignment:
        """Give it with the windows that hold for somebody who holds these posts."""
        for window in self.windows:
            if window.post:
                own = calendar.seen_by(self.windows, {each.id for each in posts})
                return msgspec.structs.replace(self, windows=own)
        return self


ROLES_BY_KIND = {
    "village": frozenset({Role.VILLAGE_HEAD}),
    "subdistrict": frozenset({Role.SUBDISTRICT_HEAD}),
    "district": frozenset({Role.OFFICE, Role.COORDINATOR}),
    "province": frozenset[Role](),
}
"""Which posts of a region answer what is assigned to it."""


def answers_for(post: Post, assignment: Assignment) -> bool:
    """Tell whether a post may answer an assignment."""
    region = assignment.region
    return region.id == post.region.id and post.role in ROLES_BY_KIND[region.kind]


class Invitation(msgspec.Struct, frozen=True):
    """An invitation to hold a post; whoever shows its code first, gets it."""

    id: int
    role: Role
    region: Region
    standing: Standing
    office: str
    name: str
    """Whom it was made out to; may be empty."""
    honorific: str
    is_usable: bool
    """Not used, not withdrawn, not expired."""


class AccessRequest(msgspec.Struct, frozen=True):
    """Somebody without an invitation asks the coordinator for a post."""

    id: int
    person: int
    name: str
    role: Role
    standing: Standing
    region: Region
    office: str
    at: datetime


class Holder(msgspec.Struct, frozen=True):
    """Somebody with a post that they hold now."""

    person: Person
    post: Post


class Counterpart(msgspec.Struct, frozen=True):
    """Somebody who is known by another chat, perhaps the one who is writing."""

    person: Person
    posts: tuple[Post, ...]
    address: int
    """The chat by which they are known."""
    channel_name: str
    is_usable: bool = True
    """Not used, not expired: for a code."""


class Chat(msgspec.Struct, frozen=True):
    """Where a person writes from."""

    address: int
    channel: str
    """As the program names it: ``whatsapp``."""
    channel_name: str
    phone: str = ""
    """Digits; empty when it is not known."""
    linked_at: datetime | None = None
    """Since when it is the person's; None: it was the first."""
    is_opted_out: bool = False
    is_blocked: bool = False
    """We cannot write there."""


class Chats(msgspec.Struct, frozen=True):
    """All chats of a person, oldest first."""

    all: tuple[Chat, ...]
    preferred: str = ""
    """The channel on which they want what they did not ask for; empty: they have not said."""

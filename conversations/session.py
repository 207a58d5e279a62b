"""Where a person is in the conversation: small, frozen, kept as JSON with a version."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from conversations.audiences import BroadcastDraft
from conversations.events import StoredFile
from conversations.people import Post, Region, Role, Standing

SESSION_VERSION = 1
MOST_UNDOABLE = 5


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """Nobody knows this person yet, or they hold no post any more."""


class Invited(msgspec.Struct, frozen=True, tag="invited", omit_defaults=True):
    """The person has shown a valid code: are post and region theirs, what is their name, do they consent?"""

    code: str
    is_post_confirmed: bool = False
    name: str = ""


class Requesting(msgspec.Struct, frozen=True, tag="requesting", omit_defaults=True):
    """The person asks the coordinator for a post: name, then role, then region (and office)."""

    name: str = ""
    role: Role | None = None
    standing: Standing = Standing.DEFINITIVE
    region: Region | None = None
    office: str = ""


class Linking(msgspec.Struct, frozen=True, tag="linking", omit_defaults=True):
    """This chat may join somebody who is known by another one: are they the same person?"""

    code: str = ""
    """The code that was shown; empty: both chats have the same phone number."""


class Home(msgspec.Struct, frozen=True, tag="home"):
    """At the main menu."""


class Asking(msgspec.Struct, frozen=True, tag="asking", omit_defaults=True):
    """A question is open."""

    assignment: int
    row: str
    key: str
    seen: str = ""
    """The answer that stood there when it was asked: if another has come since, nobody is overwritten silently."""


class Confirming(msgspec.Struct, frozen=True, tag="confirming", omit_defaults=True):
    """An answer could be read in two ways, or somebody else answered meanwhile; it is said back first."""

    asking: Asking
    value: str
    message: str = ""
    """The channel's id of the message that the answer came in; empty for a tap."""
    other: str = ""
    """What was typed after "lainnya"."""


class Sorting(msgspec.Struct, frozen=True, tag="sorting"):
    """A file came that belongs to no question yet."""

    assignment: int
    files: tuple[StoredFile, ...]


class Reviewing(msgspec.Struct, frozen=True, tag="reviewing"):
    """The review card of an assignment is open."""

    assignment: int


class Drafting(msgspec.Struct, frozen=True, tag="drafting"):
    """A broadcast is being written (``Session.draft``): what is typed next belongs to it."""

    step: Literal["text", "audience", "subdistrict", "person", "preview", "time", "sure"]
    """What was asked for last."""


class Writing(msgspec.Struct, frozen=True, tag="writing", omit_defaults=True):
    """The person writes to somebody: an answer to a letter or a broadcast, or, without either, a question."""

    letter: str = ""
    """The code of the letter that is answered."""
    broadcast: int = 0
    """The broadcast that is answered."""
    written: str = ""
    """What was typed and may be meant for them: is it?"""
    is_open: bool = False
    """A question is open that those words may answer instead."""


class Scheduling(msgspec.Struct, frozen=True, tag="scheduling", omit_defaults=True):
    """The coordinator changes when a stage is, or gives one post longer; what is missing is asked for."""

    is_extension: bool = False
    stage: str = ""
    form: str | None = None
    """Empty: all forms; None: nobody has said."""
    holder: Post | None = None
    """Whose time is extended; its number is found when that happens."""
    opens_at: datetime | None = None
    due_at: datetime | None = None
    reason: str = ""


Place = (
    Lost
    | Invited
    | Requesting
    | Linking
    | Home
    | Asking
    | Confirming
    | Sorting
    | Reviewing
    | Drafting
    | Writing
    | Scheduling
)


class Undoable(msgspec.Struct, frozen=True, array_like=True):
    """The last change of one answer, to be taken back."""

    assignment: int
    key: str
    old: str | None


class Session(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a conversation remembers about itself; answers live elsewhere."""

    version: int = SESSION_VERSION
    place: Place = Lost()
    offered: tuple[str, ...] = ()
    """Data of the buttons shown last, in order: a typed number chooses among them."""
    misses: int = 0
    """How often in a row nothing was understood."""
    undoable: tuple[Undoable, ...] = ()
    last_assignment: int = 0
    """The form that the person worked on last; 0 for none."""
    paused: Asking | None = None
    """The question that was open when the person turned to something else."""
    draft: BroadcastDraft | None = None
    """A broadcast that has not been confirmed; it waits while the person is elsewhere."""
    scope: str = ""
    """Which rows of a long form are gone through: empty for all, ``office``, or a part's or indicator's name."""
    heard_at: int = 0
    """When the person wrote last, in Unix seconds; 0 for never."""
    album: str = ""
    """The last album of which something could not be taken, and was answered."""
    wrong_codes: int = 0
    """Codes of invitations and links that did not exist since ``wrong_since``."""
    wrong_since: int = 0
    has_link_offer: bool = False
    """Somebody with the same phone number was mentioned: that happens once."""


NEW_SESSION = Session()

"""What a batch of turns knows and has decided so far; everything here is memory until it is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from conversations.actions import (
    AcceptInvitation,
    ChangeBroadcast,
    Extend,
    IssueInvitation,
    IssueLinkCode,
    KeepPhone,
    LaunchBroadcast,
    LeaveChat,
    LinkChat,
    OptOut,
    PreferChannel,
    RequestAccess,
    SaveSheet,
    SetTimes,
    Snooze,
    Subscribe,
)
from conversations.brief import Library
from conversations.needs import AllSheetsNeed, Need, SheetNeed
from conversations.people import Assignment, Invitation, Person, Post
from conversations.rules import Rules
from conversations.session import Session
from conversations.sheets import EMPTY_SHEET, Sheet
from storage.channel_terms import ChannelTerms
from storage.envelopes import AddressKey, Envelope
from storage.form_rows import FormRows
from storage.region_book import RegionBook
from storage.totals import Deltas

ChatAction = IssueLinkCode | LinkChat | LeaveChat | PreferChannel | OptOut | KeepPhone | Subscribe | Snooze
SheetKey = tuple[int, str]
"""An assignment and a row's number."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all turns of a process share."""

    library: Library
    form_rows: FormRows
    regions: RegionBook
    rules: Rules
    terms: dict[str, ChannelTerms] = field(default_factory=dict)
    """Of the channels that are switched on, by name."""


class KnownAddress(msgspec.Struct, frozen=True, gc=False):
    """A chat, and who writes from it."""

    id: int
    key: AddressKey
    person: int
    phone: str = ""
    heard_at: int | None = None
    is_blocked: bool = False
    is_opted_out: bool = False


@dataclass(slots=True)
class Speaker:
    """A person of the batch as they are after the steps so far."""

    person: Person
    session: Session
    last_address: int
    is_stored: bool
    """There is a session of theirs in the database that can be read."""
    posts: tuple[Post, ...] = ()
    assignments: tuple[int, ...] = ()


class Turn(msgspec.Struct, frozen=True):
    """An event whose step takes effect."""

    envelope: Envelope
    at: int
    address: KnownAddress
    speaker: Speaker


class StoredSheet(msgspec.Struct, frozen=True):
    """What the database holds of a row."""

    sheet: Sheet = EMPTY_SHEET
    mark: str = ""
    share: int | None = None
    approved: int | None = None
    """The approved share; ``None`` when it is not approved."""


class NewSheet(msgspec.Struct, frozen=True):
    """A row to be written."""

    action: SaveSheet
    body: str
    share: int | None
    version: str
    person: int
    at: int


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that a step of this batch may accept, and what comes with its post."""

    invitation: Invitation
    post: Post
    assignments: tuple[Assignment, ...]


@dataclass(slots=True)
class Acceptance:
    """An accepted invitation to be written."""

    invited: Invited
    person: int
    action: AcceptInvitation


class Decision(NamedTuple):
    """What became of an access request."""

    request: int
    is_granted: bool
    person: int
    """Who has decided."""
    at: int


class Told(NamedTuple):
    """A message for somebody who did not just write."""

    person: int
    address: int
    """The chat that is meant; 0: wherever they are best reached, which is found when it is written."""
    row: dict[str, Any]


class Nudge(NamedTuple):
    """A region whose people are to be reminded."""

    region: int
    by: int
    """The person in whose name."""
    at: int


class ChatChange(NamedTuple):
    """Something to be changed about chats, and by whom."""

    action: ChatAction
    person: int
    address: int
    """Where they wrote it."""
    at: int


class BroadcastWish(NamedTuple):
    """A broadcast to be sent or changed, by whom, and where they wanted it."""

    action: LaunchBroadcast | ChangeBroadcast
    person: Person
    address: KnownAddress
    at: int


class CalendarWish(NamedTuple):
    """Something to be changed about a calendar, by whom, and when."""

    action: SetTimes | Extend
    person: int
    at: datetime


@dataclass(slots=True)
class Pending:
    """What the steps so far want written. Emptied by each flush."""

    sheets: dict[SheetKey, NewSheet] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    progress: set[int] = field(default_factory=set)
    """Assignments whose progress or sending has changed."""
    sessions: set[int] = field(default_factory=set)
    """People whose session has changed."""
    outbox: list[dict[str, Any]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    superseded: set[tuple[int, str]] = field(default_factory=set)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    topics: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    people: set[int] = field(default_factory=set)
    """People whose name, honorific, language or consent has changed."""
    acceptances: list[Acceptance] = field(default_factory=list)
    left: list[tuple[int, int, int]] = field(default_factory=list)
    """People with a post that they have laid down, and the moment."""
    invitations: list[tuple[IssueInvitation, int]] = field(default_factory=list)
    requests: dict[int, tuple[RequestAccess, int]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    forgotten: dict[int, int] = field(default_factory=dict)
    """People to be forgotten, with the moment."""
    chats: list[ChatChange] = field(default_factory=list)
    broadcasts: list[BroadcastWish] = field(default_factory=list)
    nudges: list[Nudge] = field(default_factory=list)
    calendar: list[CalendarWish] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class TurnState:
    """The memory of one batch."""

    at: datetime
    shared: Shared
    known: dict[Need, object] = field(default_factory=dict)
    volatile: defaultdict[type, set[Need]] = field(default_factory=lambda: defaultdict(set))
    """Needs in ``known`` that a step of the batch can make untrue, by type."""
    addresses: dict[AddressKey | int, KnownAddress] = field(default_factory=dict)
    speakers: dict[int, Speaker] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    answerable: set[int] = field(default_factory=set)
    """Assignments that nobody else can change until the commit."""
    stored: dict[SheetKey, StoredSheet] = field(default_factory=dict)
    invited: dict[int, Invited] = field(default_factory=dict)
    """By the invitation's id."""
    shown_as: defaultdict[int, set[Need]] = field(default_factory=lambda: defaultdict(set))
    """The needs that were met with an invitation, by its id: one code may be typed in several ways."""
    pending: Pending = field(default_factory=Pending)
    deltas: Deltas = field(init=False)
    """By how much what was written so far changes the totals, which are written at the commit."""
    has_pending: bool = False
    jobs: int = 0
    messages: int = 0
    vias: set[str] = field(default_factory=set)
    """By what those messages go out."""
    lost_sessions: int = 0

    def __post_init__(self) -> None:
        self.deltas = Deltas(self.shared.form_rows)

    def forget_needs(self, *kinds: type) -> None:
        """Drop what is no longer true: the next step that looks for it has it loaded again."""
        for kind in kinds:
            for need in self.volatile.pop(kind, ()):
                self.known.pop(need, None)

    def forget(self, *needs: Need) -> None:
        """Drop what is known of exactly these."""
        for need in needs:
            self.known.pop(need, None)

    def keep_sheet(self, key: SheetKey, sheet: Sheet) -> None:
        """Show the sheet to the steps that follow."""
        self.known[SheetNeed(*key)] = sheet
        self.known.pop(AllSheetsNeed(key[0]), None)

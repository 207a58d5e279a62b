"""What a step may ask to be told before it can be taken.

A step that looks for something that has not been loaded raises ``Missing``; whoever runs it loads what is named
(for a whole batch at once) and runs the step again. Steps are pure, so running one again is harmless.
"""

from __future__ import annotations

import msgspec

from conversations.audiences import BroadcastDraft
from conversations.calendar import Calendar
from conversations.people import Post, Region

CODE_CHARACTERS = 10
"""Of an invitation: 31**10 codes, 8 * 10**14, are not to be guessed a few tries at a time."""
LINK_CODE_CHARACTERS = 8
"""Of a code that links two chats, which lives for minutes: 31**8, 9 * 10**11."""


class SheetNeed(msgspec.Struct, frozen=True, tag=True):
    """One row's sheet; ``Sheet`` (empty when nothing was said)."""

    assignment: int
    row: str


class AllSheetsNeed(msgspec.Struct, frozen=True, tag=True):
    """All sheets of an assignment; ``Mapping[str, Sheet]`` without the empty ones. Heavy: for the review card."""

    assignment: int


class PersonNeed(msgspec.Struct, frozen=True, tag=True):
    """Somebody else, to name them; ``Person | None``."""

    person: int


class InvitationNeed(msgspec.Struct, frozen=True, tag=True):
    """The invitation behind a code as typed (upper or lower case); ``Invitation | None``."""

    code: str


class InvitedToNeed(msgspec.Struct, frozen=True, tag=True):
    """What the post of an invitation will have to answer; ``tuple[Assignment, ...]``, empty for a bad code."""

    code: str


class FreshCodeNeed(msgspec.Struct, frozen=True, tag=True):
    """A new secret code, never given twice; ``str``."""

    purpose: str
    """Tells two codes in one step apart."""
    characters: int = CODE_CHARACTERS


class HolderNeed(msgspec.Struct, frozen=True, tag=True):
    """Who leads the post of an invitation now; ``Counterpart | None`` (None also for a bad code)."""

    code: str


class LinkNeed(msgspec.Struct, frozen=True, tag=True):
    """Whose the code is that links two chats, as typed; ``Counterpart | None``."""

    code: str


class PhoneNeed(msgspec.Struct, frozen=True, tag=True):
    """Who else holds a post and is known under this phone number (digits); ``Counterpart | None``, if it is one."""

    phone: str
    person: int
    """Who asks."""


class ChatsNeed(msgspec.Struct, frozen=True, tag=True):
    """Where a person writes from; ``Chats``."""

    person: int


class SubscriptionNeed(msgspec.Struct, frozen=True, tag=True):
    """Whether and when a person wants their weekly summary; ``Subscription``."""

    person: int


class SummaryNeed(msgspec.Struct, frozen=True, tag=True):
    """How everything stands that a person's posts look after, and how it stood a summary before the last one;
    ``tuple[Outlook, ...]``, one for each post. Heavy: for the weekly summary.
    """

    person: int


class TopicNeed(msgspec.Struct, frozen=True, tag=True):
    """What a message of this chat was about; ``Topic | None``."""

    address: int
    message: str


class RegionSearchNeed(msgspec.Struct, frozen=True, tag=True):
    """Regions whose name is nearest to the words, best first, at most 8; ``tuple[Region, ...]``."""

    words: str
    kinds: tuple[str, ...]
    """Of ``province``, ``district``, ``subdistrict``, ``village``."""
    within: str = ""
    """Code of the region they must lie in (or be); empty: anywhere."""


class RegionNeed(msgspec.Struct, frozen=True, tag=True):
    """A region by its id; ``Region | None``."""

    region: int


class ScoreNeed(msgspec.Struct, frozen=True, tag=True):
    """The maintained totals of a region in its running cycle; ``ScoreTotals | None`` (None: no cycle there)."""

    region: int


class RowAnswersNeed(msgspec.Struct, frozen=True, tag=True):
    """For an explanation: who of the region's units meets a row and who does not; ``RowAnswers``."""

    region: int
    row: str


class QueueNeed(msgspec.Struct, frozen=True, tag=True):
    """Open access requests in a district, oldest first, at most 20; ``tuple[AccessRequest, ...]``."""

    district: int


class RequestNeed(msgspec.Struct, frozen=True, tag=True):
    """One open access request; ``AccessRequest | None``."""

    request: int


class CoordinatorsNeed(msgspec.Struct, frozen=True, tag=True):
    """Ids of the people who hold the coordinator's post of a district; ``tuple[int, ...]``."""

    district: int


class UnitsNeed(msgspec.Struct, frozen=True, tag=True):
    """How far the units of a kecamatan or district are now; ``Units | None`` (None: nothing is asked of them now)."""

    region: int


class HoldersNeed(msgspec.Struct, frozen=True, tag=True):
    """Who holds posts in these regions (not in those within), at most 24; ``tuple[Holder, ...]``."""

    regions: tuple[int, ...]


class AudienceNeed(msgspec.Struct, frozen=True, tag=True):
    """Whom a broadcast would reach now, and how it looks to some of them; ``AudiencePreview``. Heavy."""

    draft: BroadcastDraft
    author: int
    """The person in whose name it goes."""


class BroadcastsNeed(msgspec.Struct, frozen=True, tag=True):
    """The newest broadcasts of a district, newest first, at most 10; ``tuple[Broadcast, ...]``."""

    district: int


class BroadcastNeed(msgspec.Struct, frozen=True, tag=True):
    """One broadcast, and how far it has come; ``Broadcast | None``."""

    broadcast: int


class ReceivedBroadcastNeed(msgspec.Struct, frozen=True, tag=True):
    """A broadcast that the person was sent; ``ReceivedBroadcast | None``."""

    person: int
    message: str = ""
    """The channel's id of the message, in this chat or another of theirs; empty: the last one they were sent."""
    broadcast: int = 0
    """Its number, where a button carries it; 0: it is looked for by the message."""


class LetterNeed(msgspec.Struct, frozen=True, tag=True):
    """A letter that somebody was sent; ``Letter | None``."""

    reader: int
    code: str = ""
    """The one with this code; empty: the one that came in a message, or else the newest."""
    address: int = 0
    """The chat of the message that brought it."""
    message: str = ""
    """The channel's id of that message; empty: the newest letter."""


class CalendarNeed(msgspec.Struct, frozen=True, tag=True):
    """When the stages of a district's running cycle are; ``ShownCalendar | None`` (None: no cycle there)."""

    district: int


Need = (
    SheetNeed
    | AllSheetsNeed
    | PersonNeed
    | InvitationNeed
    | InvitedToNeed
    | FreshCodeNeed
    | HolderNeed
    | LinkNeed
    | PhoneNeed
    | ChatsNeed
    | SubscriptionNeed
    | SummaryNeed
    | CalendarNeed
    | TopicNeed
    | RegionSearchNeed
    | RegionNeed
    | ScoreNeed
    | RowAnswersNeed
    | QueueNeed
    | RequestNeed
    | CoordinatorsNeed
    | UnitsNeed
    | HoldersNeed
    | AudienceNeed
    | BroadcastsNeed
    | BroadcastNeed
    | ReceivedBroadcastNeed
    | LetterNeed
)


class Missing(Exception):  # noqa: N818 - not an error: the step asks to be told more
    """A step cannot go on before these needs are met."""

    def __init__(self, *needs: Need) -> None:
        super().__init__(f"to be loaded before the step can be taken: {needs}")
        self.needs = needs


class Topic(msgspec.Struct, frozen=True):
    """What a message was about: a question, in an assignment."""

    assignment: int
    key: str


class ShownCalendar(msgspec.Struct, frozen=True):
    """A district's calendar, with the posts that have an extension."""

    calendar: Calendar
    posts: dict[int, Post]


class RowTally(msgspec.Struct, frozen=True):
    """The maintained total of one row in one region; shares are whole billionths."""

    units: int
    answered: int
    claimed: int
    approved: int
    verified: int


class ScoreTotals(msgspec.Struct, frozen=True):
    """A region's totals, row by row, with the number of units on the roster."""

    rows: dict[str, RowTally]


class UnitAnswer(msgspec.Struct, frozen=True):
    """One unit's state in a row, for an explanation; the share in billionths, None when not yet known."""

    region: Region
    share: int | None
    is_approved: bool
    by: int
    at: int
    version: str
    approved_by: int = 0


class RowAnswers(msgspec.Struct, frozen=True):
    """How the units of a region stand in one row: the counts, and the units furthest from meeting it (at most 12)."""

    units: int
    answered: int
    meeting: int
    furthest: tuple[UnitAnswer, ...]

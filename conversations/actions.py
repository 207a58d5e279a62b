"""What a step wants done. All but ``FetchFile`` and ``SendRecord`` takes effect in the same transaction as the step."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import msgspec

from conversations.audiences import BroadcastDraft
from conversations.broadcasts import BroadcastChange
from conversations.calendar import Times
from conversations.events import FileTarget, IncomingFile
from conversations.letters import Letter
from conversations.messages import Message
from conversations.needs import Topic
from conversations.people import Post, Role, Standing
from conversations.sheets import RowMark, Sheet
from conversations.subscriptions import Subscription


class Say(msgspec.Struct, frozen=True, omit_defaults=True):
    """Reply to the person, where they wrote."""

    message: Message
    topic: Topic | None = None
    """The question that it asks: a reply to this message, however late, answers that question."""
    supersedes: str = ""
    """Takes the place of an unsent reply of the same name (an album's files are confirmed once)."""


class Tell(msgspec.Struct, frozen=True):
    """Say something to somebody who did not just write, where they are best reached."""

    person: int
    message: Message
    once: str
    """Told at most once under this name."""
    address: int = 0
    """The chat of theirs that is meant, and no other; 0: any."""
    letter: Letter | None = None
    """What it brings, kept so that it can be answered."""


class AnswerChange(msgspec.Struct, frozen=True):
    """One answer before and after; None means there was, or is, none."""

    key: str
    old: str | None
    new: str | None


class SaveSheet(msgspec.Struct, frozen=True):
    """Keep this row's new sheet, what it is worth now, and the history of what changed."""

    assignment: int
    row: str
    sheet: Sheet
    mark: RowMark
    share: Fraction | None
    """The share claimed, a whole number of billionths; None while it is not known."""
    changes: tuple[AnswerChange, ...] = ()


class SendAnswers(msgspec.Struct, frozen=True):
    """Hand the assignment to the coordinator (again, when it was handed over before)."""

    assignment: int


class RememberMessage(msgspec.Struct, frozen=True):
    """The person's message of this id gave the answer to this question; an edit of it changes that answer."""

    message: str
    topic: Topic


class AcceptInvitation(msgspec.Struct, frozen=True):
    """The person takes the post of the invitation, which is used up by it, and has consented to being stored."""

    invitation: int
    name: str
    honorific: str
    at: datetime


class IssueInvitation(msgspec.Struct, frozen=True):
    """Make a single-use invitation with this code."""

    code: str
    role: Role
    standing: Standing
    region: int
    office: str
    name: str


class RequestAccess(msgspec.Struct, frozen=True):
    """Put a request for a post into the coordinator's queue; a newer request of the same person replaces it."""

    name: str
    role: Role
    standing: Standing
    region: int
    office: str


class DecideRequest(msgspec.Struct, frozen=True):
    """Take a request off the queue."""

    request: int
    is_granted: bool


class SetLanguage(msgspec.Struct, frozen=True):
    """Speak this language to the person from now on."""

    language: str


class ForgetPerson(msgspec.Struct, frozen=True):
    """Delete the person's name, end their posts, and keep the answers, which belong to the post."""


class IssueLinkCode(msgspec.Struct, frozen=True):
    """Let this code, typed in another chat until then, make that chat the person's; their older code ends."""

    code: str
    expires_at: datetime


class LinkChat(msgspec.Struct, frozen=True):
    """The chat that this came from joins somebody else, and leaves the person, who holds no post."""

    person: int
    code: str = ""
    """The code that allows it, which is used up by it; empty: the phone number does."""


class LeaveChat(msgspec.Struct, frozen=True):
    """A chat of the person's is theirs no longer: whoever writes from it is a stranger."""

    address: int


class PreferChannel(msgspec.Struct, frozen=True):
    """Tell the person on this channel what they did not ask for; empty: wherever it is best."""

    channel: str


class OptOut(msgspec.Struct, frozen=True):
    """Send nothing to this chat that its person did not ask for, or do so again."""

    is_out: bool


class Subscribe(msgspec.Struct, frozen=True):
    """The person wants the weekly summary like this from now on, or not at all."""

    subscription: Subscription


class NudgeUnits(msgspec.Struct, frozen=True):
    """Remind those who answer for these regions, in the person's name; a region at most once a day, whoever asks."""

    regions: tuple[int, ...]


class Snooze(msgspec.Struct, frozen=True):
    """Do not remind the person before this moment, and do it then; it takes the place of an earlier wish."""

    until: datetime


class LeavePost(msgspec.Struct, frozen=True):
    """The person does not hold this post any more; its answers stay, and somebody else can have it."""

    post: int


class KeepPhone(msgspec.Struct, frozen=True):
    """Keep the phone number that the channel vouches for, digits only."""

    phone: str


class FetchFile(msgspec.Struct, frozen=True, tag="file", tag_field="what"):
    """After the commit: fetch the file, check its content, store it; the result comes back as an event."""

    file: IncomingFile
    target: FileTarget


class SetTimes(msgspec.Struct, frozen=True):
    """Let a stage of a district be at these times; who is concerned hears of it later, once."""

    cycle: int
    district: int
    times: Times


class Extend(msgspec.Struct, frozen=True):
    """Give a post (by its region, role and office) longer for a stage, in all of its forms."""

    cycle: int
    district: int
    holder: Post
    stage: str
    until: datetime
    reason: str


class LaunchBroadcast(msgspec.Struct, frozen=True):
    """Send a broadcast in the person's name, at its time but not before it can be undone no more.

    The message that shows how far it is, with its buttons, comes by itself, here and now.
    """

    draft: BroadcastDraft


class ChangeBroadcast(msgspec.Struct, frozen=True):
    """Change a broadcast that is under way; one that has come too far for it stays as it is.

    Look at it first (``BroadcastNeed``): whether it is the person's to change is for the step to say.
    """

    broadcast: int
    change: BroadcastChange


class SendRecord(msgspec.Struct, frozen=True, tag="record", tag_field="what"):
    """After the commit: write who got a broadcast and who did not as a workbook; it comes back as an event."""

    broadcast: int


Action = (
    Say
    | Tell
    | SaveSheet
    | SendAnswers
    | RememberMessage
    | AcceptInvitation
    | IssueInvitation
    | RequestAccess
    | DecideRequest
    | SetLanguage
    | ForgetPerson
    | IssueLinkCode
    | LinkChat
    | LeaveChat
    | PreferChannel
    | OptOut
    | Subscribe
    | NudgeUnits
    | KeepPhone
    | Snooze
    | LeavePost
    | FetchFile
    | SetTimes
    | Extend
    | LaunchBroadcast
    | ChangeBroadcast
    | SendRecord
)

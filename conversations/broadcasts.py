"""Broadcasts as people see them: whom one would reach, how far one has come, and which one somebody was sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

import msgspec

from conversations.messages import Message
from conversations.people import Person, Post

UNDO_TIME = timedelta(seconds=60)
"""So long after it was confirmed nothing is sent."""


class BroadcastState(IntEnum):
    """How far a broadcast is; the numbers are kept."""

    SCHEDULED = 0
    """Confirmed; nothing has gone yet, and it can be undone."""
    SENDING = 1
    PAUSED = 2
    CANCELLED = 3
    """Undone, or ended before everybody was reached."""
    FINISHED = 4


class BroadcastChange(StrEnum):
    """What can be done to a broadcast."""

    UNDO = "undo"
    """Only before it starts (``Broadcast.starts_at``)."""
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    """What has gone has gone; nothing more goes."""
    RETRY_FAILED = "retry"
    """Send it again to those who could not be reached: a broadcast of its own. Only when it is over."""


class LeftOut(StrEnum):
    """Why somebody who is meant gets no copy."""

    VACANT = "vacant"
    """Nobody has registered for the post."""
    BLOCKED = "blocked"
    """They have blocked us in every chat of theirs."""
    OPTED_OUT = "opted_out"
    """They want no news in the chats that they have not blocked."""
    ELSEWHERE = "elsewhere"
    """They are reached by another channel than the one that was chosen."""


class Failure(StrEnum):
    """Why a copy that was to be sent has not arrived."""

    GONE = "gone"
    """Its reader has blocked us since, wants no news any more, or is no more."""
    LATE = "late"
    """It could not be sent while it was still of use."""
    CHANNEL = "channel"
    """The channel would not take it."""


class Carried(msgspec.Struct, frozen=True):
    """How many copies go by a channel."""

    channel: str
    """As the program names it: ``whatsapp``."""
    channel_name: str
    copies: int
    paid: int
    """Of these, how many go as a paid template, because their readers have not written for a day."""
    rupiah: int | None
    """What those cost, rounded up; None: the rate is not known. An estimate."""
    held: int = 0
    """Of the paid, how many are told only that something waits until they write: it is too long, or has a file."""


class Sample(msgspec.Struct, frozen=True):
    """A copy as somebody will see it."""

    person: str
    """How they are called."""
    post: str
    """``Kepala Desa Sungai Rebo, Kecamatan Banyuasin I``"""
    channel_name: str
    message: Message


class AudiencePreview(msgspec.Struct, frozen=True):
    """Whom a broadcast would reach now, and how."""

    people: int
    """How many get a copy."""
    carried: tuple[Carried, ...]
    left_out: dict[LeftOut, int]
    """How many posts, or people, are left out; without zeros."""
    samples: tuple[Sample, ...]
    """At most three, spread over the audience."""
    finishes_at: datetime
    """An estimate: from when it starts, as fast as the channels let it go, within the hours there."""
    next_day: int = 0
    """How many have had the one message of the day on which it starts, and get it on the next; others may follow."""


class Broadcast(msgspec.Struct, frozen=True):
    """A broadcast and how far it has come."""

    id: int
    district: int
    author: int
    text: str
    has_file: bool
    state: BroadcastState
    confirmed_at: datetime
    starts_at: datetime
    ended_at: datetime | None
    people: int
    """Those who are to get a copy, as far as they are known: everybody soon after it has started."""
    waiting: int
    held: int
    """Of these, how many go when their readers write: nothing else may be sent there, and no template says the same."""
    next_at: datetime | None
    """When the first of those that wait may go, where that is later: the hours there, or the message of a day."""
    sent: int
    """The channel took it; among them are:"""
    delivered: int
    read: int
    """As far as channels report it (WhatsApp does)."""
    failed: dict[Failure, int]
    """How many could not be sent; without zeros."""
    uncertain: int
    """Perhaps sent, before a crash; they are not sent again."""
    dropped: int
    """Not needed any more when their turn came."""
    left_out: dict[LeftOut, int]
    """People who could not be reached when it started."""

    @property
    def unreached(self) -> int:
        """Tell how many would get it if it was sent again to those that failed."""
        return sum(self.failed.values())


class Fate(StrEnum):
    """What has become of one person's copy."""

    WAITING = "waiting"
    SENT = "sent"
    """The channel took it."""
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """Perhaps sent; not repeated."""
    DROPPED = "dropped"
    """Not needed any more when its turn came."""
    LEFT_OUT = "left_out"


class Recipient(msgspec.Struct, frozen=True):
    """Somebody who was meant by a broadcast, for its record."""

    person: Person
    post: Post
    """For which they were meant."""
    channel_name: str
    """Empty: they were left out."""
    fate: Fate
    why: Failure | LeftOut | None
    """Why it has failed, or they were left out."""
    ended_at: datetime | None
    """When it was sent or given up."""
    delivered_at: datetime | None
    read_at: datetime | None


class Record(msgspec.Struct, frozen=True):
    """Who got a broadcast and who did not, for whoever asked."""

    language: str
    """Of whoever asked."""
    broadcast: Broadcast
    region_code: str
    """Of the district: for what time it is there."""
    recipients: tuple[Recipient, ...]
    """By region."""


class ReceivedBroadcast(msgspec.Struct, frozen=True):
    """A broadcast that somebody was sent."""

    id: int
    author: int
    """The person who sent it."""
    text: str
    """As the author typed it."""
    sent_at: datetime

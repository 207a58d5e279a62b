"""What a judge may say about a message that nobody asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.messages import Message
from conversations.people import Person, Post
from conversations.purposes import Purpose
from storage.turn_state import Shared


@dataclass(frozen=True, slots=True)
class Reader:
    """The one whom a message is for, as they are now."""

    person: Person
    posts: tuple[Post, ...]
    """What they hold now; empty when they hold nothing, or nothing any more."""
    region_code: str = ""
    """Where they live, for what time it is there: the region of their first post, or of the one they are to have."""
    is_closed: bool = False
    """Nothing goes to this chat that they did not ask for."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message to be judged."""

    id: int
    """Of the outbox."""
    purpose: Purpose
    reader: Reader


@dataclass(frozen=True, slots=True)
class Go:
    """It is needed, and says this."""

    message: Message


@dataclass(frozen=True, slots=True)
class PutOff:
    """Not now."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Drop:
    """It is not needed any more."""

    reason: str
    """In English, without names: it is kept, and shown by ``jemputbola outbox show``."""


Verdict = Go | PutOff | Drop
Judge = Callable[[AsyncConnection, Shared, Sequence[Case], datetime], Awaitable[Mapping[int, Verdict]]]
"""Judges cases of its kind, all with a few set-based reads; gives a verdict for each, by ``Case.id``.

What holds for all messages (``storage.judging.judge``) has been judged before: opting out, hours, the one of a day.
It writes only what belongs to the message being sent: the transaction is committed with the verdicts.
"""

"""Somebody who chats, with what they hold and what they were told."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from conversations.messages import Message
from conversations.needs import Topic
from conversations.people import Person, Post
from conversations.session import NEW_SESSION


@dataclass
class Inhabitant:
    """One person."""

    name: str
    person: Person
    posts: list[Post] = field(default_factory=list)
    session: bytes = msgspec.json.encode(NEW_SESSION)
    heard: list[Message] = field(default_factory=list)
    topics: dict[str, Topic] = field(default_factory=dict)
    """What each message of this chat was about, by its id."""
    told_at: list[str] = field(default_factory=list)
    """Ids of the messages that were heard, in order."""
    typed: dict[str, str] = field(default_factory=dict)
    """Ids of the messages that were typed, by their text; the last one of the same text."""

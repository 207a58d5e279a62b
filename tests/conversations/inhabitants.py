"""Somebody who chats: a chat, with what was said in it, and the person whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from conversations.messages import Message
from conversations.needs import Topic
from conversations.people import Person, Post
from conversations.session import NEW_SESSION
from conversations.subscriptions import USUAL, Subscription


@dataclass
class Mind:
    """A person with their posts and conversation, wherever they write from."""

    person: Person
    posts: list[Post] = field(default_factory=list)
    session: bytes = msgspec.json.encode(NEW_SESSION)
    preferred: str = ""
    wrote_last: int = 0
    """The chat."""
    subscription: Subscription = USUAL
    reminded_at: datetime | None = None
    """When they want to be reminded."""


@dataclass
class Inhabitant:
    """One chat."""

    name: str
    mind: Mind
    address: int = 0
    channel: str = "telegram"
    phone: str = ""
    is_opted_out: bool = False
    is_blocked: bool = False
    linked_at: datetime | None = None
    heard: list[Message] = field(default_factory=list)
    topics: dict[str, Topic] = field(default_factory=dict)
    """What each message of this chat was about, by its id."""
    letters: dict[str, str] = field(default_factory=dict)
    """The codes of the letters that messages brought, by the messages' ids."""
    told_at: list[str] = field(default_factory=list)
    """Ids of the messages that were heard, in order."""
    typed: dict[str, str] = field(default_factory=dict)
    """Ids of the messages that were typed, by their text; the last one of the same text."""

    @property
    def channel_name(self) -> str:
        """What people call the channel."""
        return {"telegram": "Telegram", "whatsapp": "WhatsApp"}[self.channel]

    @property
    def person(self) -> Person:
        """Who writes here."""
        return self.mind.person

    @person.setter
    def person(self, person: Person) -> None:
        self.mind.person = person

    @property
    def posts(self) -> list[Post]:
        """What they hold."""
        return self.mind.posts

    @property
    def session(self) -> bytes:
        """Their conversation."""
        return self.mind.session

    @session.setter
    def session(self, session: bytes) -> None:
        self.mind.session = session

"""Broadcasts in memory: whom they reach, how far they are, and who was sent which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from conversations.audiences import Audience, BroadcastDraft
from conversations.broadcasts import (
    UNDO_TIME,
    AudiencePreview,
    Broadcast,
    BroadcastChange,
    BroadcastState,
    Carried,
    Failure,
    LeftOut,
    ReceivedBroadcast,
    Sample,
)
from conversations.form_states import form_state
from conversations.messages import Message
from conversations.people import Assignment, Post
from conversations.texts import texts_for
from conversations.views.broadcast_copies import CopyReader, Written, broadcast_copy
from conversations.views.naming import post_name
from tests.conversations.inhabitants import Inhabitant
from tests.conversations.places import REGIONS
from tests.conversations.store import Store

AFTER = {
    BroadcastChange.UNDO: BroadcastState.CANCELLED,
    BroadcastChange.CANCEL: BroadcastState.CANCELLED,
    BroadcastChange.PAUSE: BroadcastState.PAUSED,
    BroadcastChange.RESUME: BroadcastState.SENDING,
}
PAID = 335
"""Rupiah for a template on WhatsApp."""


@dataclass
class Kept:
    """A broadcast that was confirmed."""

    draft: BroadcastDraft
    broadcast: Broadcast
    received: dict[int, list[str]] = field(default_factory=dict)
    """The messages' ids by their readers, those of earlier times first."""


@dataclass
class BroadcastStore(Store):
    """The store with broadcasts."""

    broadcasts: dict[int, Kept] = field(default_factory=dict)

    def audience_of(self, audience: Audience, author: int) -> Iterator[tuple[Inhabitant, Post]]:
        """Give the chats and posts of those who are meant, each person once."""
        seen = {author}
        for chat in self.people.values():
            for post in chat.posts:
                if chat.person.id not in seen and self._is_meant(audience, chat, post):
                    seen.add(chat.person.id)
                    yield chat, post

    def _is_meant(self, audience: Audience, chat: Inhabitant, post: Post) -> bool:
        district = next(each.code for each in REGIONS if each.id == audience.region)
        around = [each.id for each in REGIONS if f"{post.region.code}.".startswith(f"{each.code}.")]
        forms = [each for each in self.forms_of(post) if audience.form in ("", each.form)]
        states = {form_state(each.progress, is_sent=each.sent_at is not None) for each in forms}
        return (
            f"{post.region.code}.".startswith(f"{district}.")
            and (not audience.roles or post.role in audience.roles)
            and (not audience.subdistricts or bool({*around} & {*audience.subdistricts}))
            and (not audience.form or bool(forms))
            and (not audience.states or bool(states & {*audience.states}))
            and audience.channel in ("", chat.channel)
            and (not audience.people or chat.person.id in audience.people)
        )

    def forms_of(self, post: Post) -> list[Assignment]:
        """Give what a post answers."""
        return [each for each in self.assignments.values() if each.region.id == post.region.id]

    def preview(self, draft: BroadcastDraft, author: int) -> AudiencePreview:
        """Say whom a draft would reach now."""
        meant = list(self.audience_of(draft.audience, author))
        reached = [(chat, post) for chat, post in meant if not (chat.is_blocked or chat.is_opted_out)]
        counted = Counter((chat.channel, chat.channel_name) for chat, _ in reached)
        carried = tuple(
            Carried(channel, name, amount, *((amount, PAID * amount) if channel == "whatsapp" else (0, None)))
            for (channel, name), amount in sorted(counted.items())
        )
        left_out = {
            LeftOut.BLOCKED: sum(chat.is_blocked for chat, _ in meant),
            LeftOut.OPTED_OUT: sum(chat.is_opted_out and not chat.is_blocked for chat, _ in meant),
        }
        samples = tuple(
            Sample(
                chat.person.called,
                post_name(self.library, post, texts_for("id")),
                chat.channel_name,
                self.copy(0, draft, chat, post),
            )
            for chat, post in reached[:3]
        )
        starts = max(self.at + UNDO_TIME, datetime.fromtimestamp(draft.starts_at, UTC))
        left_out = {why: amount for why, amount in left_out.items() if amount}
        return AudiencePreview(len(reached), carried, left_out, samples, starts + timedelta(seconds=len(reached)))

    def copy(self, number: int, draft: BroadcastDraft, chat: Inhabitant, post: Post) -> Message:
        """Write somebody's copy."""
        district = next(each.name for each in REGIONS if each.id == draft.audience.region)
        marks = "".join(each.progress for each in self.forms_of(post))
        return broadcast_copy(
            Written(number, draft.text, draft.file, district), CopyReader(chat.person, post.region, marks)
        )

    def launch(self, draft: BroadcastDraft, author: int) -> Broadcast:
        """Keep a broadcast that was confirmed."""
        starts = max(self.at + UNDO_TIME, datetime.fromtimestamp(draft.starts_at, UTC))
        number = len(self.broadcasts) + 1
        launched = Broadcast(
            id=number,
            district=draft.audience.region,
            author=author,
            text=draft.text,
            has_file=draft.file is not None,
            state=BroadcastState.SCHEDULED,
            confirmed_at=self.at,
            starts_at=starts,
            ended_at=None,
            people=0,
            waiting=0,
            sent=0,
            delivered=0,
            read=0,
            failed={},
            uncertain=0,
            dropped=0,
            held=0,
            left_out={},
            next_at=None,
        )
        self.broadcasts[number] = Kept(draft, launched)
        return launched

    def change_broadcast(self, number: int, change: BroadcastChange) -> None:
        """Do what was wanted."""
        state = AFTER[change]
        ended = self.at if state is BroadcastState.CANCELLED else None
        kept = self.broadcasts[number]
        kept.broadcast = msgspec.structs.replace(kept.broadcast, state=state, ended_at=ended)

    def start_sending(self, number: int) -> list[tuple[Inhabitant, Message]]:
        """Begin to send one that waits: give the copies of those who can be reached; the rest fails."""
        kept = self.broadcasts[number]
        meant = list(self.audience_of(kept.draft.audience, kept.broadcast.author))
        reached = [(chat, post) for chat, post in meant if not (chat.is_blocked or chat.is_opted_out)]
        failed = {Failure.GONE: len(meant) - len(reached)} if len(meant) > len(reached) else {}
        kept.broadcast = msgspec.structs.replace(
            kept.broadcast, state=BroadcastState.SENDING, people=len(meant), sent=len(reached), failed=failed
        )
        return [(chat, self.copy(number, kept.draft, chat, post)) for chat, post in reached]

    def received_by(self, person: int, message: str, number: int) -> ReceivedBroadcast | None:
        """Find a broadcast that somebody was sent: by its number, by a message, or the last one."""
        mine = [each for each in self.broadcasts.values() if person in each.received]
        if number:
            mine = [each for each in mine if each.broadcast.id == number]
        elif message:
            mine = [each for each in mine if message in each.received[person]]
        if not mine:
            return None
        last = mine[-1].broadcast
        return ReceivedBroadcast(last.id, last.author, last.text, last.starts_at)

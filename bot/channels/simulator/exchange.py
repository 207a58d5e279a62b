"""The telephone exchange of the simulator: phones, their chats and files, and who is watching them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from bot.channels.simulator.bubbles import Bubble, Phone
from bot.channels.simulator.hub import Hub
from bot.channels.simulator.journal import Journal
from bot.channels.simulator.posts import PhoneKind
from bot.channels.simulator.uploads import Uploads


class Exchange:
    """Keeps journal, uploads and open pages in step."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.journal = Journal(folder / "phones")
        self.uploads = Uploads(folder / "uploads")
        self.hub = Hub()
        chats = (self.journal.chat(phone.id).values() for phone in self.journal.phones())
        self.uploads.sweep(reference for chat in chats for reference in _references(chat))

    def find_phone(self, kind: PhoneKind, post_key: str) -> Phone | None:
        """Give the phone that was opened for this post before."""
        phones = self.journal.phones()
        return next((each for each in phones if each.kind == kind and each.holds(post_key)), None)

    def bubble(self, phone: str, identifier: str) -> Bubble | None:
        """Give one bubble of a phone."""
        return self.journal.chat(phone).get(identifier)

    def newest(self, phone: str) -> Bubble | None:
        """Give the newest bubble of a phone."""
        return next(self._newest_first(phone), None)

    def last(self, phone: str) -> Bubble | None:
        """Give the newest bubble of a phone, of those that every look shows."""
        return next((each for each in self._newest_first(phone) if not each.is_whatsapps_own), None)

    def heard_at(self, phone: str) -> datetime | None:
        """Give when a person last wrote or tapped; None when there was nothing, or when 24 hours have gone by since."""
        for bubble in self._newest_first(phone):
            if bubble.side == "clock":
                return None
            if bubble.side == "person" and bubble.sending != "failed":
                return bubble.at
        return None

    def has_waiting(self, phone: str) -> bool:
        """Tell whether something has waited since a person last wrote or tapped."""
        for bubble in self._newest_first(phone):
            if bubble.waits or bubble.side == "person":
                return bubble.waits
        return False

    def put(self, phone: str, bubble: Bubble) -> None:
        """Show a bubble (again), on the phone and on every open page.

        A phone that was thrown away meanwhile stays away.
        """
        if self.journal.find(phone) is None:
            return
        self.uploads.drop(_references(self.journal.put(phone, bubble)))
        self.hub.publish(phone, bubble)

    def mark(self, phone: str, identifier: str, **changes: object) -> None:
        """Change something about a bubble, if it is still there."""
        if bubble := self.bubble(phone, identifier):
            self.put(phone, msgspec.structs.replace(bubble, **changes))

    def remove(self, phone: str) -> None:
        """Throw a phone away, with its chat and files."""
        self.uploads.drop(_references(self.journal.remove(phone)))

    def _newest_first(self, phone: str) -> Iterator[Bubble]:
        return reversed(tuple(self.journal.chat(phone).values()))


def fresh_number() -> str:
    """Make up a phone's id; never one that the bot has met before, whatever was deleted in between."""
    return f"phone-{secrets.token_hex(6)}"


def _references(bubbles: Iterable[Bubble]) -> Iterator[str]:
    return (bubble.attachment.reference for bubble in bubbles if bubble.attachment)

"""How an event arrives: who sent it, from where, and under which key."""

from __future__ import annotations

from datetime import datetime

import msgspec

from conversations.events import Event

MOST_KEY_CHARACTERS = 200
JOB_PREFIX = "job:"
"""The key of a job's result is this and the job's number; keeping it ends the job."""
RETRY_PREFIX = "failed:"
"""The key of a failed event's next try is this and its number; keeping it ends the failure."""


CHANNEL_NAMES = {"telegram": "Telegram", "whatsapp": "WhatsApp", "simulator": "Simulator"}


def channel_name(channel: str) -> str:
    """Give what people call a channel."""
    return CHANNEL_NAMES.get(channel) or channel.capitalize()


def via(channel: str, account: str) -> str:
    """Name what a message goes out by: ``telegram:7712345678``, ``simulator:local``."""
    return f"{channel}:{account}"


class AddressKey(msgspec.Struct, frozen=True):
    """A chat as its channel names it: ``("telegram", bot id, chat id)``, ``("simulator", "local", "phone-3")``.

    WhatsApp names people by an id of their own for each business; where it says their phone number only, its digits
    stand for the id until both are seen together.
    """

    channel: str
    account: str
    user: str

    @property
    def via(self) -> str:
        """The channel and account by which messages go there."""
        return via(self.channel, self.account)


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event with its sender. The same key takes effect once, however often it comes."""

    key: str
    address: AddressKey | int
    """A number: a known address, for the results of jobs."""
    event: Event
    phone: str = ""
    """The sender's phone number, digits only, where the channel vouches for it; as ``user`` it is all that is known."""
    sent_at: datetime | None = None
    """When the person sent it, where the channel says: updates may come days late. None: just now."""
    language: str = ""
    """The phone's language, a first guess: ``id`` unless it starts with ``en``."""


def number_after(prefix: str, key: str) -> int | None:
    """Read the number out of a key of this prefix; ``None`` for any other key."""
    rest = key.removeprefix(prefix)
    return int(rest) if rest != key and rest.isascii() and rest.isdigit() else None

"""What a message is for that nobody asked for: kept instead of a text, which is written when it is sent."""

from __future__ import annotations

import msgspec


class Reminder(msgspec.Struct, frozen=True, tag="reminder", omit_defaults=True):
    """Tells somebody what their forms still lack."""

    assignments: tuple[int, ...]
    rung: str
    """Of the ladder (``conversations.ladder``): what brought it about."""
    by: int = 0
    """The person in whose name it goes: a camat, the coordinator; 0: nobody's."""


class Digest(msgspec.Struct, frozen=True, tag="digest"):
    """Tells a camat or a coordinator how far the units of their region are, shortly before an end."""

    post: int
    form: str
    closes_at: int
    """Unix seconds."""


class BroadcastCopy(msgspec.Struct, frozen=True, tag="broadcast"):
    """One person's copy of a broadcast."""

    broadcast: int


class Summary(msgspec.Struct, frozen=True, tag="summary"):
    """Tells somebody where things stand, at the time of the week that they chose."""

    topic: str
    post: int


Purpose = Reminder | Digest | BroadcastCopy | Summary

"""What a message is for that nobody asked for: kept instead of a text, which is written when it is sent."""

from __future__ import annotations

import msgspec

ASKED = "asked"
"""The rung of a reminder that its reader has asked for."""
NUDGE = "nudge"
"""The rung of a reminder that somebody else has asked for."""


class Reminder(msgspec.Struct, frozen=True, tag="reminder", omit_defaults=True):
    """Tells somebody what their forms still lack."""

    assignments: tuple[int, ...]
    rung: str
    """Of the ladder (``conversations.ladder``): what brought it about."""
    by: int = 0
    """The person in whose name it goes: a camat, the coordinator; 0: nobody's."""


class Unfinished(msgspec.Struct, frozen=True, tag="unfinished"):
    """Tells somebody who has shown an invitation that they are not registered yet."""

    invitation: int
    region_code: str
    """Of the post."""


class Returned(msgspec.Struct, frozen=True, tag="returned"):
    """Tells somebody which rows the coordinator gave back."""

    assignment: int


class Digest(msgspec.Struct, frozen=True, tag="digest"):
    """Tells a camat or a coordinator how far the units of their region are, shortly before an end."""

    post: int
    """Of the reader."""
    due_at: int
    """The end that brings it about, in Unix seconds: where it has been moved since, this is not needed any more."""


class BroadcastCopy(msgspec.Struct, frozen=True, tag="broadcast"):
    """One person's copy of a broadcast."""

    broadcast: int


class CalendarChange(msgspec.Struct, frozen=True, tag="calendar"):
    """Tells somebody that their own time for answers is another one than they know."""

    before: tuple[tuple[int, str], ...]
    """Assignments, each with the windows that its people know, as they are kept."""


class Summary(msgspec.Struct, frozen=True, tag="summary"):
    """Tells somebody where all that their posts look after stands, at the time of the week that they chose."""


Purpose = Reminder | Unfinished | Returned | Digest | BroadcastCopy | CalendarChange | Summary


def is_awaited(purpose: Purpose) -> bool:
    """Tell whether its reader waits for it: it goes also on a day on which they were told something else."""
    return isinstance(purpose, Returned) or (isinstance(purpose, Reminder) and purpose.rung == ASKED)

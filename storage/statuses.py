"""What a channel tells later about a message that it took: sent on, delivered, read, or failed after all."""

from __future__ import annotations

from datetime import datetime

import msgspec

FAILED = "failed"
READ = frozenset({"read", "played"})
REACHED = READ | {"delivered"}
"""It is on the reader's phone."""
ARRIVED = REACHED | {"sent"}
"""It has left the platform."""


class DeliveryStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """One report; they come more than once and in any order, and (``message``, ``status``) is what is new about one."""

    account: str
    """The number that the message went out by."""
    message: str
    """The channel's id of the message."""
    status: str
    """``sent``, ``delivered``, ``read``, ``failed``; a platform may add others."""
    at: datetime
    """When it happened, as the platform says; aware, UTC."""
    tracker: str = ""
    """What we gave along when we sent it: the number of its row in the outbox."""
    recipient: str = ""
    """The user as in an address."""
    phone: str = ""
    """Their phone number in digits, where it is told."""
    errors: tuple[int, ...] = ()
    """Why it failed, in the platform's codes."""
    category: str = ""
    """What it is charged as: ``service``, ``utility``, ``marketing``, ``authentication``."""
    pricing: str = ""
    """How: ``regular``, or why it is free."""
    is_billable: bool | None = None
    """None: it is not said."""

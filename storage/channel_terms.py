"""What the channels that are switched on allow and cost, as far as it matters before a message is sent."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ChannelTerms:
    """Of one channel: ``telegram``, ``whatsapp``."""

    unhurried_a_second: int | None = None
    """How many reminders and broadcasts an account of it takes in a second; None: as fast as it goes."""
    can_edit: bool = False
    """The text of a message that was sent can be changed."""
    notice_rupiah: Fraction | None = None
    """What it costs to tell them that something waits until they write; None: not known."""
    template_rupiah: Fraction | None = None
    """What a broadcast costs to somebody who has not written for a day; None: not known."""


NO_TERMS = ChannelTerms()
"""Of a channel of which nothing is known."""

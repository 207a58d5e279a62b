"""The words of the outbox: how urgent a message is, and how far it has come."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """Who goes first."""

    REPLY = 0
    ALERT = 1
    REMINDER = 2
    BULK = 3


class OutboxState(IntEnum):
    """How far a message has come. The indexes of the table know 0 and 1 by their numbers."""

    WAITING = 0
    LEASED = 1
    SENT = 2
    FAILED = 3
    """Given up, too late, or its reader is gone."""
    UNCERTAIN = 4
    """Perhaps sent: a broadcast that is not repeated."""
    DROPPED = 5
    """Judged when it was to be sent, and not needed any more."""


UNHURRIED = (Priority.REMINDER, Priority.BULK)
"""Nobody sits there waiting for these."""
PROACTIVE = (Priority.ALERT, Priority.REMINDER, Priority.BULK)
SENT_AGAIN = (Priority.REPLY, Priority.ALERT)
"""When a crash cut off the sending, these are sent again; others are reported and not repeated."""

UNTIL_HEARD = 2**62
"""The moment before which a message is not sent that waits until its reader writes."""

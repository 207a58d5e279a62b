"""How connections to a platform are kept, and how long each part of a call may take; the same for every library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MOST_CONNECTIONS = 64
"""More than the messages that may be under way at once (50), so that taps are answered beside them."""
IDLE = timedelta(seconds=15)
"""How long a connection without work is kept: long enough to be shared by a person's replies, short enough that
the server seldom hangs up at the very moment of a send."""
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each part of a call may take; positive."""

    free: timedelta = timedelta(seconds=5)
    """Until a connection is free."""
    connect: timedelta = timedelta(seconds=10)
    """Until it stands."""
    reply: timedelta = timedelta(seconds=20)
    """Between two signs of life, once it stands."""

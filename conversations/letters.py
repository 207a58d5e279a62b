"""Letters: what one person writes to another through us, so that it can be answered."""

from __future__ import annotations

from datetime import datetime

import msgspec

MOST_LETTER_CHARACTERS = 2000
"""With what it is about and who it comes from, it still fits into one message."""


class Letter(msgspec.Struct, frozen=True):
    """What somebody has written, and to whom."""

    code: str
    """Secret: whoever shows it, and is its reader, may answer."""
    sender: int
    reader: int
    text: str
    """Plain, as it was typed."""
    sent_at: datetime

"""Windows as an assignment keeps them: a list of lists, moments in whole milliseconds.

All assignments of a district have the same text but for extensions, so that each text is read once.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from conversations.calendar import Window, Windows
from storage.moments import as_optional_ms, from_optional_ms

MOST_REMEMBERED = 16_384
"""Texts: 514 districts with three forms each, and their extensions."""

_Row = tuple[str, int | None, int | None, int | None, int]
_decode = msgspec.json.Decoder(tuple[_Row, ...]).decode


def encode_windows(windows: Windows) -> str:
    """Write windows; none is the empty text."""
    if not windows:
        return ""
    return msgspec.json.encode([_row(each) for each in windows]).decode()


def _row(window: Window) -> _Row:
    opens_at, due_at, closes_at = map(as_optional_ms, (window.opens_at, window.due_at, window.closes_at))
    return window.stage, opens_at, due_at, closes_at, window.post


@lru_cache(maxsize=MOST_REMEMBERED)
def decode_windows(written: str) -> Windows:
    """Read what ``encode_windows`` wrote."""
    if not written:
        return ()
    return tuple(
        Window(stage, from_optional_ms(opens_at), from_optional_ms(due_at), from_optional_ms(closes_at), post)
        for stage, opens_at, due_at, closes_at, post in _decode(written)
    )

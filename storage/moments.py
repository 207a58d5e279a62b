"""Moments as the tables keep them: whole milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.errors import StorageError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FOREVER = 2**62
"""Later than any moment: the end of what has no end."""


def as_ms(at: datetime) -> int:
    """Give the milliseconds; a part of one is cut off.

    Raises:
        StorageError: the moment has no time zone.
    """
    if at.tzinfo is None:
        raise StorageError(f"A moment with a time zone was expected; {at!r} has none. Give it tzinfo=UTC.")
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """Give the moment, aware, in UTC."""
    return EPOCH + ms * MILLISECOND


def as_optional_ms(at: datetime | None) -> int | None:
    """Give the milliseconds of a moment that may be missing."""
    return None if at is None else as_ms(at)


def from_optional_ms(ms: int | None) -> datetime | None:
    """Give a moment that may be missing."""
    return None if ms is None else from_ms(ms)

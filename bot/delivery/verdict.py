"""What becomes of a message after an attempt to send it; pure, and the same for every channel."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.backoff import Backoff
from bot.channels.port import ChannelError
from bot.delivery.rates import is_bulk
from storage.outbox import (
    Closed,
    Failed,
    Gone,
    Later,
    OptedOut,
    OutboxRow,
    Outcome,
    Priority,
    Retry,
    Uncertain,
    UntilHeard,
)
from storage.reaching import Because

LONGEST_TRIED = timedelta(hours=24)
"""A message that could not be sent for so long is given up: an older reply would only confuse."""

PACE_SECONDS, MOST_PACES = 4, 5
"""Each wait for somebody who was written to too quickly is so many times the one before; 17 minutes at most.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/overview#pair-rate-limits
"""
NOT_SOON = timedelta(days=1)
"""How long a message rests that the platform holds for one too many."""
LONGEST_UNWELCOME = 2 * NOT_SOON
MOST_TIMES_CLOSED = 5
"""So often a message finds the chat closed that we held for open, each time after something changed; then no more."""


def judge(row: OutboxRow, error: ChannelError, backoff: Backoff, at: datetime) -> Outcome:
    """Say what to do with a message that could not be sent, or perhaps was.

    Of a broadcast that may have arrived nobody gets a second copy; a reply in doubt is sent again.
    """
    about_reader = _judge_reader(row, error, at)
    if about_reader:
        return about_reader
    if error.is_uncertain and is_bulk(row.priority):
        return Uncertain(row.id)
    if not error.retryable or at - row.created_at > LONGEST_TRIED:
        return Failed(row.id, error.reason)
    wait = error.retry_after or (_pace(row.attempts) if error.is_too_quick else backoff.wait(row.attempts + 1))
    return Retry(row.id, at + wait, error.reason)


def _judge_reader(row: OutboxRow, error: ChannelError, at: datetime) -> Outcome | None:
    """Say what follows from what the error tells about the reader; None: it tells nothing."""
    if error.is_gone:
        return Gone(row.id, error.reason)
    if error.is_opted_out:
        return OptedOut(row.id, error.reason, is_reply=row.priority is Priority.REPLY)
    if error.is_closed and row.attempts < MOST_TIMES_CLOSED:
        return Closed(row.id, row.heard_at or at, error.reason)
    if error.is_unwelcome and at - row.created_at < LONGEST_UNWELCOME:
        return Later(row.id, at + NOT_SOON, error.reason)
    if error.is_template_unusable and row.chosen_because != Because.NOTICE:
        return UntilHeard(row.id, error.reason)
    return None


def _pace(attempts: int) -> timedelta:
    return timedelta(seconds=PACE_SECONDS ** min(attempts, MOST_PACES))

"""What becomes of a message after an attempt to send it; pure, and the same for every channel."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.backoff import Backoff
from bot.channels.port import ChannelError
from bot.delivery.rates import is_bulk
from storage.outbox import Failed, Gone, OutboxRow, Outcome, Retry, Uncertain

LONGEST_TRIED = timedelta(hours=24)
"""A message that could not be sent for so long is given up: an older reply would only confuse."""


def judge(row: OutboxRow, error: ChannelError, backoff: Backoff, at: datetime) -> Outcome:
    """Say what to do with a message that could not be sent, or perhaps was.

    Of a broadcast that may have arrived nobody gets a second copy; a reply in doubt is sent again.
    """
    if error.is_gone:
        return Gone(row.id, error.reason)
    if error.is_uncertain and is_bulk(row.priority):
        return Uncertain(row.id)
    if not error.retryable or at - row.created_at > LONGEST_TRIED:
        return Failed(row.id, error.reason)
    wait = error.retry_after or backoff.wait(row.attempts + 1)
    return Retry(row.id, at + wait, error.reason)

"""What becomes of a message after an attempt to send it; pure, and the same for every channel."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.backoff import Backoff
from bot.channels.port import ChannelError
from bot.delivery.rates import is_bulk
from storage.outbox import Failed, Gone, OutboxRow, Outcome, Retry, Uncertain

LONGEST_TRIED = timedelta(hours=24)
"""A message that could not be sent for so long is given up: an older reply would only confuse."""

PACE_SECONDS, MOST_PACES = 4, 5
"""Each wait for somebody who was written to too quickly is so many times the one before; 17 minutes at most.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/overview#pair-rate-limits
"""


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
    wait = error.retry_after or (_pace(row.attempts) if error.is_too_quick else backoff.wait(row.attempts + 1))
    return Retry(row.id, at + wait, error.reason)


def _pace(attempts: int) -> timedelta:
    return timedelta(seconds=PACE_SECONDS ** min(attempts, MOST_PACES))

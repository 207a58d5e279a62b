"""Reports about messages that Meta took: how many, and which failed after all."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import structlog

from bot.channels.whatsapp.decoding import CHANNEL
from bot.channels.whatsapp.errors import failed
from bot.metrics import REPORTS
from storage.statuses import DeliveryStatus

FAILED = "failed"
KNOWN = frozenset({"sent", "delivered", "read", "played", FAILED})

_log = structlog.get_logger(__name__)


async def count_reports(statuses: Sequence[DeliveryStatus]) -> None:
    """Count reports, and log what failed."""
    for each in statuses:
        REPORTS.labels(CHANNEL, each.status if each.status in KNOWN else "other").inc()
        if each.status == FAILED:
            error = failed(each.errors)
            level = logging.ERROR if error.alert else logging.INFO
            _log.log(level, "failed_after_all", outbox=each.tracker, reason=error.reason)

"""Reports about messages that Meta took: kept, counted, and those that failed after all judged like a failed send."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import structlog

from bot.backoff import Backoff
from bot.channels.whatsapp.decoding import CHANNEL
from bot.channels.whatsapp.errors import failed
from bot.channels.whatsapp.markets import market_of
from bot.clock import Clock
from bot.delivery.verdict import judge
from bot.metrics import RECONCILED, REPORTS
from storage.outbox import Closed, OutboxRow, Outcome
from storage.reports import Charge, Reports
from storage.statuses import ARRIVED, FAILED, DeliveryStatus

KNOWN = ARRIVED | {FAILED}
JAKARTA = timezone(timedelta(hours=7))
"""By which months are counted; Meta counts by the time zone of the account."""
FREE = frozenset({"free_customer_service", "free_entry_point"})
"""Kinds of pricing that cost nothing."""

_log = structlog.get_logger(__name__)


class Verdicts:
    """What reports mean: the ``Policy`` of WhatsApp."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff

    def judge(self, row: OutboxRow, report: DeliveryStatus, at: datetime) -> Outcome:
        """Say what becomes of a message that failed after it had been taken."""
        error = failed(report.errors)
        outcome = judge(row, error, self._backoff, at)
        level = logging.ERROR if error.alert else logging.INFO
        _log.log(level, "failed_after_all", outbox=row.id, reason=error.reason, outcome=type(outcome).__name__)
        return replace(outcome, at=report.at) if isinstance(outcome, Closed) else outcome

    def charge(self, report: DeliveryStatus) -> Charge | None:
        """Say what a message is charged as; None: the report does not tell."""
        if not report.category:
            return None
        local = report.at.astimezone(JAKARTA)
        is_billable = report.pricing not in FREE if report.is_billable is None else report.is_billable
        return Charge(local.year * 100 + local.month, report.category, market_of(report), is_billable)


class ReportKeeper:
    """Told what Meta reports, it returns when that has been kept."""

    def __init__(self, reports: Reports, clock: Clock, backoff: Backoff) -> None:
        self._reports = reports
        self._clock = clock
        self._verdicts = Verdicts(backoff)

    async def __call__(self, statuses: Sequence[DeliveryStatus]) -> None:
        """Keep reports.

        Raises:
            StorageError: they could not be kept now.
        """
        kept = await self._reports.keep(CHANNEL, statuses, self._clock.now(), policy=self._verdicts)
        for each in kept.reports:
            REPORTS.labels(CHANNEL, each.status if each.status in KNOWN else "other").inc()
        if kept.reconciled:
            RECONCILED.labels(CHANNEL).inc(kept.reconciled)
            _log.info("messages_reconciled", via=CHANNEL, messages=kept.reconciled)

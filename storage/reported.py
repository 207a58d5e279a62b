"""What reports about one message come to."""

from __future__ import annotations

from typing import Any, ClassVar

from storage.moments import as_ms
from storage.outbox_states import OutboxState
from storage.statuses import ARRIVED, FAILED, REACHED, READ, DeliveryStatus
from storage.tables.base import AnyRow

UNDER_REPORT = -1
"""The tenure of a message that a report takes back, while it is judged again: nobody's."""


class Reported:
    """A row of the outbox, and what has been reported about it."""

    COLUMNS: ClassVar = (
        "state",
        "tenure",
        "message_id",
        "done_at",
        "reason",
        "delivered_at",
        "read_at",
        "error_code",
        "attempts",
    )
    """Those that reports change."""

    def __init__(self, row: AnyRow) -> None:
        self.row = row
        self.is_changed = False
        self.arrived_as = ""
        """The channel's id under which it has arrived; empty: that is not reported."""
        self._delivered_at: int | None = row.delivered_at
        self._read_at: int | None = row.read_at
        self._failure: DeliveryStatus | None = None

    def take(self, report: DeliveryStatus, *, has_failed: bool) -> None:
        """Add a report; ``has_failed``: its message was reported as failed too, by another report.

        One that says it was delivered is believed all the same: a second phone of the reader's may be the one that
        failed.
        """
        if not self._is_about(report):
            return
        self.is_changed = True
        at = as_ms(report.at)
        if report.status == FAILED:
            self._failure = report
        if report.status in REACHED:
            self._delivered_at = _earlier(self._delivered_at, at)
        if report.status in READ:
            self._read_at = _earlier(self._read_at, at)
        if report.status in REACHED or (report.status in ARRIVED and not has_failed):
            self.arrived_as = report.message

    @property
    def is_reconciled(self) -> bool:
        """Tell whether nobody had noted that it was taken."""
        return bool(self.arrived_as) and self.row.state != OutboxState.SENT

    @property
    def failure(self) -> DeliveryStatus | None:
        """Give the report by which it has to be judged again."""
        is_over = self.row.state == OutboxState.FAILED or self._delivered_at is not None or self.is_reconciled
        return None if is_over else self._failure

    def values(self, now: int) -> dict[str, Any]:
        """Give the row as it is now; one that failed is under way again, for whoever judges it."""
        old = {name: getattr(self.row, name) for name in self.COLUMNS}
        told = {"delivered_at": self._delivered_at, "read_at": self._read_at}
        if self._failure:
            told["error_code"] = next(iter(self._failure.errors), 0)
        if self.is_reconciled:
            told |= {"state": int(OutboxState.SENT), "done_at": now}
            old |= {"message_id": self.arrived_as, "reason": "", "attempts": self.row.attempts + 1}
        elif self.failure:
            told |= {"state": int(OutboxState.LEASED), "tenure": UNDER_REPORT}
            old |= {"message_id": self.failure.message}
        return {"this_id": self.row.id} | old | told

    def _is_about(self, report: DeliveryStatus) -> bool:
        """Tell whether a report that names this row is about this message of it.

        After a backup was put back, reports come for messages that had the same numbers once.
        """
        row = self.row
        if row.message_id and row.message_id == report.message:
            return True
        was_tried = row.state in TRIED or row.attempts > 0 or row.is_uncertain
        told = {report.recipient, report.phone} - {""}
        return row.state != OutboxState.SENT and was_tried and (not told or bool(told & {row.user, row.phone}))


TRIED = (OutboxState.LEASED, OutboxState.UNCERTAIN)


def _earlier(known: int | None, at: int) -> int:
    return at if known is None else min(known, at)

"""Keeps what a channel reports later about messages that it took: each report once, in whatever order they come.

A report names our row of the outbox: a message whose sending was cut off by a crash is found to have arrived, and is
not sent again. One that failed after all is judged as if its sending had failed just now.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.arrivals import CLAIM
from storage.database import Database
from storage.envelopes import via
from storage.inserting import add_up, change, write_many
from storage.locks import lock_rows, writes_alone
from storage.moments import as_ms
from storage.outbox import READ, READER, Failed, OutboxRow, Outcome, read_row
from storage.outbox_outcomes import remember_topics, write_outcomes
from storage.reported import UNDER_REPORT, Reported
from storage.statements import Statement, given
from storage.statuses import FAILED, REACHED, DeliveryStatus
from storage.tables import address, charge, event_key, outbox
from storage.tables.base import AnyRow

NO_TEXT = "{}"
"""What housekeeping leaves of an old message: it cannot be sent again."""
LARGEST_NUMBER = 2**63 - 1
CHARGED = ("via", "month", "category", "market")


class Charge(NamedTuple):
    """What a message is charged as."""

    month: int
    """202603"""
    category: str
    market: str
    """The country whose price holds."""
    is_billable: bool


class Policy(Protocol):
    """What whoever knows the platform makes of its reports."""

    def judge(self, row: OutboxRow, report: DeliveryStatus, at: datetime) -> Outcome:
        """Say what becomes of a message that failed after it had been taken."""
        ...

    def charge(self, report: DeliveryStatus) -> Charge | None:
        """Say what the message is charged as; None: the report does not tell."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What was new."""

    reports: Sequence[DeliveryStatus] = ()
    reconciled: int = 0
    """Messages that turned out to have been taken, though nobody had noted it."""
    failed: int = 0
    """Messages that turned out not to have arrived, and were judged."""


class Reports:
    """Where reports go."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, channel: str, reports: Sequence[DeliveryStatus], at: datetime, *, policy: Policy) -> Kept:
        """Keep them, all or none; what was kept before changes nothing.

        Raises:
            StorageError: the database refused; they are to be brought again.
        """
        if not reports:
            return Kept()
        async with self._database.writing("Keeping what a channel reports") as connection:
            keeping = _Keeping(connection, channel, at, policy)
            kept = await keeping.keep(reports)
            if kept.reports:
                await connection.commit()
        return kept


class _Keeping:
    """One transaction of it."""

    def __init__(self, connection: AsyncConnection, channel: str, at: datetime, policy: Policy) -> None:
        self._connection = connection
        self._channel = channel
        self._at = at
        self._policy = policy

    async def keep(self, reports: Sequence[DeliveryStatus]) -> Kept:
        fresh = await self._claim(reports)
        rows = await self._find(fresh)
        failures = await self._failures(fresh) if rows else frozenset()
        reported = {number: Reported(row) for number, row in rows.items()}
        for each in fresh:
            row = reported.get(_number(each))
            if row and row.row.via == via(self._channel, each.account):
                row.take(each, has_failed=_key(each, FAILED) in failures)
        changed = [each for _, each in sorted(reported.items()) if each.is_changed]
        await self._write(changed)
        return Kept(
            fresh, sum(each.is_reconciled for each in changed), sum(each.failure is not None for each in changed)
        )

    async def _claim(self, reports: Sequence[DeliveryStatus]) -> list[DeliveryStatus]:
        """Give the reports that are new, in order; what is charged by them is counted."""
        by_key = {_key(each, each.status): each for each in reports}
        charged = {_key(each, "charged"): each for each in reports if each.status in REACHED}
        charges = {key: found for key, each in charged.items() if (found := self._policy.charge(each))}
        keys = sorted(by_key.keys() | charges.keys())
        new = {key for (key,) in await CLAIM.fetch(self._connection, {"key": keys}, at=as_ms(self._at))}
        await self._count([(charged[key], charges[key]) for key in charges if key in new])
        return [each for key, each in by_key.items() if key in new]

    async def _count(self, charges: Sequence[tuple[DeliveryStatus, Charge]]) -> None:
        many, billable = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
        for each, found in charges:
            key = (via(self._channel, each.account), found.month, found.category, found.market)
            many[key] += 1
            billable[key] += found.is_billable
        rows = [
            {**dict(zip(CHARGED, key, strict=True)), "messages": many[key], "billable": billable[key]}
            for key in sorted(many)
        ]
        await write_many(self._connection, add_up(charge, ("messages", "billable")), rows)

    async def _find(self, reports: Sequence[DeliveryStatus]) -> dict[int, AnyRow]:
        """Give the rows that these are about, by number; nobody else changes them until the commit."""
        numbers = sorted({_number(each) for each in reports} - {0})
        if not numbers:
            return {}
        if not writes_alone(self._connection):
            failed = {_number(each) for each in reports if each.status == FAILED}
            chats = select(outbox.c.address_id).where(outbox.c.id.in_(failed))
            await lock_rows(self._connection, address, set((await self._connection.scalars(chats)).all()))
            await lock_rows(self._connection, outbox, numbers)
        found = await self._connection.execute(ROWS.where(outbox.c.id.in_(numbers)))
        return {row.id: row for row in found}

    async def _failures(self, reports: Sequence[DeliveryStatus]) -> frozenset[str]:
        """Give which of these messages were reported as failed, now or before, by their keys."""
        keys = sorted({_key(each, FAILED) for each in reports})
        return frozenset(key for (key,) in await KNOWN.fetch(self._connection, {"key": keys}))

    async def _write(self, changed: Sequence[Reported]) -> None:
        now = as_ms(self._at)
        await write_many(self._connection, change(outbox, Reported.COLUMNS), [each.values(now) for each in changed])
        sent = {each.row.id: each.arrived_as for each in changed if each.is_reconciled}
        if sent:
            await remember_topics(self._connection, sent)
        failed = [each for each in changed if each.failure]
        if failed:
            outcomes = [self._judged(each.row, each.failure) for each in failed if each.failure]
            await write_outcomes(self._connection, outcomes, now, tenure=UNDER_REPORT)

    def _judged(self, row: AnyRow, report: DeliveryStatus) -> Outcome:
        if row.body == NO_TEXT:
            return Failed(row.id, "failed so late that its text is gone")
        return self._policy.judge(read_row(row), report, self._at)


def _rows() -> Select[Any]:
    names = ("state", "via", "message_id", "done_at", "reason", "tenure", "delivered_at", "read_at", "error_code")
    return select(*READ, *READER, *(outbox.c[name] for name in names)).join(address)


ROWS = _rows()
KNOWN = Statement(
    lambda dialect: select(event_key.c.key).where(event_key.c.key.in_(select(given(dialect, event_key.c.key))))
)


def _key(report: DeliveryStatus, status: str) -> str:
    """Name a report as an event, in few characters: a number has three for each message."""
    named = f"{report.account}:{report.message}:{status}".encode()
    return f"report:{hashlib.sha256(named).hexdigest()[:32]}"


def _number(report: DeliveryStatus) -> int:
    """Give the number of our row; 0: the report names none, such as that of an earlier part of a message."""
    tracker = report.tracker
    number = int(tracker) if tracker.isascii() and tracker.isdecimal() and len(tracker) < 20 else 0
    return number if number <= LARGEST_NUMBER else 0

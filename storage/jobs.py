"""Slow work that a step asked for: fetching files and writing workbooks after the commit, at least once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import and_, delete, func, select, update

from conversations.actions import FetchFile, SendRecord
from storage.database import Database
from storage.envelopes import AddressKey
from storage.moments import as_ms
from storage.tables import address, job
from storage.tables.base import AnyRow

SlowAction = FetchFile | SendRecord
LONGEST_PUT_OFF = timedelta(hours=1)
"""Longer than any lease and any wait between two attempts."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done; its result is an event with the key ``job:<id>``, which ends it."""

    id: int
    address_id: int
    action: SlowAction
    address: AddressKey
    attempts: int
    """How often it was handed out, this time included."""


class Jobs:
    """The jobs that wait."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> list[Job]:
        """Hand out jobs that are due, oldest first; one that was handed out before and not ended comes again.

        A moment further ahead than any job is put off comes from a clock that has been set back since: it is past.
        """
        now, furthest = as_ms(at), as_ms(at + LONGEST_PUT_OFF)
        due = and_(*(~each.between(now + 1, furthest) for each in (job.c.not_before, job.c.lease_until)))
        found = (
            select(job, address.c.channel, address.c.account, address.c.user)
            .join(address, address.c.id == job.c.address_id)
            .where(due)
            .order_by(job.c.id)
            .limit(limit)
            .with_for_update(of=job, skip_locked=True)
        )
        async with self._database.writing("Handing out jobs") as connection:
            rows = (await connection.execute(found)).all()
            if rows:
                taken = {"lease_until": as_ms(at + lease), "attempts": job.c.attempts + 1}
                await connection.execute(update(job).where(job.c.id.in_([row.id for row in rows])).values(taken))
                await connection.commit()
        return [_read(row) for row in rows]

    async def renew(self, job_ids: Collection[int], until: datetime) -> None:
        """Keep jobs that are under way from being handed out again before this moment."""
        if not job_ids:
            return
        async with self._database.writing("Keeping jobs") as connection:
            mine = update(job).where(job.c.id.in_(job_ids))
            await connection.execute(mine.values(lease_until=as_ms(until)))
            await connection.commit()

    async def retry(self, job_id: int, not_before: datetime) -> None:
        """Let a job be handed out again, at this moment at the earliest."""
        async with self._database.writing("Putting a job off") as connection:
            later = {"not_before": as_ms(not_before), "lease_until": 0}
            await connection.execute(update(job).where(job.c.id == job_id).values(later))
            await connection.commit()

    async def drop(self, job_id: int) -> None:
        """Give a job up without a result."""
        async with self._database.writing("Dropping a job") as connection:
            await connection.execute(delete(job).where(job.c.id == job_id))
            await connection.commit()

    async def count(self) -> int:
        """Tell how many jobs wait or are under way."""
        async with self._database.reading("Counting jobs") as connection:
            return (await connection.execute(select(func.count()).select_from(job))).scalar_one()


def _read(row: AnyRow) -> Job:
    return Job(
        id=row.id,
        address_id=row.address_id,
        action=msgspec.json.decode(row.body, type=SlowAction),
        address=AddressKey(row.channel, row.account, row.user),
        attempts=row.attempts + 1,
    )

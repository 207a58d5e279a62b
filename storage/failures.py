"""Events whose step failed: kept whole, so that they can be tried again after a repair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import delete, select

from storage.database import Database
from storage.envelopes import RETRY_PREFIX, Envelope
from storage.errors import StorageError
from storage.moments import from_ms
from storage.tables import failed_event

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed event, without anybody's words."""

    id: int
    event_key: str
    error: str
    at: datetime


class Failures:
    """The failed events that nobody has dealt with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, limit: int = MOST_LISTED) -> list[Failure]:
        """Give the failures, oldest first."""
        columns = (failed_event.c.id, failed_event.c.event_key, failed_event.c.error, failed_event.c.at)
        async with self._database.reading("Listing failed events") as connection:
            rows = await connection.execute(select(*columns).order_by(failed_event.c.id).limit(limit))
            return [Failure(row.id, row.event_key, row.error, from_ms(row.at)) for row in rows]

    async def envelope(self, failure: int) -> Envelope:
        """Give the event for another try, under a key of its own; claiming that key ends the failure.

        Raises:
            StorageError: there is no such failure (any more).
        """
        async with self._database.reading("Looking up a failed event") as connection:
            body = await connection.scalar(select(failed_event.c.envelope).where(failed_event.c.id == failure))
        if body is None:
            raise StorageError(f"The number of a failed event was expected; {failure} is none. List them first.")
        kept = msgspec.json.decode(body, type=Envelope)
        return msgspec.structs.replace(kept, key=f"{RETRY_PREFIX}{failure}")

    async def drop(self, failure: int) -> bool:
        """Forget a failure; tell whether it was there."""
        async with self._database.writing("Dropping a failed event") as connection:
            gone = await connection.execute(delete(failed_event).where(failed_event.c.id == failure))
            await connection.commit()
        return gone.rowcount > 0

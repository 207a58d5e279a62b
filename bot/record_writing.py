"""Writes the record of a broadcast as a workbook, and keeps it for its reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bot.clock import Clock
from bot.workbooks import write_workbook
from conversations.actions import SendRecord
from conversations.brief import Library
from conversations.events import RecordWritten
from conversations.views.broadcast_records import record_name, record_tables
from storage.broadcasts.records import BroadcastRecords
from storage.files import FileStore
from storage.jobs import Job


class RecordWriting:
    """Writes them as they are when the job is done."""

    def __init__(self, records: BroadcastRecords, files: FileStore, library: Library, clock: Clock) -> None:
        self._records = records
        self._files = files
        self._library = library
        self._clock = clock

    async def __call__(self, job: Job) -> RecordWritten:
        """Say that the workbook is kept; the same people and moments make the same file.

        Raises:
            StorageError: there is no such broadcast, or it cannot be kept now.
        """
        action = job.action
        assert isinstance(action, SendRecord)
        record = await self._records.read(action.broadcast, address=job.address_id)
        tables = record_tables(record, self._library)
        content = await asyncio.to_thread(write_workbook, [(each.title, each.rows) for each in tables])
        kept = await self._files.keep(_chunks(content), announced_name=record_name(record))
        return RecordWritten(at=self._clock.now(), broadcast=action.broadcast, file=kept)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content

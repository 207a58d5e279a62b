"""Making a backup while the program runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.backups.dumps import dumper_for
from storage.backups.folder import Backup, BackupFolder, sha256_of
from storage.database import Database, connect
from storage.errors import StorageError
from storage.housekeeping import Housekeeping
from storage.schema import version_of


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was just made."""

    place: Path
    backup: Backup


async def back_up(url: str, files: Path, folder: BackupFolder, at: datetime) -> Made:
    """Copy the database as it is at one moment, and then the evidence, so that what it names is there.

    Nothing is migrated, and nobody who works meanwhile waits for it.

    Raises:
        StorageError: there is nothing to copy, or the database or the disk refused; what was begun is no backup.
    """
    dumper = dumper_for(url)
    if await dumper.is_empty():
        raise StorageError("A database was expected; there is none yet. Look at JEMPUTBOLA_DATABASE_URL.")
    place = folder.begin(at)
    dump = place / f"database.{dumper.suffix}"
    async with _opened(url) as database:
        async with database.reading("Looking up the version of the tables") as connection:
            tables = await connection.run_sync(version_of)
        await asyncio.to_thread(dumper.dump, dump)
        present = await asyncio.to_thread(folder.take, files)
        wanted = await Housekeeping(database).evidence_in_use()
    backup = Backup(
        at=at,
        tables=tables,
        dump=dump.name,
        dump_sha256=await asyncio.to_thread(sha256_of, dump),
        evidence=tuple(sorted(present)),
        missing=tuple(sorted(wanted - present)),
    )
    folder.finish(place, backup)
    return Made(place, backup)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(connect(url))
    try:
        yield database
    finally:
        await database.engine.dispose()

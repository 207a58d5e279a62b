"""Putting a backup back: checked before anything is changed, and what it replaces is kept aside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import update

from conversations.broadcasts import BroadcastState
from storage.backups.dumps import dumper_for
from storage.backups.folder import NAME, Backup, BackupFolder, read_manifest, sha256_of
from storage.database import connect, migrate
from storage.errors import StorageError, translated
from storage.moments import as_ms
from storage.outbox_states import SENT_AGAIN, OutboxState
from storage.schema import newest_version
from storage.tables import broadcast, outbox


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    backup: Backup
    files: int
    """Evidence files that were not there."""
    uncertain: int
    """Reminders and broadcasts that were waiting then, and that may have been sent since: they are not repeated."""
    aside: str
    """The name under which the database is kept that was there; empty: there was none."""


async def restore(place: Path, url: str, files: Path, *, at: datetime, may_replace: bool) -> Restored:
    """Put a backup back: first the evidence, then the database, whose tables are brought to this program's version.

    Nobody may use the database meanwhile. With ``may_replace`` a database that is there is renamed, never deleted.

    Raises:
        StorageError: it is damaged, of a newer program or another kind of database, or something is in its place.
    """
    backup, dumper = read_manifest(place), dumper_for(url)
    await asyncio.to_thread(_check, place, backup, dumper.suffix)
    if not may_replace and not await dumper.is_empty():
        raise StorageError("An empty place was expected; a database is there. To put it aside, say --replace.")
    given = await asyncio.to_thread(BackupFolder(place.parent).give, backup.evidence, files)
    aside = f"replaced-{at.strftime(NAME)}"
    was_there = await dumper.load(place / backup.dump, aside)
    await migrate(url)
    return Restored(backup, given, await doubt_broadcasts(url, at), aside if was_there else "")


def _check(place: Path, backup: Backup, suffix: str) -> None:
    if backup.tables > newest_version():
        raise StorageError(
            f"A backup of version {newest_version()} or older was expected; this one is of version {backup.tables}. "
            "Install the newer program that made it."
        )
    if not backup.dump.endswith(suffix):
        raise StorageError(
            f"A backup of the same kind of database was expected (.{suffix}); this one is {backup.dump}. "
            "Restore it into a database of its own kind, and copy that (jemputbola db copy)."
        )
    if sha256_of(place / backup.dump) != backup.dump_sha256:
        raise StorageError(
            f"The database in {place} was expected as it was written; it has changed. Choose another one."
        )


async def doubt_broadcasts(url: str, at: datetime) -> int:
    """Mark what may have been sent between the backup and now; replies are few, and are sent again.

    Broadcasts whose people were not all listed are paused: their authors know whether they have gone out.
    """
    engine = connect(url)
    now = as_ms(at)
    in_doubt = (
        (outbox.c.state <= OutboxState.LEASED)
        & outbox.c.priority.not_in([int(each) for each in SENT_AGAIN])
        & (outbox.c.not_before <= now)
    )
    is_going = broadcast.c.state.in_([int(BroadcastState.SCHEDULED), int(BroadcastState.SENDING)])
    unlisted = is_going & broadcast.c.listed_at.is_(None) & (broadcast.c.starts_at <= now)
    ended = {"state": OutboxState.UNCERTAIN, "is_uncertain": True, "done_at": now, "reason": "restored from a backup"}
    try:
        with translated("Marking what may have been sent"):
            async with engine.begin() as connection:
                await connection.execute(update(broadcast).where(unlisted).values(state=int(BroadcastState.PAUSED)))
                return (await connection.execute(update(outbox).where(in_doubt).values(ended))).rowcount
    finally:
        await engine.dispose()

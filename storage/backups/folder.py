"""The folder of backups: one folder a backup, and one pool of evidence that all of them share."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from storage.durable import sync, write_whole
from storage.errors import StorageError
from storage.files import SHA256

MANIFEST = "backup.json"
NAME = "%Y-%m-%dT%H-%M-%SZ"
CHUNK_BYTES = 1024 * 1024


class Backup(msgspec.Struct, frozen=True):
    """What one backup holds; written last, so that a folder without it is no backup."""

    at: datetime
    tables: str
    """Version of the tables, as ``storage.schema`` names it."""
    dump: str
    """Name of the file with the database."""
    dump_sha256: str
    evidence: tuple[str, ...]
    """Hashes of the files in the pool that belong to it."""
    missing: tuple[str, ...] = ()
    """Files that the database names and that were not there, or not whole, when it was made."""


class BackupFolder:
    """Backups by the moment when they were made, beside the pool of evidence; readable by us alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pool = path / "evidence"

    def begin(self, at: datetime) -> Path:
        """Make the folder of a backup that has no manifest yet.

        Raises:
            StorageError: there is one of this second already.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._pool.mkdir(mode=0o700, exist_ok=True)
        place = self.path / at.strftime(NAME)
        try:
            place.mkdir(mode=0o700)
        except FileExistsError as error:
            raise StorageError(
                f"A new backup was expected; {place} is there already. Try again in a second."
            ) from error
        return place

    def finish(self, place: Path, backup: Backup) -> None:
        """Make it a backup."""
        write_whole(place / MANIFEST, msgspec.json.format(msgspec.json.encode(backup)))
        sync(self.path)

    def take(self, files: Path) -> frozenset[str]:
        """Copy what the pool has not from a folder of evidence; give the hashes of all that are there and whole."""
        return frozenset(path.name for path in evidence_in(files) if copied(path, self._pool))

    def give(self, wanted: Collection[str], files: Path) -> int:
        """Copy what a folder of evidence has not from the pool; tell how many.

        Raises:
            StorageError: one is not in the pool, or is damaged there.
        """
        lacking = [each for each in wanted if not place_of(files, each).is_file()]
        for each in lacking:
            source = place_of(self._pool, each)
            if not source.is_file() or not copied(source, files):
                raise StorageError(
                    f"The evidence file {each[:12]}... was expected whole in {self._pool}; it is missing or damaged. "
                    "Take it from another copy of the backups; nothing was changed but files that were added."
                )
        return len(lacking)

    def all(self) -> dict[Path, Backup]:
        """Give the backups that are complete, oldest first."""
        found = {path.parent: read_manifest(path.parent) for path in self.path.glob(f"*/{MANIFEST}")}
        return dict(sorted(found.items(), key=lambda each: each[1].at))

    def newest_at(self) -> datetime | None:
        """Tell when the newest backup was made."""
        return max((each.at for each in self.all().values()), default=None)

    def prune(self, keep: int) -> int:
        """Delete all but the newest backups, what was never finished, and evidence that none names; tell how many."""
        found = self.all()
        kept = dict(list(found.items())[-keep:])
        places = [path for path in self.path.glob("20*Z") if path not in kept]
        for each in places:
            shutil.rmtree(each)
        named = {name for backup in kept.values() for name in backup.evidence}
        for path in evidence_in(self._pool):
            if path.name not in named:
                path.unlink()
        return len(places)


def read_manifest(place: Path) -> Backup:
    """Read what a backup holds.

    Raises:
        StorageError: it is none, or was not finished.
    """
    try:
        return msgspec.json.decode((place / MANIFEST).read_bytes(), type=Backup)
    except (OSError, msgspec.DecodeError) as error:
        raise StorageError(
            f"A complete backup was expected in {place}; its {MANIFEST} is missing or unreadable. Choose another one."
        ) from error


def evidence_in(folder: Path) -> Iterator[Path]:
    """Give the evidence files of a folder, in no order."""
    return (path for path in folder.glob("??/*") if SHA256.fullmatch(path.name))


def place_of(folder: Path, name: str) -> Path:
    """Tell where a folder of evidence keeps the file with this hash."""
    return folder / name[:2] / name


def copied(source: Path, folder: Path) -> bool:
    """Copy an evidence file into another folder, unless it is there; tell whether it is whole."""
    target = place_of(folder, source.name)
    if target.is_file():
        return True
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.touch(mode=0o600)
    shutil.copyfile(source, part)
    if sha256_of(part) != source.name:
        part.unlink()
        return False
    sync(part)
    part.rename(target)
    sync(target.parent)
    return True


def sha256_of(path: Path) -> str:
    """Work out a file's hash."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

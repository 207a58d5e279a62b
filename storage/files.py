"""Evidence files in a private folder, named by their content's hash: the same photo twice is one file."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Collection
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from conversations.events import StoredFile
from storage.durable import sync
from storage.errors import StorageError
from storage.file_types import PHOTO_TYPES, FileType, type_of
from storage.moments import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator

SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_NAME_CHARACTERS = 100
UNFINISHED = ".part"
FRESH = timedelta(days=2)
"""A file this young may belong to a step that is still to come, and is not swept away."""

Reason = Literal["too_large", "wrong_type", "unavailable"]


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much is kept."""

    size_bytes: int = 20 * 1024 * 1024
    """Of one file; Telegram hands over no more than 20 MB."""


class FileRefusedError(Exception):
    """The file is not kept; the reason is for the person."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"A photo, PDF, Word or Excel file within the limit was expected; it was refused: {reason}.")
        self.reason: Reason = reason


class FileStore:
    """A folder of evidence; only the program's own user can read it."""

    def __init__(self, folder: Path, limits: FileLimits | None = None) -> None:
        self._folder = folder
        self._limits = limits or FileLimits()

    async def keep(self, chunks: AsyncIterator[bytes], *, announced_name: str) -> StoredFile:
        """Store a file, whose bytes are on the disk when this returns. The same bytes again are the same file.

        Raises:
            FileRefusedError: it is too large, empty, or of a type that we do not keep.
            StorageError: the disk is full or the folder cannot be written.
        """
        with _disk_errors():
            part = await asyncio.to_thread(self._begin)
            try:
                sha256, size_bytes = await self._receive(chunks, part)
                kind = await asyncio.to_thread(self._finish, Path(part.name), sha256)
            finally:
                part.close()
                with suppress(FileNotFoundError):
                    os.unlink(part.name)  # noqa: PTH108 - one call on a name that may be gone
        name = _clean(announced_name, kind)
        return StoredFile(sha256, name, "photo" if kind in PHOTO_TYPES else "document", size_bytes)

    def open(self, sha256: str) -> Path:
        """Give the path of a stored file.

        Raises:
            StorageError: that is no hash, or there is no such file.
        """
        if not SHA256.fullmatch(sha256):
            raise StorageError(
                "A SHA-256 of 64 hexadecimal digits was expected; something else came. Drop the request."
            )
        path = self._path(sha256)
        if not path.is_file():
            raise StorageError(
                f"The file {sha256[:12]}... was expected in {self._folder}; it is not there. Restore it."
            )
        return path

    async def sweep(self, wanted: Collection[str], at: datetime) -> int:
        """Delete files whose hash nobody wants (``Housekeeping.evidence_in_use``), and leftovers; tell how many.

        Files younger than two days stay: their step may be still to come.
        """
        youngest = (at - FRESH - EPOCH).total_seconds()
        return await asyncio.to_thread(self._sweep, wanted, youngest)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def _begin(self) -> IO[bytes]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=self._folder, suffix=UNFINISHED, delete=False)  # mode 0600

    async def _receive(self, chunks: AsyncIterator[bytes], part: IO[bytes]) -> tuple[str, int]:
        digest, size_bytes = hashlib.sha256(), 0
        async for chunk in chunks:
            size_bytes += len(chunk)
            if size_bytes > self._limits.size_bytes:
                raise FileRefusedError("too_large")
            digest.update(chunk)
            part.write(chunk)
        part.flush()
        await asyncio.to_thread(os.fsync, part.fileno())
        return digest.hexdigest(), size_bytes

    def _finish(self, part: Path, sha256: str) -> FileType:
        kind = type_of(part)
        if kind is None:
            raise FileRefusedError("wrong_type")
        target = self._path(sha256)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(target)
        sync(target.parent)
        return kind

    def _sweep(self, wanted: Collection[str], youngest: float) -> int:
        swept = 0
        for path in [*self._folder.glob("??/*"), *self._folder.glob(f"*{UNFINISHED}")]:
            if path.name not in wanted and path.stat().st_mtime < youngest:
                path.unlink()
                swept += 1
        return swept


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The folder of evidence was expected to take a file; it answered {error.strerror}. "
            "Look at disk space and permissions; the file will be fetched again."
        ) from error


def _clean(announced_name: str, kind: FileType) -> str:
    """Give a name without folders and control characters, with the ending of its true type."""
    plain = "".join(sign for sign in announced_name if not unicodedata.category(sign).startswith("C"))
    stem = re.split(r"[\\/]", plain)[-1].rpartition(".")[0] or re.split(r"[\\/]", plain)[-1]
    return f"{stem.strip(' .')[:MOST_NAME_CHARACTERS] or 'file'}.{kind}"

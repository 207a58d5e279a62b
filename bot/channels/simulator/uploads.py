"""The private folder where photos and documents wait until the bot fetches them."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO

from bot.channels.port import ChannelError

MOST_FILE_BYTES = 20 * 1024 * 1024
"""As much as a Telegram bot can fetch: https://core.telegram.org/bots/api#getfile"""
CHUNK_BYTES = 256 * 1024
REFERENCE = re.compile(r"[0-9a-f]{32}")
SHOWN_INLINE = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""First bytes of pictures that the page may show; everything else is only ever downloaded."""


class Uploads:
    """Files under names that cannot be guessed; what people called them is never part of a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def keep(self, source: BinaryIO) -> str:
        """Copy a file in and give its reference."""
        reference = secrets.token_hex(16)
        await asyncio.to_thread(self._copy, source, self._folder / reference)
        return reference

    def find(self, reference: str) -> Path | None:
        """Give where a file lies; None when there is none, or the reference is not one of ours."""
        path = self._folder / reference
        return path if REFERENCE.fullmatch(reference) and path.is_file() else None

    async def chunks(self, reference: str) -> AsyncIterator[bytes]:
        """Stream a file.

        Raises:
            ChannelError: it is not there (any more).
        """
        path = self.find(reference)
        if path is None:
            raise ChannelError(f"no upload {reference[:40]!r} in the simulator; send the file again")
        with await asyncio.to_thread(path.open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield chunk

    def drop(self, references: Iterable[str]) -> None:
        """Delete files; those that are gone already do not matter."""
        for reference in references:
            if path := self.find(reference):
                path.unlink(missing_ok=True)

    def sweep(self, wanted: Iterable[str]) -> None:
        """Delete all files but these."""
        self.drop({path.name for path in self._folder.iterdir()} - set(wanted))

    @staticmethod
    def _copy(source: BinaryIO, target: Path) -> None:
        target.touch(mode=0o600, exist_ok=False)
        with target.open("wb") as file:
            while chunk := source.read(CHUNK_BYTES):
                file.write(chunk)


def picture_type(path: Path) -> str | None:
    """Tell by its content whether a file is a picture that the page may show, and of which media type."""
    with path.open("rb") as file:
        head = file.read(16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((media for magic, media in SHOWN_INLINE.items() if head.startswith(magic)), None)

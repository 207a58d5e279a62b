"""Files of our store at Meta: each is uploaded once, and the id that it gets there is enough for some weeks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.port import ChannelError, OpenFile
from bot.channels.uploading import one_upload
from bot.channels.whatsapp.graph import GraphApi
from bot.clock import Clock
from conversations.events import StoredFile
from storage.errors import StorageError
from storage.file_types import FileType, type_of

MOST_REMEMBERED = 1000
"""Files whose id is kept in memory; the one met first is forgotten beyond it."""
KEPT = timedelta(days=29)
"""Meta forgets a file after 30 days.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
"""
MIME_TYPES: Mapping[FileType | None, str] = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "heic": "image/heic",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    None: "application/octet-stream",
}
PICTURES = frozenset({"image/jpeg", "image/png"})
"""What WhatsApp shows as a picture; everything else is a document."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that lies with Meta."""

    id: str
    is_picture: bool
    until: datetime
    """When it is not relied on any more."""


@dataclass(slots=True)
class _Known:
    uploaded: Uploaded | None = None
    uploading: asyncio.Lock = field(default_factory=asyncio.Lock)


class MediaStore:
    """One number's files."""

    def __init__(self, api: GraphApi, open_file: OpenFile, *, photo_bytes: int, clock: Clock) -> None:
        self._api = api
        self._open_file = open_file
        self._photo_bytes = photo_bytes
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def find(self, file: StoredFile) -> Uploaded:
        """Give where a file lies with Meta; it is uploaded unless it is known to be there.

        Raises:
            ChannelError: it could not be uploaded; the message that it belongs to has certainly not gone out.
        """
        known = self._remember(file.sha256)
        async with one_upload(known.uploading):
            if known.uploaded is None or known.uploaded.until <= self._clock.now():
                known.uploaded = await self._upload(file)
            return known.uploaded

    def knows(self, file: StoredFile) -> bool:
        """Tell whether a file was uploaded before."""
        return file.sha256 in self._known

    def forget(self, file: StoredFile) -> None:
        """Have a file uploaded anew the next time."""
        self._known.pop(file.sha256, None)

    def _remember(self, sha256: str) -> _Known:
        if sha256 not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[sha256] = _Known()
        return self._known[sha256]

    async def _upload(self, file: StoredFile) -> Uploaded:
        try:
            path = self._open_file(file.sha256)
        except StorageError as error:
            raise ChannelError(str(error), alert=True) from error
        mime_type = MIME_TYPES[await asyncio.to_thread(type_of, path)]
        is_picture = file.kind == "photo" and mime_type in PICTURES and file.size_bytes <= self._photo_bytes
        try:
            reference = await self._api.upload(path, mime_type=mime_type, name=file.name)
        except ChannelError as error:
            error.is_uncertain = False
            raise
        return Uploaded(reference, is_picture, self._clock.now() + KEPT)

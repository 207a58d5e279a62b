"""Sends files of our store: each is uploaded once, and Telegram's own name for it is enough from then on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bot.channels.port import ChannelError, OpenFile
from bot.channels.telegram.api import Attachment, Buttons, SentFile, TelegramApi
from bot.channels.uploading import one_upload
from conversations.events import StoredFile
from storage.errors import StorageError

MOST_REMEMBERED = 1000
"""Files whose reference is kept in memory; the one met first is forgotten beyond it."""


@dataclass(slots=True)
class _Known:
    kind: Literal["photo", "document"]
    reference: str = ""
    uploading: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file goes, and what stands under it."""

    api: TelegramApi
    chat: str
    caption: str
    buttons: Buttons

    async def take(self, kind: Literal["photo", "document"], name: str, source: Path | str) -> SentFile:
        attachment = Attachment(kind, name.replace('"', "'"), source)  # a quote would end the name on its way
        return await self.api.send_file(self.chat, attachment, caption=self.caption, buttons=self.buttons)


class FileSender:
    """One bot's files."""

    def __init__(self, api: TelegramApi, open_file: OpenFile, *, photo_bytes: int) -> None:
        self._api = api
        self._open_file = open_file
        self._photo_bytes = photo_bytes
        self._known: dict[str, _Known] = {}

    async def send(self, chat: str, file: StoredFile, *, caption: str, buttons: Buttons) -> str:
        """Send a file with HTML under it and give the id of the message.

        What Telegram does not take as a picture (too large, too long and narrow, HEIC) goes as a document.

        Raises:
            ChannelError: it could not be sent, or nobody knows whether it was.
        """
        place = _Place(self._api, chat, caption, buttons)
        known = self._remember(file)
        if not known.reference:
            async with one_upload(known.uploading):
                if not known.reference:
                    return await self._upload(file, known, place)
        try:
            return (await place.take(known.kind, file.name, known.reference)).message
        except ChannelError as error:
            if error.retryable or error.is_gone:
                raise
        return await self._upload(file, known, place)

    def _remember(self, file: StoredFile) -> _Known:
        if file.sha256 not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            is_small = file.size_bytes <= self._photo_bytes
            self._known[file.sha256] = _Known("photo" if file.kind == "photo" and is_small else "document")
        return self._known[file.sha256]

    async def _upload(self, file: StoredFile, known: _Known, place: _Place) -> str:
        try:
            path = self._open_file(file.sha256)
        except StorageError as error:
            raise ChannelError(str(error), alert=True) from error
        try:
            sent = await place.take(known.kind, file.name, path)
        except ChannelError as error:
            if known.kind == "document" or error.retryable or error.is_gone:
                raise
            sent = await place.take("document", file.name, path)
            known.kind = "document"
        known.reference = sent.reference
        return sent.message

"""What has happened: one small, frozen record for each kind of thing a person (or the machine) does."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

MOST_TEXT_CHARACTERS = 4096
MOST_FILE_BYTES = 20 * 1024 * 1024
"""Telegram hands over files up to 20 MB."""


class Happened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all events share."""

    at: datetime
    """When it reached us; aware, UTC."""
    message: str = ""
    """The channel's id of the message that it came in (for a tap: that carried the button)."""


class TextReceived(Happened, frozen=True, tag="text"):
    """A typed message; also commands such as ``/start KODE``."""

    text: str
    reply_to: str = ""
    """The channel's id of the message that it answers."""


class TextEdited(Happened, frozen=True, tag="edited"):
    """An older message, known by ``message``, now says something else."""

    text: str


class ChoiceTapped(Happened, frozen=True, tag="tap"):
    """A button was tapped, perhaps an old one; ``data`` is what the button carried. It is untrusted."""

    data: str


class IncomingFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A photo or document that lies with the channel; nothing about it has been checked yet."""

    reference: str
    """What the channel needs to hand it over."""
    kind: Literal["photo", "document"]
    name: str = ""
    size_bytes: int = 0
    """As announced; 0 when the channel does not say."""


class FileReceived(Happened, frozen=True, tag="file"):
    """A photo or document arrived."""

    file: IncomingFile
    caption: str = ""
    album: str = ""
    """Shared by the files that were sent together."""
    reply_to: str = ""


class FileTarget(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a file is to be attached. ``row`` is empty while nobody has said; what is no evidence has no assignment."""

    assignment: int
    row: str
    key: str
    album: str = ""


class StoredFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that now lies in our store, checked by its content."""

    sha256: str
    name: str
    kind: Literal["photo", "document"]
    size_bytes: int


class FileStored(Happened, frozen=True, tag="stored"):
    """A file that a step asked for has been fetched, checked and stored."""

    file: StoredFile
    target: FileTarget


class FileRefused(Happened, frozen=True, tag="refused"):
    """A file that a step asked for could not be kept."""

    reason: Literal["too_large", "wrong_type", "unavailable"]
    target: FileTarget


class RecordWritten(Happened, frozen=True, tag="record"):
    """The workbook that a step asked for (``SendRecord``) has been written."""

    broadcast: int
    file: StoredFile


class LocationReceived(Happened, frozen=True, tag="location"):
    """A place on the map, in degrees."""

    latitude: float
    longitude: float


class ContactReceived(Happened, frozen=True, tag="contact"):
    """A contact card; ``is_own`` only when the channel vouches that it is the sender's."""

    phone: str
    is_own: bool


class UnsupportedReceived(Happened, frozen=True, tag="unsupported"):
    """Something that we cannot use: a sticker, a voice note, a poll."""

    kind: str
    album: str = ""
    """Shared by what was sent together."""


Event = (
    TextReceived
    | TextEdited
    | ChoiceTapped
    | FileReceived
    | FileStored
    | FileRefused
    | RecordWritten
    | LocationReceived
    | ContactReceived
    | UnsupportedReceived
)

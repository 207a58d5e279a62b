"""Pictures and documents that the bot sends: uploaded, or known already by a reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from tests.telegram_server.entities import RefusedError

MOST_PHOTO_BYTES = 10 * 1024 * 1024
MOST_DOCUMENT_BYTES = 50 * 1024 * 1024
PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")
"""How files begin that Telegram takes as pictures."""


@dataclass(frozen=True)
class Upload:
    """A file in a call."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Carried:
    """A file in a message of the bot."""

    kind: str
    name: str
    content: bytes
    reference: str
    """What it can be sent by again."""

    def written(self) -> dict[str, Any]:
        """Give it as Telegram writes it."""
        file = {"file_id": self.reference, "file_unique_id": self.reference[::-1], "file_size": len(self.content)}
        if self.kind == "document":
            return {"document": {**file, "file_name": self.name}}
        small = {"file_id": f"{self.reference}-small", "file_unique_id": "s", "file_size": 100}
        return {"photo": [{**small, "width": 90, "height": 67}, {**file, "width": 1280, "height": 960}]}


async def read_form(request: Request) -> dict[str, Any]:
    """Read the parameters of a call, uploads as ``Upload``."""
    async with request.form() as form:
        return {
            name: Upload(value.filename or "", await value.read()) if isinstance(value, UploadFile) else value
            for name, value in form.items()
        }


def take(kind: str, given: Mapping[str, Any], known: dict[str, Carried]) -> Carried:
    """Take the file of a call in.

    Raises:
        RefusedError: it is too large, no picture, or a reference that nobody was given.
    """
    sent = given.get(kind, "")
    if isinstance(sent, str) and sent.startswith("attach://"):
        sent = given[sent.removeprefix("attach://")]
    if isinstance(sent, str):
        if sent not in known or known[sent].kind != kind:
            raise RefusedError(400, "Bad Request: wrong file identifier/HTTP URL specified")
        return known[sent]
    if len(sent.content) > MOST_DOCUMENT_BYTES:
        raise RefusedError(413, "Request Entity Too Large")
    if kind == "photo" and not sent.content.startswith(PICTURES):
        raise RefusedError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    if kind == "photo" and len(sent.content) > MOST_PHOTO_BYTES:
        raise RefusedError(400, "Bad Request: file is too big for a photo; the maximum size is 10485760 bytes")
    carried = Carried(kind, sent.name, sent.content, f"sent-{len(known)}")
    known[carried.reference] = carried
    return carried

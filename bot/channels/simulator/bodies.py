"""What the page sends, and the errors that it is told about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Literal, TypeVar

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message, Receive

from bot.channels.incoming import announced_bytes
from bot.channels.simulator.posts import PhoneKind
from bot.channels.simulator.uploads import MOST_FILE_BYTES
from conversations.events import MOST_TEXT_CHARACTERS

MOST_BODY_BYTES = 64 * 1024
MOST_CAPTION_CHARACTERS = 1024

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z-]{8,64}\Z")]
"""Made up by the page, so that sending something again is known to be the same thing."""
Reference = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z-]{0,64}\Z")]
Text = Annotated[str, msgspec.Meta(pattern=r"\A(?=[^\0\ud800-\udfff]*\Z)\s*\S", max_length=MOST_TEXT_CHARACTERS)]
"""Not blank, and fit to be kept: without NUL and halves of characters."""
FIT = r"\A[^\0\ud800-\udfff]*\Z"


class ApiError(HTTPException):
    """Something the page has to be told: ``code`` for the page, the detail for people who call the API."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all bodies share: nothing but the named fields."""


class PhoneWanted(Body, frozen=True):
    """Open a phone of this kind, for this post."""

    kind: PhoneKind
    post: Annotated[str, msgspec.Meta(pattern=FIT, max_length=200)] = ""


class Once(Body, frozen=True):
    """Something that is done once under this id."""

    id: Id


class Retried(Body, frozen=True):
    """Send this message again."""

    message: Id


class TextSent(Body, frozen=True):
    """A typed message."""

    id: Id
    text: Text
    reply_to: Reference = ""


class Tapped(Body, frozen=True):
    """A tap on a button of a message."""

    id: Id
    message: Reference
    data: Annotated[str, msgspec.Meta(pattern=FIT, min_length=1, max_length=256)]


class Edited(Body, frozen=True):
    """A new text for an older message."""

    id: Id
    message: Id
    text: Text


class Located(Body, frozen=True):
    """A place on the map, in degrees."""

    id: Id
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    reply_to: Reference = ""


class FileSent(Body, frozen=True):
    """What comes with a file."""

    id: Id
    kind: Literal["photo", "document"]
    caption: Annotated[str, msgspec.Meta(pattern=FIT, max_length=MOST_CAPTION_CHARACTERS)] = ""
    album: Reference = ""
    reply_to: Reference = ""


Wanted = TypeVar("Wanted", bound=Body)


class OverlongError(MultiPartException):
    """A body went on beyond what is allowed; a kind of error that makes the parser of forms close its files."""


async def read_body(request: Request, wanted: type[Wanted]) -> Wanted:
    """Read a JSON body.

    Raises:
        ApiError: it is too large, not JSON, or not what was wanted.
    """
    try:
        body = await limited(request, MOST_BODY_BYTES).body()
    except OverlongError as error:
        raise _too_large(MOST_BODY_BYTES) from error
    return _checked(lambda: msgspec.json.decode(body, type=wanted))


@asynccontextmanager
async def reading_upload(request: Request) -> AsyncIterator[tuple[FileSent, UploadFile]]:
    """Read an uploaded file and what comes with it; the file is closed when the block ends.

    Raises:
        ApiError: it is too large, empty, or not what was wanted.
    """
    form = await _read_form(limited(request, MOST_FILE_BYTES + MOST_BODY_BYTES))
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.size:
            raise ApiError(400, "empty_file", "expected a file that is not empty in the part named 'file'")
        if file.size > MOST_FILE_BYTES:
            raise _too_large(MOST_FILE_BYTES)
        yield _checked(lambda: msgspec.convert(_fields(form), type=FileSent)), file
    finally:
        await form.close()


def limited(request: Request, most_bytes: int) -> Request:
    """Give the same request, whose body raises ``OverlongError`` beyond so many bytes.

    Raises:
        ApiError: it says itself that it is longer.
    """
    announced = announced_bytes(request.headers.get("content-length", "0"))
    if announced is None or announced > most_bytes:
        raise _too_large(most_bytes)
    return Request(request.scope, _counted(request.receive, most_bytes))


def _counted(receive: Receive, most_bytes: int) -> Receive:
    received = 0

    async def receive_counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise OverlongError(f"more than {most_bytes} bytes")
        return message

    return receive_counted


async def _read_form(request: Request) -> FormData:
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=1, max_fields=8, max_part_size=MOST_BODY_BYTES
    )
    try:
        return await parser.parse()
    except OverlongError as error:
        raise _too_large(MOST_FILE_BYTES) from error
    except MultiPartException as error:
        raise ApiError(400, "bad_request", f"not a form with a file: {error.message}") from error


def _checked(read: Callable[[], Wanted]) -> Wanted:
    try:
        return read()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, "bad_request", f"not what was expected: {error}") from error


def _fields(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _too_large(most_bytes: int) -> ApiError:
    return ApiError(413, "too_large", f"expected at most {most_bytes} bytes")

"""What comes in from outside, made fit to be kept, whichever channel they came through."""

from __future__ import annotations

import re

import msgspec

from conversations.events import MOST_TEXT_CHARACTERS

MOST_FILE_NAME_CHARACTERS = 120
_LENGTH = re.compile("[0-9]{1,18}")
NUL = "\0"
"""The one character that PostgreSQL keeps in no text."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises over bytes from outside."""
_SURROGATE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Every escape in turn, so that the second backslash of a pair begins none; ``lone`` is half a character."""
_NUL = re.compile(rb"\\(?:(?P<nul>u0000)|.)", re.DOTALL)


def legible(written: str, most: int = MOST_TEXT_CHARACTERS) -> str:
    """Drop what not every database keeps, and cut off what is beyond so many characters."""
    return written.replace(NUL, "")[:most]


def announced_bytes(written: str) -> int | None:
    """Read the length that a request announces; None where that is no number that a length can be."""
    return int(written) if _LENGTH.fullmatch(written) else None


def plain_name(written: str) -> str:
    """Reduce a file's name as announced to something that can be shown: no folders, no control characters."""
    last = re.split(r"[/\\]", written)[-1]
    printable = "".join(each for each in last if each.isprintable()).strip(" .")
    return printable[-MOST_FILE_NAME_CHARACTERS:]


def repaired(payload: bytes) -> bytes:
    """Replace bytes that are no UTF-8 and escapes of half a surrogate pair by the sign for what cannot be read."""
    utf8 = payload.decode("utf-8", "replace").encode()
    return _SURROGATE.sub(lambda found: rb"\ufffd" if found["lone"] else found[0], utf8)


def without_nul(payload: bytes) -> bytes:
    """Drop NUL from all texts of a JSON document, names and ids included."""
    return _NUL.sub(lambda found: b"" if found["nul"] else found[0], payload) if rb"\u0000" in payload else payload

"""Messages as Meta checks them, and as their reader sees them.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_TEXT, MOST_BODY, MOST_CAPTION, MOST_TRACKER = 4096, 1024, 1024, 512
MOST_BUTTONS, MOST_TITLE, MOST_BUTTON_ID = 3, 20, 256
MOST_ROWS, MOST_ROW_TITLE, MOST_DESCRIPTION, MOST_ROW_ID = 10, 24, 72, 200
STYLED = (
    re.compile(r"```(\S|\S[^`]*?\S)```"),
    re.compile(r"`(\S|\S[^`\n]*?\S)`"),
    re.compile(r"(?<!\w)\*(\S|\S[^*\n]*?\S)\*(?!\w)"),
    re.compile(r"(?<!\w)_(\S|\S[^_\n]*?\S)_(?!\w)"),
    re.compile(r"(?<!\w)~(\S|\S[^~\n]*?\S)~(?!\w)"),
)
"""What a phone takes for markup; the signs are not shown."""


class RefusedError(Exception):
    """Meta answers with this status and error code."""

    def __init__(self, code: int, said: str, *, status: int = 400, retry_after: int = 0) -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class Upload:
    """A file that lies with Meta."""

    kind: str
    name: str
    content: bytes


@dataclass
class Bubble:
    """One message of a chat, as its reader sees it."""

    id: str
    text: str
    is_ours: bool
    """Sent by the number."""
    choices: tuple[tuple[str, str], ...] = ()
    """Titles with what they carry."""
    is_list: bool = False
    is_template: bool = False
    file: Upload | None = None
    tracker: str = ""
    at: float = field(default_factory=time.monotonic)
    """When it came into the chat, in monotonic seconds."""

    @property
    def buttons(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The choices, each in a row of its own."""
        return tuple((choice,) for choice in self.choices)

    @property
    def titles(self) -> list[str]:
        """All titles in reading order."""
        return [title for title, _ in self.choices]


Reader = Callable[[Mapping[str, Any], Mapping[str, Upload]], Bubble]


def units(text: str) -> int:
    """Count UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def shown(written: str) -> str:
    """Give a text as a phone shows it."""
    for style in STYLED:
        written = style.sub(r"\1", written)
    return written


def read_message(identifier: str, given: Mapping[str, Any], media: Mapping[str, Upload]) -> Bubble:
    """Check a message and give what its reader sees.

    Raises:
        RefusedError: it is not as Meta wants it.
    """
    tracker = given.get("biz_opaque_callback_data", "")
    _at_most(MOST_TRACKER, tracker, "biz_opaque_callback_data")
    kind = given["type"]
    content = given[kind]
    bubble = READERS[kind](content, media)
    bubble.id, bubble.tracker = identifier, tracker
    return bubble


def _text(content: Mapping[str, Any], _media: Mapping[str, Upload]) -> Bubble:
    _at_most(MOST_TEXT, content["body"], "text.body", least=1)
    return Bubble("", shown(content["body"]), is_ours=True)


def _file(kind: str, content: Mapping[str, Any], media: Mapping[str, Upload]) -> Upload:
    if content.get("id") not in media:
        raise RefusedError(131009, f"(#131009) {kind}[id] is not a valid media ID")
    uploaded = media[content["id"]]
    if kind == "image" and uploaded.kind not in {"image/jpeg", "image/png"}:
        raise RefusedError(131053, f"(#131053) {uploaded.kind} cannot be sent as an image")
    return Upload(kind, content.get("filename", ""), uploaded.content)


def _with_caption(kind: str) -> Reader:
    def read(content: Mapping[str, Any], media: Mapping[str, Upload]) -> Bubble:
        caption = content.get("caption", "")
        _at_most(MOST_CAPTION, caption, f"{kind}.caption")
        return Bubble("", shown(caption), is_ours=True, file=_file(kind, content, media))

    return read


def _interactive(content: Mapping[str, Any], media: Mapping[str, Upload]) -> Bubble:
    body = content["body"]["text"]
    _at_most(MOST_BODY, body, "interactive.body.text", least=1)
    choices = BODIES[content["type"]](content["action"])
    header = content.get("header")
    if header and content["type"] == "list" and header["type"] != "text":
        raise RefusedError(131009, "(#131009) a list has a header of text")
    file = _file(header["type"], header[header["type"]], media) if header else None
    is_list = content["type"] == "list"
    return Bubble("", shown(body), is_ours=True, choices=choices, is_list=is_list, file=file)


def _buttons(action: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    replies = [each["reply"] for each in action["buttons"]]
    _many(replies, MOST_BUTTONS, "buttons")
    for each in replies:
        _at_most(MOST_TITLE, each["title"], "title", least=1)
        _at_most(MOST_BUTTON_ID, each["id"], "id", least=1)
    return _distinct([(each["title"], each["id"]) for each in replies])


def _list(action: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    _at_most(MOST_TITLE, action["button"], "button", least=1)
    rows = [row for section in action["sections"] for row in section["rows"]]
    _many(rows, MOST_ROWS, "rows")
    for each in rows:
        _at_most(MOST_ROW_TITLE, each["title"], "title", least=1)
        _at_most(MOST_ROW_ID, each["id"], "id", least=1)
        _at_most(MOST_DESCRIPTION, each.get("description", ""), "description")
    return _distinct([(each["title"], each["id"]) for each in rows])


def _distinct(choices: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    for column in zip(*choices, strict=True):
        if len(set(column)) < len(column):
            raise RefusedError(131009, "(#131009) Duplicated title or id in interactive.action")
    return tuple(choices)


def _many(given: list[Any], most: int, name: str) -> None:
    if not 1 <= len(given) <= most:
        raise RefusedError(131009, f"(#131009) Invalid {name} count. Min allowed: 1, max allowed: {most}")


def _at_most(most: int, text: str, name: str, *, least: int = 0) -> None:
    if not least <= units(text.strip() if least else text) or units(text) > most:
        raise RefusedError(100, f"(#100) Param {name} must be between {least} and {most} characters long.")


BODIES = {"button": _buttons, "list": _list}
READERS: Mapping[str, Reader] = {
    "text": _text,
    "image": _with_caption("image"),
    "document": _with_caption("document"),
    "interactive": _interactive,
}

"""Keeps phones and their chats over a restart: one small file of JSON lines for each phone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from bot.channels.simulator.bubbles import Bubble, Phone

MOST_BUBBLES = 400
"""The oldest bubbles of a phone are forgotten beyond this; the bot's own memory is elsewhere."""
MOST_PHONES = 500
PHONE_ID = re.compile(r"phone-[0-9a-f]{12}")


class Journal:
    """All phones, in memory, each backed by an append-only file that is written anew when it has grown.

    Nothing here is precious, so nothing is fsynced: answers live in the database.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._phones: dict[str, Phone] = {}
        self._chats: dict[str, dict[str, Bubble]] = {}
        self._written: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(folder.glob("phone-*.jsonl")):
            self._load(path)

    def phones(self) -> list[Phone]:
        """Give all phones, the one opened first at the head."""
        return sorted(self._phones.values(), key=lambda phone: phone.opened_at)

    def find(self, phone: str) -> Phone | None:
        """Give a phone."""
        return self._phones.get(phone)

    def chat(self, phone: str) -> Mapping[str, Bubble]:
        """Give a phone's bubbles by id, oldest first."""
        return self._chats.get(phone, {})

    def open(self, phone: Phone) -> None:
        """Add a new, empty phone."""
        self._phones[phone.id] = phone
        self._chats[phone.id] = {}
        self._rewrite(phone.id)

    def put(self, phone: str, bubble: Bubble) -> list[Bubble]:
        """Add a bubble, or replace the one with its id in its place; give those that are forgotten for it."""
        chat = self._chats[phone]
        chat[bubble.id] = bubble
        forgotten = [chat.pop(oldest) for oldest in list(chat)[:-MOST_BUBBLES]]
        self._append(phone, bubble)
        return forgotten

    def remove(self, phone: str) -> list[Bubble]:
        """Throw a phone away; give the bubbles that were on it."""
        del self._phones[phone]
        self._path(phone).unlink(missing_ok=True)
        return list(self._chats.pop(phone).values())

    def _path(self, phone: str) -> Path:
        return self._folder / f"{phone}.jsonl"

    def _append(self, phone: str, bubble: Bubble) -> None:
        if self._written[phone] >= 2 * MOST_BUBBLES:
            self._rewrite(phone)
            return
        with self._path(phone).open("ab") as file:
            file.write(_line(bubble))
        self._written[phone] += 1

    def _rewrite(self, phone: str) -> None:
        chat = self._chats[phone].values()
        path = self._path(phone)
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(b"".join((_line(self._phones[phone]), *map(_line, chat))))
        fresh.replace(path)
        self._written[phone] = len(chat)

    def _load(self, path: Path) -> None:
        """Read a file back; a line that was cut off by a crash ends it."""
        first, *lines = path.read_bytes().splitlines() or [b""]
        try:
            phone = msgspec.json.decode(first, type=Phone)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if phone.id != path.stem or not PHONE_ID.fullmatch(phone.id):
            return
        self._phones[phone.id] = phone
        self._chats[phone.id] = _last_of_each(lines)
        self._rewrite(phone.id)


def _line(record: Phone | Bubble) -> bytes:
    return msgspec.json.encode(record) + b"\n"


def _last_of_each(lines: Iterable[bytes]) -> dict[str, Bubble]:
    chat: dict[str, Bubble] = {}
    for line in lines:
        try:
            bubble = msgspec.json.decode(line, type=Bubble)
        except (msgspec.DecodeError, UnicodeDecodeError):
            break
        chat[bubble.id] = _settled(bubble)
    return dict(list(chat.items())[-MOST_BUBBLES:])


def _settled(bubble: Bubble) -> Bubble:
    """What was on its way when the program ended may not have arrived; sending it again does no harm."""
    return msgspec.structs.replace(bubble, sending="failed") if bubble.sending == "sending" else bubble

"""What a button carries: a verb and short arguments, at most 64 bytes, good for ever and never trusted."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

SEPARATOR = ":"
MOST_BYTES = 64
LARGEST = 2**63 - 1
NUMBER = re.compile(r"[0-9a-z]{1,13}")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Verb(StrEnum):
    """What a tap wants; the letter is what travels, so it never changes its meaning."""

    ANSWER = "a"
    """assignment, key, choice"""
    TOGGLE = "m"
    """assignment, key, choice: one of several"""
    ENOUGH = "d"
    """assignment, key: no more choices, or no more files"""
    SKIP = "k"
    BACK = "b"
    HELP = "h"
    OPEN = "q"
    """assignment, key: ask this question (again)"""
    YES = "y"
    NO = "n"
    UNDO = "u"
    CONTINUE = "c"
    """assignment"""
    PARTS = "p"
    """assignment, [part or indicator]"""
    SCOPE = "l"
    """assignment, scope: go through these rows"""
    ROW = "r"
    """assignment, row"""
    REVIEW = "v"
    ANSWERS = "w"
    """assignment, part"""
    SEND = "s"
    """assignment, [1 when the gaps have been accepted]"""
    FILES = "e"
    """assignment, row: list the evidence"""
    REMOVE = "x"
    """assignment, row, evidence"""
    ATTACH = "f"
    """assignment, row: the files that wait belong here"""
    MENU = "o"
    """what: home, help, status, language, score, queue, forget, ask"""
    SPEAK = "j"
    """language"""
    SCORE = "g"
    """region"""
    WHY = "t"
    """region, [part, indicator or row]"""
    JOIN = "i"
    """what: yes, no, agree, later, read, on"""
    REQUEST = "n1"
    """field, value: a step of a request for a post"""
    DECIDE = "n2"
    """request, yes or no"""
    REGISTER = "n3"
    """invitation code"""
    CHATS = "n4"
    """what: show, code, how, yes, no, prefer, leave, leave!, news, no_news; then the channel or the address"""
    CALENDAR = "n5"
    """what: show, or a step of a change (``dialogs.calendar``)"""
    REMIND = "n6"
    """what: later, evening, tomorrow, monday, leave, or leave? and leave! with the post"""
    DIGEST = "n7"
    """what: show, list, nudge; then the region"""
    BROADCAST = "n8"
    """what: a change (``broadcasts.BroadcastChange``), show, record, or a step of a draft; then the broadcast"""
    REPLY = "n9"
    """broadcast (0: none), [code of a letter, or what: ask, yes, no, cancel]: write back"""
    NEWS = "na"
    """what: show, now, on, off, always, changes, days, hours, day (0: Monday), hour (minute of the day)"""


class Tap(msgspec.Struct, frozen=True):
    """A decoded tap."""

    verb: Verb
    arguments: tuple[str, ...]

    def text(self, place: int) -> str:
        """Give an argument; empty when it is not there."""
        return self.arguments[place] if place < len(self.arguments) else ""

    def number(self, place: int) -> int:
        """Give an argument that was encoded from a whole number; 0 when it is none, or more than a database numbers."""
        written = self.text(place)
        number = int(written, 36) if NUMBER.fullmatch(written) else 0
        return number if number <= LARGEST else 0


def tap(verb: Verb, *arguments: str | int) -> str:
    """Encode what a button carries; numbers in base 36.

    Raises:
        ValueError: longer than 64 bytes; forms are checked when they load, so this is a mistake of ours.
    """
    written = SEPARATOR.join([verb, *[each if isinstance(each, str) else base36(each) for each in arguments]])
    if len(written) > MOST_BYTES or (not written.isascii() and len(written.encode()) > MOST_BYTES):
        raise ValueError(f"a button carries at most {MOST_BYTES} bytes, this one {written!r}; shorten the names")
    return written


@lru_cache(maxsize=1024)  # each is read twice: to foresee what it needs, and to do it
def read_tap(data: str) -> Tap | None:
    """Decode what came back; None for anything that we did not make."""
    if len(data.encode("utf-8", "replace")) > MOST_BYTES:
        return None
    verb, *arguments = data.split(SEPARATOR)
    try:
        return Tap(Verb(verb), tuple(arguments))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def base36(number: int) -> str:
    """Write a whole number that is not negative with the digits 0-9a-z."""
    written = ""
    while number >= 36:
        number, digit = divmod(number, 36)
        written = DIGITS[digit] + written
    return DIGITS[number] + written

"""Values drawn from bytes, so that a fuzzer which changes bytes changes the story that they tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Option = TypeVar("Option")


class Draw:
    """Takes values from the front; when the bytes are used up, every number is 0 and every text empty."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def __bool__(self) -> bool:
        """Tell whether there is anything left."""
        return self._place < len(self._content)

    def number(self, below: int = 256) -> int:
        """Draw a whole number from 0, of one byte, or of two where more are needed."""
        wide = self.take(1 if below <= 256 else 2)
        return int.from_bytes(wide, "big") % below

    def pick(self, options: Sequence[Option]) -> Option:
        """Draw one of several."""
        return options[self.number(len(options))]

    def take(self, size: int) -> bytes:
        """Draw so many bytes, fewer at the end."""
        start, self._place = self._place, self._place + size
        return self._content[start : self._place]

    def text(self, errors: str = "replace") -> str:
        """Draw a text, whose length of up to 255 bytes comes first; what is no UTF-8 is treated as ``errors`` says."""
        return self.take(self.number()).decode("utf-8", errors)

    def rest(self) -> bytes:
        """Draw all that is left."""
        return self.take(len(self._content))

    def rest_text(self, errors: str = "replace") -> str:
        """Draw all that is left as a text."""
        return self.rest().decode("utf-8", errors)


def told(*parts: bytes | str | int) -> bytes:
    """Write bytes from which these parts are drawn one after the other: texts with their length, numbers as bytes."""
    return b"".join(_told(part) for part in parts)


def _told(part: bytes | str | int) -> bytes:
    if isinstance(part, str):
        return bytes([len(part.encode())]) + part.encode()
    return bytes([part]) if isinstance(part, int) else part

"""Typed text made plain, so that what looks the same is the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_KEPT_CONTROLS = "\n"
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})
_DASHES = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-"})
_CLOSING = " .!?"
_GREETING = re.compile(r"^(?:maaf|mohon maaf|baik|oke|ok|siap)[ ,]+(?=\w)")
_POLITE = re.compile(
    r"(?:[ ,]+(?:pak|bu|bapak|ibu|kak|mas|mbak|min|admin|dong|sih|nih|deh|kok|saja|aja|terima kasih|makasih|trims)$)"
)


def without_invisible(written: str) -> str:
    """Drop control and zero-width characters, join composed letters, strip; line breaks stay."""
    if written.isascii() and written.isprintable():
        return written.strip()
    composed = unicodedata.normalize("NFC", written.replace("\r\n", "\n").replace("\t", " "))
    return "".join(sign for sign in composed if sign in _KEPT_CONTROLS or not _is_invisible(sign)).strip()


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in _INVISIBLE


def plain(written: str) -> str:
    """Fold for comparison: lower case, one kind of space and dash, full-width digits narrow, no closing stop."""
    folded = unicodedata.normalize("NFKC", without_invisible(written)).translate(_DASHES).casefold()
    return " ".join(folded.split()).rstrip(_CLOSING)


@lru_cache(maxsize=8192)
def plain_label(label: str) -> str:
    """Fold a label of the form; forms have few, and they are compared again and again."""
    return plain(label)


def without_courtesy(folded: str) -> str:
    """Drop what is said out of politeness: "sudah ada pak" is "sudah ada"."""
    for _ in range(3):
        shorter = _POLITE.sub("", folded).strip(" ,.!")
        if shorter == folded:
            shorter = _GREETING.sub("", folded)
        if shorter == folded or not shorter:
            return folded
        folded = shorter
    return folded

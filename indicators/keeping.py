"""Keeping a form that was read and checked, so that the next start neither reads nor parses it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from indicators.form import Expression, Form, Meaning
from indicators.xpath_parsing import Syntax

_UNREADABLE = (OSError, msgspec.DecodeError, IndexError, ValueError)


class _Kept(msgspec.Struct, array_like=True):
    """A form in which each expression is a place in a table: most conditions stand at many questions."""

    form: msgspec.Raw
    expressions: tuple[tuple[str, frozenset[str], Syntax, Mapping[str, str], str], ...]


def encode_form(form: Form) -> bytes:
    """Write a form down."""
    places: dict[int, int] = {}
    table: list[Expression] = []

    def plain(value: object) -> object:
        if isinstance(value, Fraction):
            return str(value)
        assert isinstance(value, Expression)
        if id(value) not in places:
            places[id(value)] = len(table)
            table.append(value)
        return places[id(value)]

    encoded = msgspec.Raw(msgspec.msgpack.encode(form, enc_hook=plain))
    expressions = tuple((each.source, each.references, *each.meaning) for each in table)
    return msgspec.msgpack.encode(_Kept(encoded, expressions))


def decode_form(content: bytes) -> Form:
    """Read a form that was written down; its expressions are compiled when they are first asked.

    Raises:
        msgspec.DecodeError, IndexError, ValueError: that was no form.
    """
    kept = msgspec.msgpack.decode(content, type=_Kept)
    table = [
        Expression(source, references, Meaning(syntax, repeats, within))
        for source, references, syntax, repeats, within in kept.expressions
    ]

    def rich(kind: type, value: Any) -> object:
        return table[value] if kind is Expression else Fraction(value)

    return msgspec.msgpack.decode(kept.form, type=Form, dec_hook=rich)


def kept_form(kept: Path) -> Form | None:
    """Give the form that this file keeps; None when there is none that can be read."""
    try:
        return decode_form(kept.read_bytes())
    except _UNREADABLE:
        return None


def keep_form(kept: Path, form: Form) -> None:
    """Write beside and rename: another process never sees half a file. A full disk is no reason to stop."""
    content = encode_form(form)
    fresh = kept.with_suffix(f".{hashlib.sha256(content).hexdigest()[:12]}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(kept)
    except OSError:
        return


def digest(*parts: bytes) -> str:
    """Name what is kept by everything that it comes from: these parts, and the code that reads forms."""
    found = hashlib.sha256(_digest_of_code())
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()


@cache
def _digest_of_code() -> bytes:
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    return found.digest()

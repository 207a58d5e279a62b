"""Our light markup (``<b>``, ``<i>``, ``<code>``, ``<pre>``, entities): read tolerantly, written strictly."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

TAG = re.compile(r"<(/?)(b|i|code|pre)>")
VERBATIM = ("pre", "code")
"""Telegram allows no other entity inside these: https://core.telegram.org/bots/api#html-style"""


class Run(NamedTuple):
    """A piece of plain text and the tags around it, outermost first."""

    text: str
    tags: tuple[str, ...] = ()


def read_markup(written: str) -> tuple[Run, ...]:
    """Read a message's text. What is not our markup is text: nothing that somebody typed breaks a message."""
    runs: list[Run] = []
    open_tags: list[str] = []
    place = 0
    for match in TAG.finditer(written):
        _add(runs, written[place : match.start()], open_tags)
        if not _turn(open_tags, match[2], is_closing=bool(match[1])):
            _add(runs, match[0], open_tags)
        place = match.end()
    _add(runs, written[place:], open_tags)
    return tuple(runs)


def write_html(runs: Iterable[Run]) -> str:
    """Write runs as HTML that Telegram accepts: balanced, nested rightly, everything else escaped."""
    written: list[str] = []
    open_tags: tuple[str, ...] = ()
    for run in (*runs, Run("")):
        shared = _shared(open_tags, run.tags)
        written.extend(f"</{tag}>" for tag in reversed(open_tags[shared:]))
        written.extend(f"<{tag}>" for tag in run.tags[shared:])
        written.append(html.escape(run.text, quote=False))
        open_tags = run.tags
    return "".join(written)


def plain(runs: Iterable[Run]) -> str:
    """Give the text alone."""
    return "".join(run.text for run in runs)


def units(text: str) -> int:
    """Count UTF-16 units, as Telegram and WhatsApp do: an emoji counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _add(runs: list[Run], written: str, open_tags: Sequence[str]) -> None:
    if written:
        runs.append(Run(html.unescape(written), _allowed(open_tags)))


def _turn(open_tags: list[str], tag: str, *, is_closing: bool) -> bool:
    """Open or close a tag; a closing tag that closes nothing is text."""
    if not is_closing:
        if tag not in open_tags:
            open_tags.append(tag)
        return True
    if tag not in open_tags:
        return False
    del open_tags[open_tags.index(tag) :]
    return True


def _allowed(open_tags: Sequence[str]) -> tuple[str, ...]:
    for tag in open_tags:
        if tag in VERBATIM:
            return (tag,)
    return tuple(open_tags)


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return place
    return min(len(first), len(second))

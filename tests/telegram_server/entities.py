"""HTML as Telegram reads it: a few tags, rightly nested, or a refusal.

Source: https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import html
import re

ALLOWED = frozenset({"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"})
VERBATIM = frozenset({"code", "pre"})
PIECE = re.compile(r"<(/?)([^<>]*?)>|<|&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);|&(?=\w+;)")


class RefusedError(Exception):
    """Telegram answers with this status and description."""

    def __init__(self, status: int, description: str, *, retry_after: int = 0) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after


def parse_html(written: str) -> str:
    """Give the text that people see.

    Raises:
        RefusedError: a tag that Telegram does not know, or that is not closed.
    """
    open_tags: list[str] = []
    for match in PIECE.finditer(written):
        if match[0] == "<" or (match[0].startswith("<") and not match[2]):
            raise _cannot_parse("unsupported start tag")
        if match[0].startswith("<"):
            _turn(open_tags, match[2].split(" ")[0].lower(), is_closing=bool(match[1]))
    if open_tags:
        raise _cannot_parse(f'can\'t find end tag corresponding to start tag "{open_tags[-1]}"')
    return html.unescape(re.sub(r"<[^<>]*>", "", written))


def units(text: str) -> int:
    """Count UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def _turn(open_tags: list[str], tag: str, *, is_closing: bool) -> None:
    if tag not in ALLOWED:
        raise _cannot_parse(f'unsupported start tag "{tag}"')
    if not is_closing:
        open_tags.append(tag)
    elif not open_tags or open_tags.pop() != tag:
        raise _cannot_parse(f'unexpected end tag "{tag}"')


def _cannot_parse(why: str) -> RefusedError:
    return RefusedError(400, f"Bad Request: can't parse entities: {why}")

"""Cutting a long text into messages at the best places, with the markup whole in every part."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.rendering.markup import Run, plain, units

SEAMS = ("\n\n", "\n", ". ", " ")
"""Where to cut, best first: between paragraphs, lines, sentences, words."""
LEAST_FILLED = 0.5
"""A better seam is taken only when the part is at least this full."""


def split(runs: Sequence[Run], most_units: int, last_units: int = 0) -> tuple[tuple[Run, ...], ...]:
    """Cut runs into parts of at most so many UTF-16 units (at least 2); blank parts are left out.

    ``last_units``: how many the last part may have, where that is less (0: it is not).
    """
    parts = []
    rest = tuple(runs)
    last_units = last_units or most_units
    while units(text := plain(rest)) > last_units:
        cut = _cut(text, most_units) if units(text) > most_units else _cut_off_end(text, last_units)
        parts.append(_trimmed(_between(rest, 0, cut)))
        rest = _between(rest, cut, len(text))
    parts.append(_trimmed(rest) if parts else rest)
    return tuple(part for part in parts if plain(part).strip())


def _cut_off_end(text: str, most_units: int) -> int:
    """Find where to cut so that what follows is as much as fits and begins at the best seam."""
    start = len(text) - len(_head(text[::-1], most_units))
    for seam in SEAMS:
        place = text.find(seam, start)
        if 0 <= place < len(text) - len(seam):
            return place + len(seam)
    return start


def _cut(text: str, most_units: int) -> int:
    """Find where to cut: a number of characters, at least 1."""
    head = _head(text, most_units)
    for seam in SEAMS:
        place = head.rfind(seam)
        if place >= len(head) * LEAST_FILLED:
            return place + len(seam)
    return len(head)


def _head(text: str, most_units: int) -> str:
    """Give the longest beginning of at most so many units; a character is never halved."""
    head = text[:most_units]
    while (over := units(head) - most_units) > 0:
        head = head[: -max(over // 2, 1)]
    return head


def _between(runs: Sequence[Run], start: int, end: int) -> tuple[Run, ...]:
    """Give the runs of these characters (``end`` excluded)."""
    found = []
    place = 0
    for run in runs:
        text = run.text[max(start - place, 0) : max(end - place, 0)]
        if text:
            found.append(Run(text, run.tags))
        place += len(run.text)
    return tuple(found)


def _trimmed(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Take blanks off both ends."""
    text = plain(runs)
    start = len(text) - len(text.lstrip())
    return _between(runs, start, max(len(text.rstrip()), start))

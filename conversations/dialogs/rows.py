"""Which row somebody means: by its place, its number in the instrument, or words from its title."""

from __future__ import annotations

from rapidfuzz import fuzz

from conversations.forms import Filling
from conversations.turn import Turn
from conversations.words import plain
from indicators.form import Row

NEAR_ENOUGH = 86
"""How near a row's title must come (0 to 100) to what was typed, to be meant by it."""
LEAST_LETTERS = 4


def row_numbered(filling: Filling, number: str) -> Row | None:
    """Find a row by its number in the instrument (``26.6``) or its place in the form (``7``)."""
    exact = filling.row(number) or filling.row(number.upper())
    if exact:
        return exact
    place = int(number) if number.isdecimal() else 0
    return filling.form.rows[place - 1] if 1 <= place <= len(filling.form.rows) else None


def row_meant(turn: Turn, filling: Filling, words: str) -> Row | None:
    """Find the row that a number (``7``, ``nomor 7``, ``26.6``) or words from its title mean."""
    number = plain(words).removeprefix("nomor").removeprefix("no").strip(" .")
    return row_numbered(filling, number) or row_titled(turn, filling, words)


def row_titled(turn: Turn, filling: Filling, written: str) -> Row | None:
    """Find the one row whose title comes near enough to a part of what was typed (or the other way round)."""
    words = plain(written)
    if len(words) < LEAST_LETTERS:
        return None
    rows = filling.form.rows
    ratings = [fuzz.partial_ratio(row.title.said(turn.texts.language).casefold(), words) for row in rows]
    best = max(ratings)
    return rows[ratings.index(best)] if best >= NEAR_ENOUGH and ratings.count(best) == 1 else None

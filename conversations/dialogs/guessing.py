"""Codes that do not exist are counted, so that nobody guesses one."""

from __future__ import annotations

from conversations.turn import Turn

MOST_WRONG_CODES = 5
WRONG_CODES_SECONDS = 60 * 60
"""Five wrong codes in an hour, then a pause: guessing a code is hopeless."""


def is_guessing(turn: Turn) -> bool:
    """Tell whether too many codes were wrong lately."""
    session = turn.session
    is_recent = turn.event.at.timestamp() - session.wrong_since < WRONG_CODES_SECONDS
    return is_recent and session.wrong_codes >= MOST_WRONG_CODES


def count_wrong(turn: Turn) -> None:
    """Remember one more wrong code."""
    now = int(turn.event.at.timestamp())
    is_recent = now - turn.session.wrong_since < WRONG_CODES_SECONDS
    turn.note(
        wrong_codes=turn.session.wrong_codes + 1 if is_recent else 1,
        wrong_since=turn.session.wrong_since if is_recent else now,
    )

"""What is said when words do not fit the question that is open."""

from __future__ import annotations

from conversations.dialogs.asking import ask
from conversations.dialogs.doubts import explain_rejection
from conversations.dialogs.home import MISSES_BEFORE_OFFER
from conversations.dialogs.offers import ask_button
from conversations.forms import Spot
from conversations.turn import Turn
from indicators.reading import Rejection


def explain_miss(turn: Turn, spot: Spot, rejection: Rejection) -> None:
    """Say what is expected here, and after three misses offer the coordinator."""
    misses = turn.session.misses + 1
    if misses >= MISSES_BEFORE_OFFER:
        turn.extras = (ask_button(turn),)
    if spot.question.is_evidence:
        ask(turn, spot, before=turn.texts("evidence.wanted_more" if spot.files else "evidence.wanted"))
    else:
        explain_rejection(turn, spot, rejection)
    turn.note(misses=misses)

"""What becomes of a typed answer: understood, in need of a choice, or refused with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from indicators.form import Choice, Lexical

LONGEST_TEXT = 1000
"""Characters that a text answer may have."""
LONGEST_WRITTEN = 4096
"""Characters that are looked at at all; no chat sends more at once."""


class Reason(StrEnum):
    """Why an answer was not understood; the conversation finds the words."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"
    SEVERAL_NUMBERS = "several_numbers"
    WRONG_UNIT = "wrong_unit"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_DATE = "not_a_date"
    NO_SUCH_DAY = "no_such_day"
    NOT_A_CHOICE = "not_a_choice"
    NO_SUCH_NUMBER = "no_such_number"
    """A number was typed for a choice, and the list is shorter."""
    NOT_A_PLACE = "not_a_place"
    NOT_AGREED = "not_agreed"
    WANTS_EVIDENCE = "wants_evidence"
    """A photo or a file is wanted, not words."""
    NOT_ASKED = "not_asked"
    """A note or a calculation: there is nothing to answer."""


@dataclass(frozen=True, slots=True)
class Understood:
    """An answer in lexical form. Where it is not certain, it could be meant otherwise: say it back and ask."""

    value: Lexical
    is_certain: bool = True
    other: str = ""
    """What was typed after "lainnya", for the question that asks to specify."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several choices fit what was typed; in the form's order."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """An answer that was not understood. The bounds (both included) are given where they matter."""

    reason: Reason
    lowest: Fraction | None = None
    highest: Fraction | None = None


Reading = Understood | Ambiguous | Rejection

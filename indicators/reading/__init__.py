"""Reading typed answers as Indonesians write them, and saying them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from indicators.filling import choices_for, question_of
from indicators.form import AnswerKey, Form, Lexical, QuestionKind
from indicators.reading.choices import read_choice, read_choices
from indicators.reading.dates import read_date
from indicators.reading.numbers import read_number
from indicators.reading.outcomes import (
    LONGEST_TEXT,
    LONGEST_WRITTEN,
    Ambiguous,
    Reading,
    Reason,
    Rejection,
    Understood,
)
from indicators.reading.places import read_place
from indicators.reading.plain import plain, without_courtesy, without_invisible
from indicators.reading.saying import say_number, say_value

__all__ = [
    "Ambiguous",
    "Reading",
    "Reason",
    "Rejection",
    "Understood",
    "read_answer",
    "say_number",
    "say_value",
]

AGREED = Lexical("OK")
"""What ODK stores for a question that is only acknowledged."""
_AGREEING = frozenset(
    {"ok", "oke", "okay", "okey", "ya", "iya", "y", "yes", "baik", "siap", "setuju", "paham", "sudah", "mengerti"}
)


def read_answer(
    form: Form, key: AnswerKey, written: str, *, values: Mapping[str, str], today: date, language: str
) -> Reading:
    """Read what a person typed in answer to a question; never raises for anything typed.

    An understood answer may still break a constraint: ``check_answer`` tells. Where it is not certain, it could
    have been meant otherwise.
    """
    if not written.strip():
        return Rejection(Reason.EMPTY)
    if len(written) > LONGEST_WRITTEN:
        return Rejection(Reason.TOO_LONG)
    question = question_of(form, key)
    if question.is_choice:
        read = read_choice if question.kind is QuestionKind.SELECT_ONE else read_choices
        return read(choices_for(form, key, values, today), written)
    if question.kind in _NUMBERS:
        return read_number(question, written, language)
    if question.kind is QuestionKind.DATE:
        return read_date(written, today)
    return _READERS[question.kind](written)


def _read_text(written: str) -> Reading:
    text = without_invisible(written)
    if not text:
        return Rejection(Reason.EMPTY)
    return Understood(Lexical(text)) if len(text) <= LONGEST_TEXT else Rejection(Reason.TOO_LONG)


def _read_agreement(written: str) -> Reading:
    is_agreed = len(written) <= 60 and without_courtesy(plain(written)) in _AGREEING
    return Understood(AGREED) if is_agreed else Rejection(Reason.NOT_AGREED)


_NUMBERS = frozenset({QuestionKind.INTEGER, QuestionKind.DECIMAL, QuestionKind.RANGE})
_READERS: Mapping[QuestionKind, Callable[[str], Reading]] = {
    QuestionKind.TEXT: _read_text,
    QuestionKind.ACKNOWLEDGE: _read_agreement,
    QuestionKind.GEOPOINT: read_place,
    QuestionKind.IMAGE: lambda _: Rejection(Reason.WANTS_EVIDENCE),
    QuestionKind.FILE: lambda _: Rejection(Reason.WANTS_EVIDENCE),
    QuestionKind.NOTE: lambda _: Rejection(Reason.NOT_ASKED),
    QuestionKind.CALCULATE: lambda _: Rejection(Reason.NOT_ASKED),
}

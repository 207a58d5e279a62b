"""The answers and evidence of one row in one assignment, with who gave them and when."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RowMark(StrEnum):
    """The state of a row in one character, for ``Assignment.progress``."""

    UNTOUCHED = "."
    STARTED = "~"
    """A question is open that nobody has put off."""
    PUT_OFF = "s"
    """Not answered yet; every open question was put off."""
    LACKS_EVIDENCE = "x"
    """Answered; evidence that is wanted was put off."""
    COMPLETE = "#"
    NOT_RELEVANT = "-"
    RETURNED = "!"
    """The coordinator has looked at it and wants it completed; nothing has been changed in it since."""


OPEN_MARKS = frozenset({RowMark.UNTOUCHED, RowMark.STARTED, RowMark.RETURNED})
"""Rows that the form goes to by itself."""
ANSWERED_MARKS = frozenset({RowMark.LACKS_EVIDENCE, RowMark.COMPLETE})


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """One answer in XForms' lexical form, with the person who gave it and the second it was given (Unix time)."""

    value: str
    by: int
    at: int


class Evidence(msgspec.Struct, frozen=True, array_like=True):
    """One photo or document that belongs to a row."""

    id: str
    """Unique within the row; short."""
    key: str
    """Key of the evidence question; empty when the row has none."""
    kind: str
    """``photo`` or ``document``."""
    name: str
    sha256: str
    size_bytes: int
    by: int
    at: int


class Returned(msgspec.Struct, frozen=True, array_like=True):
    """Why the coordinator gave a row back."""

    reason: str
    """In the coordinator's words."""
    at: int
    by: int = 0
    """The person who did; 0: the administrator, for the coordinator."""


class Sheet(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that has been said about one row. Answers that are not relevant now are kept, and come back."""

    answers: dict[str, Answer] = {}
    evidence: tuple[Evidence, ...] = ()
    skipped: tuple[str, ...] = ()
    """Keys that the person put off."""
    returned: Returned | None = None
    """Until something is said anew."""

    def values(self) -> dict[str, str]:
        """Give the answers for expressions; an evidence question's value is its number of files."""
        values = {key: answer.value for key, answer in self.answers.items()}
        for each in self.evidence:
            values[each.key] = str(int(values.get(each.key, "0")) + 1)
        return values


EMPTY_SHEET = Sheet()

"""A questionnaire as the program knows it: frozen, checked, and independent of how it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, NewType

if TYPE_CHECKING:
    from indicators.xpath_parsing import Syntax

FormKey = NewType("FormKey", str)
RowNumber = NewType("RowNumber", str)
"""The number of a row in the instrument, such as ``26.6``; for forms without numbers, the group's name."""
AnswerKey = NewType("AnswerKey", str)
"""The address of an answer within a form: the question's name, in a repeat followed by ``~2`` (from 1)."""
Lexical = NewType("Lexical", str)
"""An answer in the lexical form of XForms, as ODK stores it: ``1200``, ``1.5``, ``2025-08-17``, ``a b c``."""

REPEAT_MARK = "~"
MOST_REPEATS = 50


class QuestionKind(StrEnum):
    """The types of XLSForm that can be asked by chat."""

    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    INTEGER = "integer"
    DECIMAL = "decimal"
    RANGE = "range"
    TEXT = "text"
    DATE = "date"
    IMAGE = "image"
    FILE = "file"
    GEOPOINT = "geopoint"
    NOTE = "note"
    CALCULATE = "calculate"
    ACKNOWLEDGE = "acknowledge"


EVIDENCE_KINDS = frozenset({QuestionKind.IMAGE, QuestionKind.FILE})
SILENT_KINDS = frozenset({QuestionKind.CALCULATE})
"""Kinds that are never shown to a person."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in every language of the form; never empty where the form has the text at all."""

    by_language: Mapping[str, str]

    def said(self, language: str) -> str:
        """Give the text in this language, or in the form's first language where it lacks one."""
        found = self.by_language.get(language)
        return found if found is not None else next(iter(self.by_language.values()), "")

    def __bool__(self) -> bool:
        return any(self.by_language.values())


NO_TEXT = Text({})


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may look at: answers (absent: unanswered or not relevant), the answer itself, the day."""

    values: Mapping[str, Any]
    today: date
    current: str = ""
    """The value ``.`` stands for in a constraint."""


class Meaning(NamedTuple):
    """What an expression is compiled from, as plain data."""

    syntax: Syntax
    repeats: Mapping[str, str]
    """The repeat of each question in a repeat that it looks at."""
    within: str
    """The repeat in which it stands."""


class Expression:
    """An XPath expression: exact numbers (``Fraction``), texts and booleans. Equal when it looks at the same alike."""

    def __init__(
        self, source: str, references: frozenset[str], meaning: Meaning, run: Callable[[Scope], object] | None = None
    ) -> None:
        self.source = source
        self.references = references
        """Names of the questions it looks at; in a choice filter also columns of the choices, with ``@`` before."""
        self.meaning = meaning
        if run:
            self.evaluate = run

    @cached_property
    def evaluate(self) -> Callable[[Scope], object]:
        """What computes it; compiled when it is first asked for, unless that was done before."""
        from indicators.expressions import compiled

        return compiled(self)

    def is_true(self, scope: Scope) -> bool:
        """Tell whether the result is true as XPath counts truth (a number other than 0, a non-empty text)."""
        return bool(self.evaluate(scope))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and (self.source, self.meaning) == (other.source, other.meaning)

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a list; ``attributes`` are the further columns that a choice filter may use."""

    name: str
    label: Text
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A group that is asked several times; ``count`` gives how often (0 to 50)."""

    name: str
    label: Text
    count: Expression


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a person is asked (or a value that is calculated)."""

    name: str
    kind: QuestionKind
    row: RowNumber
    label: Text
    hint: Text = NO_TEXT
    guidance: Text = NO_TEXT
    """What the help button shows: what counts, which evidence, who must sign."""
    relevant: tuple[Expression, ...] = ()
    """All must be true: the question's own and those of the groups around it."""
    required: Expression | None = None
    constraint: Expression | None = None
    constraint_message: Text = NO_TEXT
    calculation: Expression | None = None
    choices: tuple[Choice, ...] = ()
    choice_filter: Expression | None = None
    unit: str = ""
    """Code of the unit: ``anak``, ``rupiah``, ``persen``; empty when there is none."""
    unit_label: Text = NO_TEXT
    lowest: Fraction | None = None
    highest: Fraction | None = None
    step: Fraction | None = None
    """``start``, ``end`` and ``step`` of a range (both ends belong to it)."""
    repeat: Repeat | None = None

    @property
    def is_evidence(self) -> bool:
        """Tell whether a photo or document answers it."""
        return self.kind in EVIDENCE_KINDS

    @property
    def is_choice(self) -> bool:
        """Tell whether it is answered by choosing from a list."""
        return self.kind in (QuestionKind.SELECT_ONE, QuestionKind.SELECT_MULTIPLE)


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """A kind of document that verifiers ask for, such as ``sk``."""

    code: str
    label: Text


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the instrument: the questions that together earn (or do not earn) its points."""

    number: RowNumber
    name: str
    ordinal: int
    """Place in the form, from 1: what a person types in ``ubah 7``."""
    title: Text
    part: str
    indicator: str
    """Number of the indicator that it belongs to: ``26`` for row ``26.6``, ``21A`` for ``21A.4a``; may be empty."""
    points: Fraction
    share: Expression | None
    is_falling: bool
    """A high answer is bad (``kla:direction`` is ``turun``)."""
    evidence: tuple[EvidenceKind, ...]
    holders: tuple[str, ...]
    """Codes of the offices that hold the data."""
    questions: tuple[Question, ...]

    @property
    def is_scored(self) -> bool:
        """Tell whether it carries a share; rows of 0 points may."""
        return self.share is not None


@dataclass(frozen=True, slots=True)
class IndicatorGroup:
    """A second level between part and row, in forms that have one."""

    name: str
    title: Text
    rows: tuple[RowNumber, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter of the form, with its rows in order."""

    name: str
    title: Text
    rows: tuple[RowNumber, ...]
    indicators: tuple[IndicatorGroup, ...] = ()


@dataclass(frozen=True)
class Form:
    """A whole questionnaire. Rows and questions are in the order in which they are asked."""

    key: FormKey
    version: str
    title: Text
    unit: str
    """Who answers: ``desa``, ``kecamatan`` or ``kabupaten``; empty in forms from elsewhere."""
    total: Fraction
    """Declared points; an indicator that adds up to more is capped by the instrument."""
    languages: tuple[str, ...]
    parts: tuple[Part, ...]
    rows: tuple[Row, ...]
    offices: Mapping[str, Text] = field(default_factory=dict)
    """Names of the offices by code."""

    @cached_property
    def row_by_number(self) -> Mapping[RowNumber, Row]:
        """Find a row by its number."""
        return {row.number: row for row in self.rows}

    @cached_property
    def question_by_name(self) -> Mapping[str, Question]:
        """Find a question by its name."""
        return {question.name: question for row in self.rows for question in row.questions}

    @cached_property
    def neighbours(self) -> Mapping[RowNumber, frozenset[RowNumber]]:
        """For each row, itself and the rows whose answers are needed to take a step in it.

        These are the rows that it looks at, the rows that look at it, and all that those look at.
        """
        looks_at = {row.number: self._rows_looked_at(row) for row in self.rows}
        near = {}
        for number in looks_at:
            touched = {number} | {other for other, seen in looks_at.items() if number in seen}
            near[number] = frozenset(touched.union(*(looks_at[each] for each in touched)))
        return near

    @cached_property
    def onlookers(self) -> Mapping[str, tuple[Row, ...]]:
        """For each question, the rows elsewhere whose state may change with its answer."""
        seen = {row.number: self._names_behind(_names_of_state(row), _names_of_state_in) for row in self.rows}
        return {
            name: tuple(row for row in self.rows if row.number != question.row and name in seen[row.number])
            for name, question in self.question_by_name.items()
        }

    @cached_property
    def watched(self) -> frozenset[RowNumber]:
        """Rows whose answers may change the state of a row elsewhere."""
        return frozenset(question.row for name, question in self.question_by_name.items() if self.onlookers[name])

    @cached_property
    def derived(self) -> dict[object, Any]:
        """What other modules of this package compute from the form once and keep."""
        return {}

    def _rows_looked_at(self, row: Row) -> frozenset[RowNumber]:
        """Rows that the answers of this row depend on, however indirectly, without itself."""
        names = self._names_behind(_names_in(row), _names_in_question)
        return frozenset(self.question_by_name[name].row for name in names) - {row.number}

    def _names_behind(self, names: Iterable[str], looked_at: Callable[[Question], frozenset[str]]) -> frozenset[str]:
        """Give these questions and those behind them, however indirectly."""
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in seen and name in self.question_by_name:
                seen.add(name)
                waiting.extend(looked_at(self.question_by_name[name]))
        return frozenset(seen)


def _names_of_state(row: Row) -> frozenset[str]:
    """Questions that a row's state looks at: what is asked, what is missing, what is earned; no constraints."""
    own = row.share.references if row.share else frozenset[str]()
    return own.union(*(_names_of_state_in(question) for question in row.questions))


def _names_of_state_in(question: Question) -> frozenset[str]:
    count = question.repeat.count if question.repeat else None
    expressions = (*question.relevant, question.required, question.calculation, count)
    return frozenset[str]().union(*(each.references for each in expressions if each))


def _names_in(row: Row) -> frozenset[str]:
    own = row.share.references if row.share else frozenset[str]()
    return own.union(*(_names_in_question(question) for question in row.questions))


def _names_in_question(question: Question) -> frozenset[str]:
    held_against = (question.constraint, question.choice_filter)
    return _names_of_state_in(question).union(*(each.references for each in held_against if each))

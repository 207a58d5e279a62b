"""A form looked at before it is used: everything that is wrong, what is odd, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from indicators.effective import effective_values
from indicators.filling import Asked, RowStatus, asked, check_answer, choices_for, row_state
from indicators.form import REPEAT_MARK, AnswerKey, Form, Question, QuestionKind, Row
from indicators.loading import load_form
from indicators.problems import FormError, Problem
from indicators.questions import SKIPPED
from indicators.scores import format_points
from indicators.source import Source, read_source
from indicators.workbooks import calling_pyxform, read_bytes
from indicators.xpath_values import NAN, to_number, to_text

_A_DAY = date(2025, 1, 1)
"""Forms are tried out on this day, so that the same form gives the same report."""
_TRIES = 24
"""Sets of made-up answers for each scored row."""
_HARMLESS = ("max-pixels", "or_other")
"""Remarks of pyxform on things that a chat does its own way."""
_NUMBERS = ("1", "0", "2", "100", "5", "2024", "1000", "50", "3", "10")


@dataclass(frozen=True, slots=True)
class Summary:
    """What is in a form."""

    key: str
    version: str
    unit: str
    languages: tuple[str, ...]
    parts: int
    rows: int
    scored_rows: int
    questions: int
    points: Fraction

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.key} {self.version} ({', '.join(self.languages)}): {self.parts} parts, {self.rows} rows, "
            f"{self.scored_rows} of them scored, {self.questions} questions, {format_points(self.points, 'en')} points"
        )


@dataclass(frozen=True, slots=True)
class Report:
    """Problems keep a form from being used; warnings do not. The summary is None when there are problems."""

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    summary: Summary | None

    def __str__(self) -> str:
        """List problems and warnings, one a line, and what is in the form."""
        warnings = (f"warning: {each}" for each in self.warnings)
        outcome = f"{self.summary}" if self.summary else f"{len(self.problems)} problems: the form cannot be used."
        return "\n".join((*map(str, self.problems), *warnings, outcome))


def check_form(path: Path) -> Report:
    """Look at a form as thoroughly as possible: pyxform's whole conversion, our checks, and made-up answers."""
    try:
        form, source = load_form(path), read_source(path)
    except FormError as error:
        return Report(error.problems, (), None)
    problems = tuple(_conversion_problems(path))
    if problems:
        return Report(problems, (), None)
    return Report((), tuple(_warnings(form, source)), _summary(form))


def _conversion_problems(path: Path) -> Iterator[Problem]:
    """Convert to an XForm, which finds what pyxform's reading leaves unchecked."""

    def run() -> object:
        from pyxform.xls2xform import convert

        return convert(content, file_type=path.suffix.lower(), form_name=path.stem, validate=False)

    content = read_bytes(path)
    try:
        calling_pyxform(path, run)
    except FormError as error:
        yield from error.problems


def _summary(form: Form) -> Summary:
    return Summary(
        key=form.key,
        version=form.version,
        unit=form.unit,
        languages=form.languages,
        parts=len(form.parts),
        rows=len(form.rows),
        scored_rows=sum(1 for row in form.rows if row.is_scored),
        questions=sum(1 for question in form.question_by_name.values() if question.kind is not QuestionKind.CALCULATE),
        points=form.total,
    )


def _warnings(form: Form, source: Source) -> Iterator[str]:
    yield from (each for each in source.warnings if not any(harmless in each for harmless in _HARMLESS))
    if not form.version:
        yield "The form has no version: answers cannot tell which one they were given to."
    for element in _elements(source.survey):
        if element["type"] in SKIPPED:
            yield f"{element['name']}: a chat does not fill in {element['type']!r}; it stays empty."
        if "default" in element:
            yield f"{element['name']}: the default {element['default']!r} is not used; every answer is asked for."
    for row in form.rows:
        yield from _constraints_without_words(row)
        if row.is_scored:
            yield from _odd_shares(form, row)


def _elements(element: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in element.get("children", ()):
        yield child
        yield from _elements(child)


def _constraints_without_words(row: Row) -> Iterator[str]:
    for question in row.questions:
        if question.constraint and not question.constraint_message:
            yield f"{question.name}: the constraint has no message; a person would not learn what is expected."


def _odd_shares(form: Form, row: Row) -> Iterator[str]:
    """Try made-up answers: the share must be a number whenever the row is answered, and above 0 for some."""
    outcomes = [_try(form, row, attempt) for attempt in range(_TRIES)]
    shares = [each for each in outcomes if each is not None]
    broken = next((values for values, share in shares if share is NAN), None)
    if broken is not None:
        told = ", ".join(f"{name}={value}" for name, value in broken.items())
        yield f"Row {row.number}: the share is no number when {told}; it would count 0."
    if row.points and shares and all(not share for _, share in shares):
        yield f"Row {row.number}: none of {len(shares)} sets of made-up answers earns anything; is the share right?"


def _try(form: Form, row: Row, attempt: int) -> tuple[dict[str, str], object] | None:
    values = _made_up(form, row, attempt)
    state = row_state(form, row, values, _A_DAY)
    if state.status is not RowStatus.ANSWERED or row.share is None:
        return None
    share = row.share.evaluate(effective_values(form, row, values, _A_DAY).scope())
    return values, share if isinstance(share, bool) else to_number(share)


def _made_up(form: Form, row: Row, attempt: int) -> dict[str, str]:
    """Answer the row and those it looks at, question by question, with answers that are accepted."""
    values: dict[str, str] = {}
    for each in form.rows:
        if each.number in form.neighbours[row.number]:
            _fill(form, each, values, attempt)
    return values


def _fill(form: Form, row: Row, values: dict[str, str], attempt: int) -> None:
    tried: set[str] = set()
    while waiting := next((each for each in asked(form, row, values, _A_DAY) if _is_open(each, tried)), None):
        tried.add(waiting.key)
        candidates = _candidates(form, waiting.key, values, attempt + len(tried) * (attempt % 3))
        found = next((value for value in candidates if not check_answer(form, waiting.key, value, values, _A_DAY)), "")
        values[waiting.key] = found


def _is_open(each: Asked, tried: set[str]) -> bool:
    return each.key not in tried and each.question.kind is not QuestionKind.NOTE and not each.question.is_evidence


def _candidates(form: Form, key: AnswerKey, values: Mapping[str, str], attempt: int) -> list[str]:
    question = form.question_by_name[key.partition(REPEAT_MARK)[0]]
    found = _chosen(form, key, values) if question.is_choice else _usual(question)
    start = attempt % len(found) if found else 0
    return [*found[start:], *found[:start]]


def _chosen(form: Form, key: AnswerKey, values: Mapping[str, str]) -> list[str]:
    names = [each.name for each in choices_for(form, key, values, _A_DAY)]
    if form.question_by_name[key.partition(REPEAT_MARK)[0]].kind is QuestionKind.SELECT_ONE:
        return names
    return [*names, " ".join(names), " ".join(names[:-1]) or names[0], " ".join(names[:2])] if names else []


def _usual(question: Question) -> list[str]:
    match question.kind:
        case QuestionKind.INTEGER | QuestionKind.DECIMAL:
            return list(_NUMBERS)
        case QuestionKind.RANGE:
            return [to_text(question.lowest), to_text(question.highest)]
        case QuestionKind.DATE:
            return [_A_DAY.isoformat(), "2024-06-30"]
        case _:
            return ["5"]

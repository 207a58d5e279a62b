"""What is asked, given the answers so far: which questions, in which row, and how far each row has come.

Answers to questions that are not relevant count as unanswered everywhere, without being deleted: when the question
becomes relevant again, its answer is there again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import product

from indicators.effective import Effective, Seen, effective_values, names_needed, plan_of
from indicators.form import (
    REPEAT_MARK,
    AnswerKey,
    Choice,
    Form,
    Question,
    QuestionKind,
    Row,
    Scope,
    Text,
)
from indicators.shares import as_share
from indicators.xpath_parsing import COLUMN_MARK
from indicators.xpath_values import Endless, number_in


class RowStatus(StrEnum):
    """How far a row has come."""

    UNTOUCHED = "untouched"
    STARTED = "started"
    ANSWERED = "answered"
    """Every required question that is relevant has an answer, and at least one question has."""
    NOT_RELEVANT = "not_relevant"
    """Nothing in it is asked now; notes alone are not asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is relevant now; ``instance`` is the turn of its repeat, from 1 (1 outside repeats)."""

    key: AnswerKey
    question: Question
    instance: int = 1


@dataclass(frozen=True, slots=True)
class RowState:
    """How far a row has come and what it earns."""

    status: RowStatus
    share: Fraction | None
    """None: not yet known. Otherwise between 0 and 1, a whole number of billionths."""
    missing: tuple[AnswerKey, ...]
    """Required questions without an answer, in order."""
    missing_evidence: bool
    """A photo or document is asked for and none has come."""
    has_answers: bool
    """Something is answered, be it relevant now or not."""


class ObjectionReason(StrEnum):
    """Why an answer cannot stand."""

    CONSTRAINT = "constraint"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"


@dataclass(frozen=True, slots=True)
class Objection:
    """An answer that cannot stand; ``references`` are the other answers that it was held against."""

    message: Text
    """The form's own message; empty where the form has none."""
    references: tuple[AnswerKey, ...]
    reason: ObjectionReason = ObjectionReason.CONSTRAINT


MOST_REMEMBERED = 2048
"""Looks kept for each row of a form; about 1 kB each."""


@dataclass(frozen=True, slots=True)
class Look:
    """A row as its answers make it: what is asked now, and how far it has come."""

    asked: tuple[Asked, ...]
    """The questions that are relevant now, in order, notes among them."""
    state: RowState


def asked(form: Form, row: Row, values: Mapping[str, str], today: date) -> tuple[Asked, ...]:
    """Give the questions of a row that are relevant now, in order, notes among them."""
    return look_at(form, row, values, today).asked


def row_state(form: Form, row: Row, values: Mapping[str, str], today: date) -> RowState:
    """Tell how far a row has come; a row whose questions are all optional is answered as soon as one is."""
    return look_at(form, row, values, today).state


def look_at(form: Form, row: Row, values: Mapping[str, str], today: date) -> Look:
    """Look at a row, or remember what was seen when its answers were alike."""
    plan = plan_of(form, row)
    fingerprint = plan.fingerprint(values, today)
    found: Look | None = plan.remembered.get(fingerprint)
    if found is not None:
        return found
    effective = effective_values(form, row, values, today)
    questions = tuple(Asked(key, seen.question, turn) for key, seen, turn in _shown(effective))
    look = Look(questions, _state(row, values, effective))
    if fingerprint is not None:
        if len(plan.remembered) >= MOST_REMEMBERED:
            plan.remembered.clear()
        plan.remembered[fingerprint] = look
    return look


def _shown(effective: Effective) -> Iterator[tuple[AnswerKey, Seen, int]]:
    shown = effective.shown
    for repeat, questions in effective.plan.groups:
        if repeat is None:
            yield from ((each.key, each, 1) for each in questions if each.key in shown)
            continue
        for turn, each in product(range(1, effective.turns.get(repeat.name, 0) + 1), questions):
            key = AnswerKey(f"{each.key}{REPEAT_MARK}{turn}")
            if key in shown:
                yield key, each, turn


def _state(row: Row, values: Mapping[str, str], effective: Effective) -> RowState:
    missing: list[AnswerKey] = []
    answered = questions = 0
    missing_evidence = False
    for key, seen, _ in _shown(effective):
        if seen.is_note:
            continue
        questions += 1
        if effective.values.get(key):
            answered += 1
        elif seen.is_evidence:
            missing_evidence = True
        if not effective.values.get(key) and (seen.is_always_required or _is_required(seen, effective, key)):
            missing.append(key)
    has_answers = answered > 0 or _has_answers(row, values)
    status = _status(questions, answered, missing, has_answers=has_answers)
    share = row.share
    known = as_share(share.evaluate(effective.scope())) if share and status is RowStatus.ANSWERED else None
    return RowState(status, known, tuple(missing), missing_evidence, has_answers)


def _status(questions: int, answered: int, missing: list[AnswerKey], *, has_answers: bool) -> RowStatus:
    if not questions:
        return RowStatus.NOT_RELEVANT
    if answered and not missing:
        return RowStatus.ANSWERED
    return RowStatus.STARTED if has_answers else RowStatus.UNTOUCHED


def _is_required(seen: Seen, effective: Effective, key: str) -> bool:
    required = seen.question.required
    return required is not None and required.is_true(effective.scope(key))


def _has_answers(row: Row, values: Mapping[str, str]) -> bool:
    for question in row.questions:
        if values.get(question.name):
            return True
        if question.repeat and any(key.startswith(question.name + REPEAT_MARK) for key in values):
            return True
    return False


def check_answer(  # noqa: PLR0917 - the question, the answer, and what everything here takes: answers and day
    form: Form, key: AnswerKey, value: str, values: Mapping[str, str], today: date
) -> Objection | None:
    """Hold an answer against its choices, its range and its constraint; None when it can stand."""
    question = question_of(form, key)
    if question.constraint is None and question.choice_filter is None:
        return _object(question, value, question.choices)
    effective = effective_values(form, form.row_by_number[question.row], {**values, key: value}, today)
    scope = effective.scope(key, value)
    objection = _object(question, value, _choices(question, scope))
    if objection or question.constraint is None or question.constraint.is_true(scope):
        return objection
    return Objection(question.constraint_message, tuple(_looked_at(form, key, effective)))


def _object(question: Question, value: str, choices: tuple[Choice, ...]) -> Objection | None:
    if question.is_choice and not {each.name for each in choices}.issuperset(value.split()):
        return Objection(question.constraint_message, (), ObjectionReason.NOT_A_CHOICE)
    if not _is_in_range(question, value):
        return Objection(question.constraint_message, (), ObjectionReason.OUT_OF_RANGE)
    return None


def _is_in_range(question: Question, value: str) -> bool:
    if question.lowest is None or question.highest is None or not question.step:
        return True
    amount = number_in(value)
    if isinstance(amount, Endless) or not question.lowest <= amount <= question.highest:
        return False
    return (amount - question.lowest) % question.step == 0


def _looked_at(form: Form, key: AnswerKey, effective: Effective) -> Iterator[AnswerKey]:
    """Find the answered questions behind a constraint, through what is calculated from them."""
    question = question_of(form, key)
    turn = key.partition(REPEAT_MARK)[2]
    waiting, seen = sorted(question.constraint.references if question.constraint else ()), {question.name}
    for name in waiting:
        other = form.question_by_name.get(name)
        if name in seen or other is None:
            continue
        seen.add(name)
        if other.kind is QuestionKind.CALCULATE:
            waiting.extend(sorted(names_needed(other)))
            continue
        found = AnswerKey(f"{name}{REPEAT_MARK}{turn}" if turn and other.repeat == question.repeat else name)
        if effective.values.get(found):
            yield found


def choices_for(form: Form, key: AnswerKey, values: Mapping[str, str], today: date) -> tuple[Choice, ...]:
    """Give the choices that are offered now, in the form's order."""
    question = question_of(form, key)
    if question.choice_filter is None:
        return question.choices
    effective = effective_values(form, form.row_by_number[question.row], values, today)
    return _choices(question, effective.scope(key))


def _choices(question: Question, scope: Scope) -> tuple[Choice, ...]:
    wanted = question.choice_filter
    if wanted is None:
        return question.choices
    return tuple(each for each in question.choices if wanted.is_true(_with_columns(scope, each)))


def _with_columns(scope: Scope, choice: Choice) -> Scope:
    columns = {COLUMN_MARK + column: value for column, value in choice.attributes.items()}
    return Scope({**scope.values, **columns}, scope.today, scope.current)


def question_of(form: Form, key: AnswerKey) -> Question:
    """Find the question that an answer belongs to.

    Raises:
        KeyError: the form has no such question.
    """
    return form.question_by_name[key.partition(REPEAT_MARK)[0]]

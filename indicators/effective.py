"""Which answers count: those to questions that are relevant now, together with what is calculated from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from indicators.expressions import TURN
from indicators.form import (
    MOST_REPEATS,
    REPEAT_MARK,
    SILENT_KINDS,
    AnswerKey,
    Expression,
    Form,
    Question,
    QuestionKind,
    Repeat,
    Row,
    Scope,
)
from indicators.xpath_values import Endless, to_number

Evaluate = Callable[[Scope], object]
ALWAYS = "true()"
"""The condition that holds without being looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """What must be worked out for one question, prepared once."""

    name: str
    relevant: tuple[Evaluate, ...]
    calculation: Evaluate | None
    repeat: Repeat | None
    is_own: bool
    """It belongs to the row itself, not to one that the row looks at."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One of the row's own questions that a person sees, with what is asked of it again and again."""

    key: AnswerKey
    question: Question
    is_note: bool
    is_evidence: bool
    is_always_required: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """For one row, all the questions that its state depends on; each comes after those that it looks at."""

    steps: tuple[Step, ...]
    groups: tuple[tuple[Repeat | None, tuple[Seen, ...]], ...]
    """The row's own questions that a person sees, in order, those of a repeat together."""
    repeats: Mapping[str, str]
    """For each question in a repeat, the name of the repeat."""
    compared: tuple[str, ...]
    """Questions whose answer an expression looks at."""
    mentioned: tuple[str, ...]
    """All others: it only matters whether they are answered."""
    remembered: dict[Hashable, Any] = field(default_factory=dict)
    """What was worked out before; a row's answers take few forms that differ, so most is worked out once."""

    def fingerprint(self, values: Mapping[str, str], today: date) -> Hashable:
        """Give what the state of the row depends on; None where it repeats questions and is not remembered."""
        if self.repeats:
            return None
        given = values.get
        return (today, *map(given, self.compared), *[bool(given(name)) for name in self.mentioned])


@dataclass(slots=True)  # not frozen: making a frozen one takes five times as long, and it is made for every row
class Effective:
    """The answers that count, by key; in a repeat, what is asked and unanswered is an empty text."""

    plan: Plan
    today: date
    values: dict[str, Any]
    shown: set[str]
    """Keys of the row's own questions that are relevant."""
    turns: dict[str, int]
    """How often each repeat is asked."""

    def scope(self, key: str = "", current: str = "") -> Scope:
        """Give what an expression of the question with this key may look at."""
        name, _, turn = key.partition(REPEAT_MARK)
        if not turn:
            return Scope(self.values, self.today, current)
        siblings = {each for each, repeat in self.plan.repeats.items() if repeat == self.plan.repeats.get(name)}
        return Scope(_Turn(self.values, siblings, turn), self.today, current)


class _Turn(Mapping[str, Any]):
    """The answers as one turn of a repeat sees them: a sibling's name means its answer in the same turn."""

    def __init__(self, values: Mapping[str, Any], siblings: set[str], turn: str) -> None:
        self._values = values
        self._siblings = siblings
        self._turn = turn

    def __getitem__(self, name: str) -> Any:
        if name == TURN:
            return self._turn
        return self._values[f"{name}{REPEAT_MARK}{self._turn}" if name in self._siblings else name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._values, *self._siblings, TURN))

    def __len__(self) -> int:
        return len(tuple(iter(self)))


def plan_of(form: Form, row: Row) -> Plan:
    """Give the plan of a row, made once for each form."""
    key = ("plan", row.number)
    plan: Plan | None = form.derived.get(key)
    if plan is None:
        plan = form.derived[key] = _plan(form, row)
    return plan


def effective_values(form: Form, row: Row, values: Mapping[str, str], today: date) -> Effective:
    """Work out which answers count for a row; answers to questions that are not relevant do not."""
    result = Effective(plan_of(form, row), today, {}, set(), {})
    known = result.values
    scope = result.scope()
    for step in result.plan.steps:
        if step.repeat is not None:
            _take_turns(result, step, step.repeat, values)
            continue
        given = values.get(step.name)
        if not (given or step.is_own or step.calculation) or not _holds(step.relevant, scope):
            continue
        if step.is_own:
            result.shown.add(step.name)
        if step.calculation:
            known[step.name] = step.calculation(scope)
        elif given:
            known[step.name] = given
    return result


def _holds(conditions: Iterable[Evaluate], scope: Scope) -> bool:
    for condition in conditions:  # noqa: SIM110 - hot path: a generator in all() would cost as much again
        if not condition(scope):
            return False
    return True


def _take_turns(result: Effective, step: Step, repeat: Repeat, values: Mapping[str, str]) -> None:
    if repeat.name not in result.turns:
        result.turns[repeat.name] = _times(repeat.count, result.scope())
    for turn in range(1, result.turns[repeat.name] + 1):
        key = f"{step.name}{REPEAT_MARK}{turn}"
        scope = result.scope(key)
        if not _holds(step.relevant, scope):
            continue
        result.values[key] = step.calculation(scope) if step.calculation else values.get(key, "")
        if step.is_own:
            result.shown.add(key)


def _times(count: Expression, scope: Scope) -> int:
    amount = to_number(count.evaluate(scope))
    if isinstance(amount, Endless):
        return 0
    return max(0, min(MOST_REPEATS, math.floor(amount)))


def _plan(form: Form, row: Row) -> Plan:
    own = {question.name for question in row.questions}
    wanted = list(_names_wanted(row))
    ordered = _in_order(form, wanted)
    repeats = {name: each.repeat.name for name, each in form.question_by_name.items() if each.repeat}
    groups = groupby((each for each in row.questions if each.kind not in SILENT_KINDS), key=lambda each: each.repeat)
    compared = _names_compared(row, ordered)
    return Plan(
        steps=tuple(_step(question, is_own=question.name in own) for question in ordered),
        groups=tuple((repeat, tuple(map(_seen, questions))) for repeat, questions in groups),
        repeats=repeats if any(each.repeat for each in ordered) else {},
        compared=tuple(each.name for each in ordered if each.name in compared),
        mentioned=tuple(each.name for each in ordered if each.name not in compared),
    )


def _names_compared(row: Row, questions: Iterable[Question]) -> frozenset[str]:
    required = (question.required for question in row.questions if question.required)
    looked_at = (expression.references for expression in (*required, *((row.share,) if row.share else ())))
    return frozenset[str]().union(*looked_at, *map(names_needed, questions))


def _names_wanted(row: Row) -> Iterator[str]:
    if row.share:
        yield from sorted(row.share.references)
    for question in row.questions:
        yield question.name
        for expression in (question.required, question.constraint, question.choice_filter):
            yield from sorted(expression.references) if expression else ()


def names_needed(question: Question) -> frozenset[str]:
    """Give the questions that must be known before it is known whether this answer counts."""
    repeat = (question.repeat.count,) if question.repeat else ()
    calculation = (question.calculation,) if question.calculation else ()
    return frozenset[str]().union(*(each.references for each in (*question.relevant, *calculation, *repeat)))


def _in_order(form: Form, names: Iterable[str]) -> list[Question]:
    """Sort so that each question comes after those it needs; loading has made sure that there is no circle."""
    ordered: dict[str, Question] = {}
    trail: list[Question] = []
    waiting = [iter(names)]
    while waiting:
        name = next(waiting[-1], None)
        if name is None:
            waiting.pop()
            ordered.update((question.name, question) for question in trail[-1:])
            del trail[-1:]
        elif name not in ordered and name in form.question_by_name:
            question = form.question_by_name[name]
            trail.append(question)
            waiting.append(iter(sorted(names_needed(question))))
    return list(ordered.values())


def _seen(question: Question) -> Seen:
    required = question.required
    return Seen(
        key=AnswerKey(question.name),
        question=question,
        is_note=question.kind is QuestionKind.NOTE,
        is_evidence=question.is_evidence,
        is_always_required=required is not None and required.source == ALWAYS,
    )


def _step(question: Question, *, is_own: bool) -> Step:
    return Step(
        name=question.name,
        relevant=tuple(each.evaluate for each in question.relevant if each.source != ALWAYS),
        calculation=question.calculation.evaluate if question.calculation else None,
        repeat=question.repeat,
        is_own=is_own,
    )

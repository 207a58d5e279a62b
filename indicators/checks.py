"""What pyxform does not check: that points add up, references lead somewhere, nothing runs in circles, texts fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from fractions import Fraction

from indicators.effective import names_needed
from indicators.form import SILENT_KINDS, Expression, Form, Question, QuestionKind, Row, Text
from indicators.problems import Problem
from indicators.sheets import SheetReader
from indicators.xpath_parsing import COLUMN_MARK
from indicators.xpath_values import to_text

LONGEST_LABEL, LONGEST_HINT, LONGEST_GUIDANCE, LONGEST_MESSAGE = 200, 120, 600, 200
LONGEST_TITLE, LONGEST_CHOICE = 40, 60
LONGEST_NAMES = 40
"""Characters of a question's and a choice's name together: a button carries both in 64 bytes."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}", re.ASCII)
_OUR_LISTS = ("bukti", "satuan", "opd")


def check(form: Form, sheets: SheetReader, maxima: Mapping[str, Fraction]) -> None:
    """Note every problem of a form that was built; ``maxima`` are the indicators' own, where they are known."""
    sheets.problems.extend(_whole(form, maxima))
    for row in form.rows:
        _check_row(form, row, sheets)
    for name in _in_circles(form):
        message = f"The answers run in a circle: {' -> '.join(name)}."
        sheets.report(name[0], None, message, "Take one of these references out.")
    _check_choices(sheets)


def _whole(form: Form, maxima: Mapping[str, Fraction]) -> Iterator[Problem]:
    if not any(row.questions for row in form.rows):
        yield Problem("survey", None, None, "The form asks nothing.", "Add questions.")
    if not _KEY.fullmatch(form.key):
        message = f"Expected a form_id of at most 40 letters, digits, '_', '-' and '.', found {form.key!r}."
        yield Problem("settings", 2, "form_id", message, "Shorten it.")
    found = sum(_points_by_indicator(form, maxima), start=Fraction(0))
    if form.total != found and (form.total or any(row.points for row in form.rows)):
        message = f"Expected {to_text(form.total)} points, the rows add up to {to_text(found)}."
        remedy = "Correct the points of the rows or the declared total; indicators count up to their own maximum."
        yield Problem("settings", 2, "attribute::kla:total", message, remedy)


def _points_by_indicator(form: Form, maxima: Mapping[str, Fraction]) -> Iterator[Fraction]:
    points: dict[str, Fraction] = {}
    for row in form.rows:
        points[row.indicator] = points.get(row.indicator, Fraction(0)) + row.points
    for indicator, found in points.items():
        yield min(found, maxima.get(indicator, found))


def _check_row(form: Form, row: Row, sheets: SheetReader) -> None:
    if row.points and row.share is None:
        message = f"Row {row.number} is worth points and does not say when they are earned."
        sheets.report(row.name, "instance::kla:share", message, "Write an expression, for example ${answer} = 'ada'.")
    if not row.questions:
        sheets.report(row.name, None, f"Row {row.number} asks nothing.", "Add questions or take the group out.")
    if row.is_scored:
        _check_text(sheets, row.name, ("label", row.title, LONGEST_TITLE))
    _check_references(form, sheets, row.name, {"instance::kla:share": row.share})
    for question in row.questions:
        _check_question(form, question, sheets)


def _check_question(form: Form, question: Question, sheets: SheetReader) -> None:
    name = question.name
    longest = max((len(choice.name) for choice in question.choices), default=0)
    if not _NAME.fullmatch(name) or len(name) + longest > LONGEST_NAMES:
        message = f"The name {name!r} and its longest choice name have {len(name) + longest} characters."
        remedy = f"Use letters without accents, digits and '_', and at most {LONGEST_NAMES} characters together."
        sheets.report(name, "name", message, remedy)
    if not question.label and question.kind not in SILENT_KINDS:
        sheets.report(name, "label", f"The question {name!r} has no text.", "Write what the person is asked.")
    if question.kind is QuestionKind.CALCULATE and question.calculation is None:
        sheets.report(name, "calculation", f"{name!r} calculates nothing.", "Write an expression.")
    for each in _texts(question):
        _check_text(sheets, name, each)
    _check_references(form, sheets, name, _expressions(question))


def _texts(question: Question) -> Iterator[tuple[str, Text, int]]:
    yield "label", question.label, LONGEST_LABEL
    yield "hint", question.hint, LONGEST_HINT
    yield "guidance_hint", question.guidance, LONGEST_GUIDANCE
    yield "constraint_message", question.constraint_message, LONGEST_MESSAGE


def _expressions(question: Question) -> Mapping[str, Expression | None]:
    return {
        **{f"relevant{' ' * place}": each for place, each in enumerate(question.relevant)},
        "required": question.required,
        "constraint": question.constraint,
        "calculation": question.calculation,
        "choice_filter": question.choice_filter,
        "repeat_count": question.repeat.count if question.repeat else None,
    }


def _check_text(sheets: SheetReader, name: str, written: tuple[str, Text, int]) -> None:
    column, text, longest = written
    for message, remedy in _text_faults(text, sheets.languages, longest):
        sheets.report(name, column, message, remedy)


def _text_faults(text: Text, languages: tuple[str, ...], longest: int) -> Iterator[tuple[str, str]]:
    missing = [language for language in languages if not text.by_language.get(language)]
    if text and missing:
        yield f"The text is missing in {', '.join(missing)}.", "Write it in every language of the form, or in none."
    for language, said in text.by_language.items():
        if len(said) > longest:
            yield f"The text ({language}) has {len(said)} characters, at most {longest} fit.", "Shorten it."
        if "${" in said:
            yield f"The text ({language}) refers to an answer: {said!r}.", "Write the text without ${...}."


def _check_references(form: Form, sheets: SheetReader, name: str, expressions: Mapping[str, Expression | None]) -> None:
    question = form.question_by_name.get(name)
    columns = {COLUMN_MARK + key for choice in (question.choices if question else ()) for key in choice.attributes}
    for column, expression in expressions.items():
        for reference in sorted(expression.references if expression else ()):
            if reference not in form.question_by_name and reference not in columns:
                message = f"The expression refers to {reference.lstrip(COLUMN_MARK)!r}, which is not there."
                sheets.report(name, column.strip(), message, _suggestion(form, reference))


def _suggestion(form: Form, reference: str) -> str:
    if reference.startswith(COLUMN_MARK):
        return "Add this column to the choices sheet, or write ${name} for an answer."
    near = get_close_matches(reference, form.question_by_name, n=1)
    return f"Did you mean {near[0]!r}?" if near else "Correct the name."


def _in_circles(form: Form) -> Iterator[list[str]]:
    """Find questions whose answers depend on themselves, each circle once."""
    done: set[str] = set()
    for name in form.question_by_name:
        circle = _circle_from(form, name, done)
        if circle:
            yield circle


def _circle_from(form: Form, start: str, done: set[str]) -> list[str] | None:
    """Follow the references from a question, however far they lead; ``done`` are those that lead into no circle."""
    trail: list[str] = []
    waiting = [iter((start,))]
    while waiting:
        name = next(waiting[-1], None)
        if name is None:
            waiting.pop()
            done.update(trail[-1:])
            del trail[-1:]
        elif name in trail:
            done.update(trail)
            return [*trail[trail.index(name) :], name]
        elif name not in done and name in form.question_by_name:
            trail.append(name)
            waiting.append(iter(sorted(names_needed(form.question_by_name[name]))))
    return None


def _check_choices(sheets: SheetReader) -> None:
    for list_name, elements in sheets.source.survey.get("choices", {}).items():
        seen: dict[str, str] = {}
        for element in elements:
            name, label = str(element["name"]), sheets.text(element.get("label"))
            for message, remedy in _choice_faults(name, label, list_name, sheets.languages):
                sheets.report_choice(list_name, name, message, remedy)
            for said in {text.casefold() for text in label.by_language.values()}:
                if said in seen:
                    message = f"The choices {seen[said]!r} and {name!r} of {list_name!r} have the same text {said!r}."
                    remedy = "Make them different: a typed answer could not tell them apart."
                    sheets.report_choice(list_name, name, message, remedy)
                seen[said] = name


def _choice_faults(name: str, label: Text, list_name: str, languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if name.split() != [name]:
        yield f"The choice name {name!r} holds a space.", "Write it as one word."
    if list_name not in _OUR_LISTS and len(name) > LONGEST_NAMES:
        yield f"The choice name {name!r} is too long.", f"At most {LONGEST_NAMES} characters fit."
    yield from _text_faults(label, languages, LONGEST_CHOICE)

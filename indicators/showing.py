"""A form as a person would meet it: parts, rows, points, questions, choices, and conditions in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from indicators.form import SILENT_KINDS, Expression, Form, Question, QuestionKind, Row
from indicators.scores import format_points

_WORDS: Mapping[str, Mapping[str, str]] = {
    "id": {
        "points": "poin",
        "if": "bila",
        "required": "wajib",
        "must": "syarat",
        "earned": "nilai penuh bila",
        "share": "bagian nilai",
        "evidence": "bukti",
        "holders": "pemegang data",
        "unit": "satuan",
        "many": "boleh lebih dari satu",
        "repeat": "diulang sebanyak",
        " and ": " dan ",
        " or ": " atau ",
        "not(": "bukan (",
    },
    "en": {
        "points": "points",
        "if": "if",
        "required": "required",
        "must": "condition",
        "earned": "full points if",
        "share": "share of points",
        "evidence": "evidence",
        "holders": "data held by",
        "unit": "unit",
        "many": "several allowed",
        "repeat": "repeated as often as",
        " and ": " and ",
        " or ": " or ",
        "not(": "not (",
    },
}
_SIGNS = ((">=", "≥"), ("<=", "≤"), ("!=", "≠"), (" div ", " ÷ "))
_COMPARED = re.compile(r"\$\{([\w.-]+)\}\s*(=|!=)\s*'([^']*)'")
_SELECTED = re.compile(r"selected\(\s*\$\{([\w.-]+)\}\s*,\s*'([^']*)'\s*\)")
_ANSWER = re.compile(r"\$\{([\w.-]+)\}")
_LONGEST_QUOTE = 48


def show_form(form: Form, language: str) -> str:
    """Write the form out as plain text, a question a line, in one of its languages."""
    return "\n".join(_lines(form, language if language in _WORDS else "id")) + "\n"


def _lines(form: Form, language: str) -> Iterator[str]:
    words = _WORDS[language]
    yield f"{form.title.said(language)} ({form.key} {form.version}), {_points(form.total, language)}"
    for part in form.parts:
        yield f"\n# {part.title.said(language)}"
        titles = {group.rows[0]: group.title.said(language) for group in part.indicators}
        for number in part.rows:
            if number in titles:
                yield f"\n## {titles[number]}"
            yield from _row_lines(form, form.row_by_number[number], language, words)


def _points(points: Fraction, language: str) -> str:
    return f"{format_points(points, language)} {_WORDS[language]['points']}"


def _row_lines(form: Form, row: Row, language: str, words: Mapping[str, str]) -> Iterator[str]:
    points = f" ({_points(row.points, language)})" if row.is_scored else ""
    yield f"\n{row.ordinal}. {row.number} {row.title.said(language)}{points}"
    for question in row.questions:
        if question.kind not in SILENT_KINDS:
            yield from _question_lines(form, question, language, words)
    if row.share:
        label = words["earned"] if _is_test(row.share) else words["share"]
        yield f"   = {label}: {in_words(form, row.share, language)}"
    if row.evidence:
        yield f"   {words['evidence']}: {', '.join(each.label.said(language) for each in row.evidence)}"
    if row.holders:
        yield f"   {words['holders']}: {', '.join(form.offices[each].said(language) for each in row.holders)}"


def _is_test(share: Expression) -> bool:
    return re.search(r"[=<>]|selected\(|true\(\)", share.source) is not None and "if(" not in share.source


def _question_lines(form: Form, question: Question, language: str, words: Mapping[str, str]) -> Iterator[str]:
    marks = [str(question.kind)]
    if question.required:
        marks.append(words["required"])
    if question.unit:
        marks.append(f"{words['unit']} {question.unit_label.said(language)}")
    if question.kind is QuestionKind.SELECT_MULTIPLE:
        marks.append(words["many"])
    yield f"   - {question.label.said(language)} [{question.name}: {', '.join(marks)}]"
    for condition in question.relevant:
        yield f"       {words['if']} {in_words(form, condition, language)}"
    if question.constraint:
        yield f"       {words['must']}: {in_words(form, question.constraint, language)}"
    if question.repeat:
        yield f"       {words['repeat']} {in_words(form, question.repeat.count, language)}"
    for place, choice in enumerate(question.choices, start=1):
        yield f"       {place}) {choice.label.said(language)}"


def in_words(form: Form, expression: Expression, language: str) -> str:
    """Write an expression with questions and choices by what a person sees, and signs by words where there are some."""
    words = _WORDS[language]

    def compared(found: re.Match[str]) -> str:
        sign = "=" if found[2] == "=" else "≠"
        return f"{_quoted(form, found[1], language)} {sign} {_chosen(form, found[1], found[3], language)}"

    said = _COMPARED.sub(compared, expression.source)
    said = _SELECTED.sub(
        lambda found: f"{_quoted(form, found[1], language)} ∋ {_chosen(form, found[1], found[2], language)}", said
    )
    said = _ANSWER.sub(lambda found: _quoted(form, found[1], language), said)
    for sign, shown in (*_SIGNS, *((each, words[each]) for each in (" and ", " or ", "not("))):
        said = said.replace(sign, shown)
    return said


def _quoted(form: Form, name: str, language: str) -> str:
    """Quote the question; what is calculated has no text and goes by its name."""
    question = form.question_by_name[name]
    label = question.label.said(language) or name
    return f"\u201c{label if len(label) <= _LONGEST_QUOTE else label[: _LONGEST_QUOTE - 1] + '…'}\u201d"


def _chosen(form: Form, name: str, value: str, language: str) -> str:
    labels = {choice.name: choice.label.said(language) for choice in form.question_by_name[name].choices}
    return labels.get(value, f"'{value}'")

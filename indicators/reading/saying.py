"""Answers said back as people write them; what is said here reads back as the same answer."""

from __future__ import annotations

from fractions import Fraction

from indicators.filling import question_of
from indicators.form import AnswerKey, Form, Question, QuestionKind
from indicators.reading.dates import say_date
from indicators.reading.places import say_place
from indicators.xpath_values import Endless, number_in, to_text

LEAST_GROUPED = 10_000
"""A number below this without a unit is more likely a year than a count: it is written without a thousands mark."""
_FILES = {"id": ("berkas", "berkas"), "en": ("file", "files")}


def say_value(form: Form, key: AnswerKey, value: str, language: str) -> str:
    """Write an answer for people: ``1.200 anak``, ``Rp25.000.000``, ``75,5 %``, ``17 Agustus 2025``, ``Sudah ada``."""
    question = question_of(form, key)
    match question.kind:
        case QuestionKind.INTEGER | QuestionKind.DECIMAL | QuestionKind.RANGE:
            return _say_amount(question, value, language)
        case QuestionKind.DATE:
            return say_date(value, language)
        case QuestionKind.SELECT_ONE | QuestionKind.SELECT_MULTIPLE:
            return _say_choices(question, value, language)
        case QuestionKind.IMAGE | QuestionKind.FILE:
            one, many = _FILES.get(language, _FILES["id"])
            return f"{value} {one if value == '1' else many}"
        case QuestionKind.GEOPOINT:
            return say_place(value)
        case _:
            return value


def say_number(amount: Fraction, language: str) -> str:
    """Write a number with its thousands marked: 1.200,5 in Indonesian, 1,200.5 in English."""
    whole, _, decimals = to_text(abs(amount)).partition(".")
    group, point = (",", ".") if language == "en" else (".", ",")
    grouped = f"{int(whole):,}".replace(",", group)
    return ("-" if amount < 0 else "") + grouped + (point + decimals if decimals else "")


def _say_amount(question: Question, value: str, language: str) -> str:
    amount = number_in(value)
    if isinstance(amount, Endless):
        return value
    said = say_number(Fraction(amount), language)
    match question.unit:
        case "" if -LEAST_GROUPED < amount < LEAST_GROUPED:
            return said.replace("." if language != "en" else ",", "")
        case "":
            return said
        case "rupiah":
            return f"Rp{said}"
        case "persen":
            return f"{said} %"
        case _:
            return f"{said} {question.unit_label.said(language)}".strip()


def _say_choices(question: Question, value: str, language: str) -> str:
    if question.kind is QuestionKind.SELECT_ONE:
        return next((each.label.said(language) for each in question.choices if each.name == value), value)
    labels = {each.name: each.label.said(language) for each in question.choices}
    said = [labels.get(name, name) for name in value.split()]
    return ("; " if any("," in label or " dan " in label for label in said) else ", ").join(said)

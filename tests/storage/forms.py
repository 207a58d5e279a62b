"""Small forms and a library, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from conversations.brief import Library
from indicators.expressions import compile_expression
from indicators.form import (
    NO_TEXT,
    Form,
    FormKey,
    Part,
    Question,
    QuestionKind,
    Row,
    RowNumber,
    Text,
)
from indicators.instrument import Instrument

NOW = datetime(2026, 3, 12, 8, 0, tzinfo=UTC)
SOON = timedelta(minutes=2)
DUE = NOW + timedelta(days=20)
TRUE = compile_expression("true()")


def said(words: str) -> Text:
    return Text({"id": words})


def make_row(number: str, place: int, *, holders: tuple[str, ...] = (), is_scored: bool = True) -> Row:
    name = "r" + number.replace(".", "_")
    question = Question(name + "_q", QuestionKind.INTEGER, RowNumber(number), said("Berapa?"))
    return Row(
        number=RowNumber(number),
        name=name,
        ordinal=place,
        title=said(number),
        part="p",
        indicator=number.partition(".")[0],
        points=Fraction(4) if is_scored else Fraction(0),
        share=TRUE if is_scored else None,
        is_falling=False,
        evidence=(),
        holders=holders,
        questions=(question,),
    )


def make_form(key: str, unit: str, rows: tuple[Row, ...], version: str = "2024.1") -> Form:
    return Form(
        key=FormKey(key),
        version=version,
        title=said(key),
        unit=unit,
        total=sum((row.points for row in rows), Fraction(0)),
        languages=("id",),
        parts=(Part("p", NO_TEXT, tuple(row.number for row in rows)),),
        rows=rows,
        offices={each: said(each) for row in rows for each in row.holders},
    )


DEKELA = make_form(
    "dekela",
    "desa",
    (make_row("26.1", 1), make_row("26.2", 2), make_row("26.3", 3), make_row("26.9", 4, is_scored=False)),
)
KELANA = make_form("kelana", "kecamatan", (make_row("25.1", 1), make_row("25.2", 2)))
KABUPATEN = make_form(
    "kabupaten",
    "kabupaten",
    (make_row("1.1", 1, holders=("dinkes",)), make_row("1.2", 2, holders=("disdik", "dinkes"))),
)
DRPPA = make_form("drppa", "desa", (make_row("D1", 1, is_scored=False),))


def make_library(*forms: Form) -> Library:
    by_key = {form.key: form for form in forms or (DEKELA, KELANA, KABUPATEN, DRPPA)}
    instrument = Instrument(2024, by_key, (), (), "lower_bound", (), "", Fraction(1000))
    return Library(instrument, {str(key): form for key, form in by_key.items()})

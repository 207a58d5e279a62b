"""A form that was kept is the form that was read, and computes the same; what cannot be read is read anew."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import indicators
from indicators.form import Expression, Form, Scope
from indicators.keeping import decode_form, digest, encode_form, kept_form
from indicators.loading import load_form

YEAR = Path(indicators.__file__).parent / "kla_2024"
ROOT = Path(__file__).parents[2]
SCOPE = Scope({}, date(2026, 3, 12))


def expressions(form: Form) -> Iterator[Expression]:
    for row in form.rows:
        yield from (each for each in (row.share,) if each)
        for question in row.questions:
            named = (question.required, question.constraint, question.calculation, question.choice_filter)
            yield from (each for each in (*question.relevant, *named) if each)


@pytest.mark.parametrize("key", ["dekela", "drppa"])
def test_every_form_of_the_instrument_is_kept_whole(key: str) -> None:
    read = load_form(YEAR / f"{key}.md")

    kept = decode_form(encode_form(read))

    assert kept == read
    pairs = list(zip(expressions(kept), expressions(read), strict=True))
    assert pairs
    assert [each.evaluate(SCOPE) for each, _ in pairs] == [each.evaluate(SCOPE) for _, each in pairs]
    assert [each.references for each, _ in pairs] == [each.references for _, each in pairs]


def test_an_expression_that_stands_at_many_questions_is_kept_once() -> None:
    read = load_form(YEAR / "dekela.md")

    kept = decode_form(encode_form(read))

    assert len({id(each) for each in expressions(kept)}) == len(set(expressions(read)))


def test_a_kept_form_does_without_the_parsers(tmp_path: Path) -> None:
    path = YEAR / "dekela.md"
    load_form(path, tmp_path)
    program = f"""
import sys
from pathlib import Path
from indicators.loading import load_form
form = load_form(Path({str(path)!r}), Path({str(tmp_path)!r}))
form.rows[0].share.evaluate
print(*({{"elementpath", "openpyxl", "pyxform"}} & set(sys.modules)))
"""

    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert said.stdout == "\n"


def test_what_is_no_form_is_not_taken_for_one(tmp_path: Path) -> None:
    content = encode_form(load_form(YEAR / "dekela.md"))
    kept = tmp_path / "kept.form"

    for damaged in (b"", content[:100], content[:-3], b"\x92\xc0\x90"):
        kept.write_bytes(damaged)

        assert kept_form(kept) is None


def test_the_name_of_what_is_kept_depends_on_each_part() -> None:
    assert len({digest(b"a", b"b"), digest(b"ab", b""), digest(b"b", b"a"), digest(b"a")}) == 4


def test_expressions_are_equal_when_they_say_the_same_in_the_same_place() -> None:
    first, second = (load_form(YEAR / "dekela.md") for _ in range(2))

    assert first.rows[0].share == second.rows[0].share
    assert first.rows[0].share != "another"
    assert repr(first.rows[0].share).startswith("Expression(")

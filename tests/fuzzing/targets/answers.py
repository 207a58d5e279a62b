"""Whatever people type in answer to a question of any kind."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import assert_never

from indicators.filling import check_answer, choices_for
from indicators.form import AnswerKey, Form, QuestionKind
from indicators.reading import Ambiguous, Reading, Reason, Rejection, Understood, read_answer, say_value
from indicators.reading.outcomes import LONGEST_TEXT
from tests.fuzzing.drawing import Draw, told
from tests.indicators.every_question import every_question
from tests.indicators.small_forms import TODAY

LANGUAGES = ("id", "en")
MOST_VALUE_CHARACTERS = LONGEST_TEXT


@cache
def form() -> Form:
    """Give a form with a question of every kind."""
    with TemporaryDirectory() as folder:
        return every_question(Path(folder))


def check(content: bytes) -> None:
    """Draw a question, a language and what is typed."""
    draw = Draw(content)
    key = AnswerKey(draw.pick(sorted(form().question_by_name)))
    check_answering(form(), key, language=draw.pick(LANGUAGES), written=draw.rest_text("surrogateescape"))


def check_answering(asked: Form, key: AnswerKey, *, language: str, written: str) -> None:
    """Read an answer: it comes to one of the outcomes, can be kept, and what is said back reads as the same."""
    reading = read_answer(asked, key, written, values={}, today=TODAY, language=language)
    match reading:
        case Understood():
            _check_value(reading.value)
            assert not reading.other or reading.other == reading.other.strip()
            check_answer(asked, key, reading.value, {}, TODAY)
            _check_saying(asked, key, language=language, reading=reading)
        case Ambiguous():
            assert len(reading.choices) > 1
            offered = choices_for(asked, key, {}, TODAY)
            assert all(each in offered for each in reading.choices)
        case Rejection():
            assert reading.reason in Reason
        case _:
            assert_never(reading)


def _check_value(value: str) -> None:
    assert value.strip() == value != ""
    assert len(value) <= MOST_VALUE_CHARACTERS
    assert "\0" not in value
    value.encode()


def _check_saying(asked: Form, key: AnswerKey, *, language: str, reading: Understood) -> None:
    said = say_value(asked, key, reading.value, language)
    again: Reading = read_answer(asked, key, said, values={}, today=TODAY, language=language)
    if asked.question_by_name[key].kind is QuestionKind.ACKNOWLEDGE:
        assert said == reading.value
    assert isinstance(again, Understood), (said, again)
    assert again.value == reading.value, (said, again)


def seeds() -> Iterable[bytes]:
    """Give every way of answering that the tests know."""
    keys = sorted(form().question_by_name)
    for key, written in TYPED:
        for language in range(len(LANGUAGES)):
            yield told(keys.index(key), language, written.encode())


TYPED = (
    ("anak", "1.200"), ("anak", "kurang lebih 1 200 anak, pak"), ("anak", "lima belas anak"), ("anak", "tidak ada"),
    ("anak", "12k"), ("anak", "-5"), ("anak", "50-an"), ("hitung", "3 buah"), ("desimal", "1.200,5"),
    ("desimal", "0,000001"), ("persen", "75,5 %"), ("rupiah", "Rp. 1.500.000,00 pak"), ("rupiah", "25 million"),
    ("rupiah", "twenty-five million"), ("rupiah", "5 ratus ribu"), ("rupiah", "seratus lima puluh juta rupiah"),
    ("skor", "11"), ("ada", "sudah ada pak"), ("ada", "blm"), ("ada", "suda ada"), ("ya", "👍"), ("satu", "mang"),
    ("satu", "no. 3"), ("banyak", "1, 3 dan 4"), ("banyak", "1-3"), ("banyak", "semuanya"),
    ("banyak", "Pisang; Jeruk bali, kupas"), ("banyak", "mangga, lainnya: Durian"), ("centang", "semua"),
    ("tanggal", "Minggu, 17 Agustus '25"), ("tanggal", "2/3/25"), ("tanggal", "kemarin"), ("tanggal", "2025-08-17"),
    ("tanggal", "August 17th, 2025"), ("teks", "Perdes\u200b No.\t5\r\nTahun 2024"), ("tempat", "-2,99; 104,75"),
    ("tempat", "-3.316, 114.59"), ("foto", "ini"), ("catatan", "baik"), ("setuju", "oke pak"),
)  # fmt: skip
"""Questions, and what somebody types."""

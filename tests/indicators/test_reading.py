"""Typed answers as Indonesians write them: read exactly, asked back where unclear, never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.form import AnswerKey, Form
from indicators.reading import Ambiguous, Reason, Rejection, Understood, say_value
from indicators.reading.number_words import number_in_words
from indicators.reading.numbers import LARGEST
from indicators.reading.plain import without_courtesy, without_invisible
from tests.indicators.every_question import every_question
from tests.indicators.small_forms import read, understood


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> Form:
    return every_question(tmp_path_factory.mktemp("reading"))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1200", "1200"),
        ("1.200", "1200"),
        ("1 200", "1200"),
        ("1\u00a0200", "1200"),
        ("1.200.000", "1200000"),
        ("1,200,000", "1200000"),
        ("1200 anak", "1200"),
        ("1200anak", "1200"),
        ("1.200 jiwa", "1200"),
        ("1.200 children", "1200"),
        ("12 orang", "12"),
        ("ada 12 anak, pak", "12"),
        ("25rb", "25000"),
        ("2,5 ribu", "2500"),
        ("0", "0"),
        ("007", "7"),
        ("nol", "0"),
        ("dua puluh lima", "25"),
        ("lima belas anak", "15"),
        ("satu juta dua ratus ribu", "1200000"),
        ("-5", "-5"),
        ("minus 5", "-5"),
        ("\uff13", "3"),
        ("\u200b12\u200b", "12"),
    ],
)
def test_a_whole_number_is_read_as_indonesians_type_it(form: Form, written: str, value: str) -> None:
    assert read(form, "anak", written) == understood(value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("kurang lebih 1.200", "1200"),
        ("sekitar 50", "50"),
        ("±50", "50"),
        ("kira-kira lima puluh", "50"),
        ("lebih dari 7", "7"),
        ("1200an", "1200"),
        ("50-an", "50"),
        ("1,500", "1500"),
        ("1,000", "1000"),
        ("1.00", "1"),
        ("tidak ada", "0"),
        ("belum ada bu", "0"),
        ("nihil", "0"),
        ("-", "0"),
        ("12 kg", "12"),
        ("Rp 12", "12"),
        ("12k", "12000"),
    ],
)
def test_a_whole_number_that_could_be_meant_otherwise_is_not_certain(form: Form, written: str, value: str) -> None:
    assert read(form, "anak", written) == understood(value, is_certain=False)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1.5", Reason.NOT_A_WHOLE_NUMBER),
        ("1,5", Reason.NOT_A_WHOLE_NUMBER),
        ("1 200,5", Reason.NOT_A_WHOLE_NUMBER),
        ("2,5555 ribu", Reason.NOT_A_WHOLE_NUMBER),
        ("5 2024", Reason.SEVERAL_NUMBERS),
        ("10-15", Reason.SEVERAL_NUMBERS),
        ("3 dari 10", Reason.SEVERAL_NUMBERS),
        ("75%", Reason.WRONG_UNIT),
        ("75 rupiah", Reason.WRONG_UNIT),
        ("1.2.3", Reason.NOT_A_NUMBER),
        ("12 (kira-kira segitu)", Reason.NOT_A_NUMBER),
        ("5 lusin", Reason.NOT_A_NUMBER),
        ("2 juta lima ratus ribu", Reason.NOT_A_NUMBER),
        ("dua setengah", Reason.NOT_A_NUMBER),
        ("five dozen", Reason.NOT_A_NUMBER),
        ("1 million 200 thousand", Reason.SEVERAL_NUMBERS),
        ("tidak tahu", Reason.NOT_A_NUMBER),
        ("\u0661\u0662", Reason.NOT_A_NUMBER),
        ("x" * 201, Reason.NOT_A_NUMBER),
        ("!", Reason.EMPTY),
        ("  ", Reason.EMPTY),
        ("1" * 50, Reason.OUT_OF_RANGE),
        ("1.000" + ".000" * 20, Reason.OUT_OF_RANGE),
        ("1" * 4097, Reason.TOO_LONG),
    ],
)
def test_what_is_no_whole_number_is_refused_with_a_reason(form: Form, written: str, reason: Reason) -> None:
    found = read(form, "anak", written)

    assert isinstance(found, Rejection)
    assert found.reason is reason


def test_a_number_without_a_unit_may_carry_any_counting_word(form: Form) -> None:
    assert read(form, "hitung", "3 buah") == understood("3")
    assert read(form, "hitung", "3 rupiah") == understood("3", is_certain=False)
    assert read(form, "hitung", "3%") == Rejection(Reason.WRONG_UNIT)


@pytest.mark.parametrize(
    ("written", "value", "is_certain"),
    [
        ("1,5", "1.5", True),
        ("1.5", "1.5", True),
        ("0,500", "0.5", True),
        ("1.200,50", "1200.5", True),
        ("1,200.50", "1200.5", True),
        ("1 200,5", "1200.5", True),
        ("75%", "75", False),
        ("1.500", "1500", False),
        ("1,500", "1.5", False),
        ("12", "12", True),
    ],
)
def test_a_decimal_number_is_read_by_indonesian_marks(form: Form, written: str, value: str, is_certain: bool) -> None:
    assert read(form, "desimal", written) == understood(value, is_certain=is_certain)


def test_a_number_has_at_most_as_many_decimals_as_can_be_said_back(form: Form) -> None:
    assert read(form, "desimal", "1000000," + "1" * 20) == understood("1000000." + "1" * 20)
    assert read(form, "desimal", "1000000," + "1" * 21) == Rejection(Reason.NOT_A_NUMBER)


def test_in_english_the_marks_change_places(form: Form) -> None:
    assert read(form, "desimal", "1,500", language="en") == understood("1500", is_certain=False)
    assert read(form, "desimal", "1.500", language="en") == understood("1.5", is_certain=False)
    assert read(form, "anak", "1,500", language="en") == understood("1500")
    assert read(form, "anak", "seven", language="en") == understood("7")


def test_a_bare_m_is_a_million_in_english_and_asked_back_in_both(form: Form) -> None:
    assert read(form, "rupiah", "25m", language="en") == understood("25000000", is_certain=False)
    assert read(form, "rupiah", "25m") == understood("25000000000", is_certain=False)


@pytest.mark.parametrize("written", ["75,5%", "75,5 %", "75.5 persen", "75,5", "75,5 percent"])
def test_a_percentage_takes_its_sign(form: Form, written: str) -> None:
    assert read(form, "persen", written) == understood("75.5")


@pytest.mark.parametrize(
    ("written", "value", "is_certain"),
    [
        ("Rp 25 juta", "25000000", True),
        ("25jt", "25000000", True),
        ("25 jt.", "25000000", True),
        ("2,5 miliar", "2500000000", True),
        ("Rp25.000.000,-", "25000000", True),
        ("Rp. 1.500.000,00 pak", "1500000", True),
        ("25 ribu rupiah", "25000", True),
        ("dua puluh lima juta", "25000000", True),
        ("seratus lima puluh juta rupiah", "150000000", True),
        ("1 triliun", "1000000000000", True),
        ("1,5 M", "1500000000", False),
        ("1.500 juta", "1500000000", False),
        ("sekitar Rp 25 juta", "25000000", False),
        ("total 25 juta", "25000000", True),
        ("25 million", "25000000", True),
        ("25million rupiah", "25000000", True),
        ("2.5 billion", "2500000000", True),
        ("900 thousand", "900000", True),
        ("25 hundred", "2500", True),
        ("5 ratus ribu", "500000", True),
        ("2 hundred thousand", "200000", True),
        ("25 millions", "25000000", True),
        ("25 jutaan", "25000000", False),
        ("25 jt-an", "25000000", False),
        ("twenty-five million", "25000000", True),
        ("twenty five million rupiah", "25000000", True),
        ("one hundred and fifty thousand", "150000", True),
        ("a million", "1000000", True),
    ],
)
def test_an_amount_of_rupiah_is_read_with_its_magnitude(form: Form, written: str, value: str, is_certain: bool) -> None:
    assert read(form, "rupiah", written) == understood(value, is_certain=is_certain)


def test_a_number_beyond_its_range_is_refused_with_the_bounds(form: Form) -> None:
    assert read(form, "skor", "11") == Rejection(
        Reason.OUT_OF_RANGE, form.question_by_name["skor"].lowest, form.question_by_name["skor"].highest
    )
    assert read(form, "skor", "10") == understood("10")
    found = read(form, "rupiah", "2000 triliun")
    assert isinstance(found, Rejection)
    assert found.highest == LARGEST


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("dua belas", 12), ("sebelas", 11), ("dua puluh", 20), ("sembilan puluh sembilan", 99), ("seratus", 100),
        ("seratus dua", 102), ("lima ratus", 500), ("seribu", 1000), ("dua ribu dua puluh lima", 2025),
        ("sejuta", 10**6), ("tiga miliar dua juta", 3_002_000_000), ("dua-puluh tiga", 23), ("lima belas ribu", 15_000),
        ("nineteen", 19), ("forty-two", 42), ("ninety", 90), ("a hundred", 100), ("nine hundred and ninety nine", 999),
        ("two thousand and five", 2005), ("one billion two million", 1_002_000_000),
    ],
)  # fmt: skip
def test_number_words_are_added_up(words: str, number: int) -> None:
    assert number_in_words(words) == number


@pytest.mark.parametrize(
    "words",
    ["", "puluh", "dua dua", "ribu", "satu puluh", "dua ribu juta", "ratus dua", "sebelas ratus", "dua ratus ratus",
     "dua puluh sepuluh", "satu ratus x", "satu " * 30, "satu ribu ribu", "a", "and", "twenty eleven", "five and",
     "hundred", "ten hundred", "million", "two million million", "dua hundred", "sebelas belas"],
)  # fmt: skip
def test_words_that_make_no_number_give_none(words: str) -> None:
    assert number_in_words(words) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("ada", "ada"), ("sudah", "ada"), ("Sudah ada", "ada"), ("sudah ada pak", "ada"), ("ya", "ada"),
        ("betul", "ada"),
        ("1", "ada"), ("no. 1", "ada"), ("yes", "ada"), ("👍", "ada"), ("ada?", "ada"), ("Yes, there is", "ada"),
        ("belum", "belum"), ("blm", "belum"), ("tdk", "belum"), ("nggak", "belum"), ("gak", "belum"), ("ga", "belum"),
        ("tidak ada", "belum"), ("belum ada, bu", "belum"), ("2", "belum"), ("no", "belum"), ("not yet", "belum"),
    ],
)  # fmt: skip
def test_yes_and_no_are_read_in_every_spelling(form: Form, written: str, value: str) -> None:
    assert read(form, "ada", written) == understood(value)


def test_a_near_miss_is_understood_and_not_certain(form: Form) -> None:
    assert read(form, "ada", "suda ada") == understood("ada", is_certain=False)
    assert read(form, "satu", "pisng") == understood("p", is_certain=False)
    assert read(form, "satu", "jeruk") == understood("j", is_certain=False)


def test_what_fits_several_choices_is_asked_back(form: Form) -> None:
    for written in ("mang", "manggas"):
        found = read(form, "satu", written)

        assert isinstance(found, Ambiguous), written
        assert [each.name for each in found.choices] == ["m", "mm"]


@pytest.mark.parametrize(
    ("key", "written", "reason"),
    [
        ("satu", "durian", Reason.NOT_A_CHOICE),
        ("satu", "du", Reason.NOT_A_CHOICE),
        ("satu", "9", Reason.NO_SUCH_NUMBER),
        ("satu", "0", Reason.NO_SUCH_NUMBER),
        ("satu", "lainnya", Reason.NOT_A_CHOICE),
        ("satu", "x" * 301, Reason.NOT_A_CHOICE),
        ("banyak", "x" * 301, Reason.NOT_A_CHOICE),
        ("banyak", "mangga, durian runtuh", Reason.NOT_A_CHOICE),
        ("banyak", ",", Reason.EMPTY),
        ("banyak", "3-1", Reason.NOT_A_CHOICE),
        ("satu", "?", Reason.EMPTY),
        ("ya", "hmm", Reason.NOT_A_CHOICE),
    ],
)
def test_what_is_no_choice_is_refused_with_a_reason(form: Form, key: str, written: str, reason: Reason) -> None:
    assert read(form, key, written) == Rejection(reason)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1, 3 dan 4", "m p j"),
        ("4 1", "m j"),
        ("1-3", "m mm p"),
        ("1 sampai 2", "m mm"),
        ("pisang dan mangga", "m p"),
        ("Pisang; Jeruk bali, kupas", "p j"),
        ("pisang\nmangga", "m p"),
        ("jeruk bali, kupas", "j"),
        ("semua", "m mm p j"),
        ("semuanya bu", "m mm p j"),
        ("mango, banana", "m p"),
    ],
)
def test_several_choices_are_listed_in_the_forms_order(form: Form, written: str, value: str) -> None:
    assert read(form, "banyak", written) == understood(value)


def test_who_says_all_does_not_mean_none(form: Form) -> None:
    assert read(form, "centang", "semua") == understood("ada")


def test_one_unclear_choice_makes_the_list_unclear(form: Form) -> None:
    assert read(form, "banyak", "pisng, mangga") == understood("m p", is_certain=False)
    assert isinstance(read(form, "banyak", "pisang, mang"), Ambiguous)


def test_what_stands_after_lainnya_is_kept_for_the_question_that_asks(form: Form) -> None:
    assert read(form, "banyak", "lainnya: Durian Musang") == understood("other", other="Durian Musang")
    assert read(form, "banyak", "mangga, lainnya Durian") == understood("m other", other="Durian")
    assert read(form, "banyak", "lainnya") == understood("other")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("17 Agustus 2025", "2025-08-17"), ("17 agst 2025", "2025-08-17"), ("17/8/25", "2025-08-17"),
        ("17-08-2025", "2025-08-17"), ("17.8.2025", "2025-08-17"), ("17 8 2025", "2025-08-17"),
        ("2025-08-17", "2025-08-17"), ("2025/8/17", "2025-08-17"), ("tgl 17 Agustus 2025", "2025-08-17"),
        ("Minggu, 17 Agustus 2025", "2025-08-17"), ("August 17, 2025", "2025-08-17"), ("17th Aug 2025", "2025-08-17"),
        ("17 agustus '25", "2025-08-17"), ("kemarin", "2025-11-21"), ("hari ini", "2025-11-22"),
        ("besok pak", "2025-11-23"),
        ("3/3/2025", "2025-03-03"), ("17/8/99", "1999-08-17"), ("17 mei 2025", "2025-05-17"),
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_usual_form(form: Form, written: str, value: str) -> None:
    assert read(form, "tanggal", written) == understood(value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2/3/25", "2025-03-02"),
        ("8/17/2025", "2025-08-17"),
        ("17/8", "2025-08-17"),
        ("17 agustus", "2025-08-17"),
        ("mei 17", "2025-05-17"),
    ],
)
def test_a_day_that_could_be_another_is_not_certain(form: Form, written: str, value: str) -> None:
    assert read(form, "tanggal", written) == understood(value, is_certain=False)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("31/2/2025", Reason.NO_SUCH_DAY),
        ("30 februari 2025", Reason.NO_SUCH_DAY),
        ("13/13/2025", Reason.NO_SUCH_DAY),
        ("0000-01-01", Reason.NO_SUCH_DAY),
        ("17 brumaire 2025", Reason.NOT_A_DATE),
        ("Agustus 2025", Reason.NOT_A_DATE),
        ("lupa", Reason.NOT_A_DATE),
        ("x" * 100, Reason.NOT_A_DATE),
        ("...", Reason.EMPTY),
    ],
)
def test_what_is_no_day_is_refused_with_a_reason(form: Form, written: str, reason: Reason) -> None:
    assert read(form, "tanggal", written) == Rejection(reason)


def test_text_loses_what_cannot_be_seen_and_keeps_its_lines(form: Form) -> None:
    assert read(form, "teks", "  Perdes\u200b No.\t5\r\nTahun\x00 2024 ") == understood("Perdes No. 5\nTahun 2024")
    assert read(form, "teks", "\u200b\u200b") == Rejection(Reason.EMPTY)
    assert read(form, "teks", "x" * 1000) == understood("x" * 1000)
    assert read(form, "teks", "x" * 1001) == Rejection(Reason.TOO_LONG)
    assert without_invisible("e\u0301") == "\u00e9"


def test_courtesy_is_dropped_unless_nothing_else_was_said() -> None:
    assert without_courtesy("maaf, belum ada pak") == "belum ada"
    assert without_courtesy("ok") == "ok"
    assert without_courtesy("a" + " pak" * 9) == "a" + " pak" * 6


@pytest.mark.parametrize(
    ("key", "written", "expected"),
    [
        ("tempat", "-3.316, 114.59", understood("-3.316 114.59 0 0")),
        ("tempat", "-3.316 114.59", understood("-3.316 114.59 0 0")),
        ("tempat", "-2,99 104,75", understood("-2.99 104.75 0 0")),
        ("tempat", "-2,99; 104,75", understood("-2.99 104.75 0 0")),
        ("tempat", "-2,99, 104,75", understood("-2.99 104.75 0 0")),
        ("tempat", "\u22122,99 / 104,75", Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "-3, 114", understood("-3 114 0 0")),
        ("tempat", "-2.5,104", understood("-2.5 104 0 0")),
        ("tempat", "-2,99", Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "-2,99,104,75", Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "-2,99 104.75", Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "-2.99 " + " " * 60 + "104.75", understood("-2.99 104.75 0 0")),
        ("tempat", "-91,5 104,75", Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "0," + "1" * 15 + "; 0," + "1" * 50, Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "91, 0", Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "0, 181", Rejection(Reason.NOT_A_PLACE)),
        ("tempat", "di kantor", Rejection(Reason.NOT_A_PLACE)),
        ("foto", "sudah saya kirim", Rejection(Reason.WANTS_EVIDENCE)),
        ("berkas", "ini", Rejection(Reason.WANTS_EVIDENCE)),
        ("catatan", "baik", Rejection(Reason.NOT_ASKED)),
        ("c", "1", Rejection(Reason.NOT_ASKED)),
        ("setuju", "oke pak", understood("OK")),
        ("setuju", "nanti dulu", Rejection(Reason.NOT_AGREED)),
        ("setuju", "x" * 61, Rejection(Reason.NOT_AGREED)),
    ],
)
def test_every_kind_of_question_has_its_reading(form: Form, key: str, written: str, expected: object) -> None:
    assert read(form, key, written) == expected


@pytest.mark.parametrize(
    ("key", "value", "in_indonesian", "in_english"),
    [
        ("anak", "1200", "1.200 anak", "1,200 children"),
        ("hitung", "-12000", "-12.000", "-12,000"),
        ("hitung", "2024", "2024", "2024"),
        ("rupiah", "25000000", "Rp25.000.000", "Rp25,000,000"),
        ("persen", "75.5", "75,5 %", "75.5 %"),
        ("anak", "abc", "abc", "abc"),
        ("tanggal", "2025-08-17", "17 Agustus 2025", "17 August 2025"),
        ("tanggal", "kapan", "kapan", "kapan"),
        ("ada", "ada", "Sudah ada", "Yes, there is"),
        ("ada", "gone", "gone", "gone"),
        ("banyak", "m p", "Mangga, Pisang", "Mango, Banana"),
        ("banyak", "m j", "Mangga; Jeruk bali, kupas", "Mango; Pomelo, peeled"),
        ("foto", "1", "1 berkas", "1 file"),
        ("berkas", "3", "3 berkas", "3 files"),
        ("tempat", "-3.316 114.59 0 0", "-3.316, 114.59", "-3.316, 114.59"),
        ("teks", "Perdes 5", "Perdes 5", "Perdes 5"),
    ],
)  # fmt: skip
def test_an_answer_is_said_back_as_people_write_it(
    form: Form, key: str, value: str, in_indonesian: str, in_english: str
) -> None:
    said = [say_value(form, AnswerKey(key), value, language) for language in ("id", "en")]

    assert said == [in_indonesian, in_english]


LEXICAL: dict[str, st.SearchStrategy[str]] = {
    "anak": st.integers(-(10**9), 10**9).map(str),
    "rupiah": st.integers(0, 10**14).map(str),
    "desimal": st.decimals(-(10**6), 10**6, places=3).map(lambda amount: f"{amount.normalize():f}"),
    "persen": st.decimals(0, 100, places=2).map(lambda amount: f"{amount.normalize():f}"),
    "skor": st.integers(0, 10).map(str),
    "ada": st.sampled_from(["ada", "belum"]),
    "satu": st.sampled_from(["m", "mm", "p", "j"]),
    "banyak": st.sampled_from(["m", "m mm", "m p other", "mm j", "m mm p j other", "j other"]),
    "tanggal": st.dates().map(lambda day: day.isoformat()),
    "teks": st.text(min_size=1, max_size=1000),
    "setuju": st.just("OK"),
}


@given(data=st.data(), language=st.sampled_from(["id", "en"]))
def test_what_is_said_back_reads_as_the_same_answer(
    data: st.DataObject, language: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    form = _form(tmp_path_factory)
    key = data.draw(st.sampled_from(sorted(LEXICAL)))
    drawn = data.draw(LEXICAL[key])
    first = read(form, key, drawn) if key == "teks" else understood(drawn)
    if not isinstance(first, Understood):
        return

    again = read(form, key, say_value(form, AnswerKey(key), first.value, language), language=language)

    assert isinstance(again, Understood)
    assert again.value == first.value.replace("-0", "0", first.value == "-0")


@given(written=st.text(max_size=4096) | st.text(alphabet="0123456789., rpjtbu-%", max_size=60))
def test_nothing_that_can_be_typed_breaks_the_reading(written: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    form = _form(tmp_path_factory)

    readings = [read(form, key, written) for key in form.question_by_name]

    assert all(isinstance(each, (Understood, Ambiguous, Rejection)) for each in readings)


_FORMS: list[Form] = []


def _form(factory: pytest.TempPathFactory) -> Form:
    """Load the form once for all the examples that Hypothesis draws."""
    if not _FORMS:
        _FORMS.append(every_question(factory.mktemp("reading")))
    return _FORMS[0]


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "written", ["1" * 4096, " ," * 2048, "a " * 2048, "." * 4095 + "x", "dan " * 1024, "(ya " * 1000]
)
def test_long_messages_take_no_longer_than_a_moment(form: Form, written: str) -> None:
    for _ in range(20):
        for key in form.question_by_name:
            read(form, key, written)

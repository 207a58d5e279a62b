"""Loading forms: what is taken over, what is refused, and that a refusal says where and what to do."""

from fractions import Fraction
from pathlib import Path
from shutil import copytree

import pytest

from indicators.exporting import export_form
from indicators.form import AnswerKey, QuestionKind, RowNumber
from indicators.instrument import build_instrument, read_calendar, read_instrument
from indicators.loading import load_form, load_instrument
from indicators.problems import FormError, Problem
from indicators.wording import language_code
from tests.indicators.small_forms import CHOICES, KLA_2024, form_of, line, row, survey, write_form

FORMS = ("dekela", "kelana", "kabupaten", "drppa")


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(FormError) as caught:
        load_form(path)
    return caught.value.problems


def only_problem(path: Path) -> Problem:
    (problem,) = problems_of(path)
    return problem


@pytest.mark.parametrize("name", FORMS)
def test_each_form_of_2024_loads_and_is_the_same_as_a_workbook(name: str, tmp_path: Path) -> None:
    copytree(KLA_2024, tmp_path, dirs_exist_ok=True)

    export_form(tmp_path / f"{name}.md", tmp_path / f"{name}.xlsx")

    assert load_form(tmp_path / f"{name}.xlsx") == load_form(tmp_path / f"{name}.md")


def test_a_form_of_2024_carries_rows_points_evidence_and_offices() -> None:
    form = load_form(KLA_2024 / "dekela.md")

    found = form.row_by_number[RowNumber("26.6")]

    assert (form.unit, form.languages) == ("desa", ("id", "en"))
    assert form.total == 79
    assert (found.indicator, found.is_scored) == ("26", True)
    assert found.points == 4
    assert form.question_by_name["akta"].unit_label.said("id") == "anak"
    assert [each.ordinal for each in form.rows] == list(range(1, len(form.rows) + 1))


def test_a_scored_row_is_taken_over_with_all_that_it_carries(tmp_path: Path) -> None:
    questions = (
        line("integer", "anak", unit="anak", constraint=". >= 0", message="Isi angka.", required="yes"),
        line("select_one ada", "sk", relevant="${anak} > 0", required="${anak} > 1"),
        line("calculate", "c", calculation="${anak} * 2"),
        line("range", "r", parameters="start=0 end=100 step=10"),
        line("text", "t", readonly="yes", required="no"),
    )
    cells = {"points": "1.25", "share": "${sk} = 'ada'", "direction": "turun", "evidence": "sk", "holder": "dinkes"}

    form = form_of(
        tmp_path, line("begin_group", "bab"), *row("7.1", *questions, **cells), line("end_group"), total="1.25"
    )

    (found,) = form.rows
    kinds = [each.kind for each in found.questions]
    assert (found.number, found.points, found.is_falling, found.part, found.indicator) == (
        "7.1", Fraction(5, 4), True, "bab", "7"
    )  # fmt: skip
    assert [each.label.said("en") for each in found.evidence] == ["decree"]
    assert form.offices[found.holders[0]].said("id") == "Dinas Kesehatan"
    assert kinds == [
        QuestionKind.INTEGER, QuestionKind.SELECT_ONE, QuestionKind.CALCULATE, QuestionKind.RANGE, QuestionKind.NOTE
    ]  # fmt: skip
    assert found.questions[3].step == 10
    assert found.questions[4].required is None


def test_indicators_are_a_level_between_part_and_row(tmp_path: Path) -> None:
    lines = (
        line("begin_group", "bab"),
        line("begin_group", "i7"),
        line("note", "catatan"),
        *row("7.1", line("text", "a")),
        *row("7.2", line("text", "b")),
        line("end_group"),
        line("end_group"),
    )

    (part,) = form_of(tmp_path, *lines).parts

    assert part.rows == ("i7", "7.1", "7.2")
    assert [(each.name, each.rows) for each in part.indicators] == [("i7", ("7.1", "7.2"))]


def test_a_form_from_elsewhere_becomes_parts_with_one_unscored_row_each(tmp_path: Path) -> None:
    path = tmp_path / "luar.md"
    path.write_text(
        "| survey |\n| | type | name | label |\n| | start | mulai | |\n| | text | nama | Nama |\n"
        "| | begin_group | rumah | Rumah |\n| | begin_group | dapur | Dapur |\n| | int | kompor | Kompor |\n"
        "| | end_group | | |\n| | select_one yt | air | Air |\n| | end_group | | |\n"
        "| choices |\n| | list_name | name | label |\n| | yt | y | |\n| | yt | t | Tidak |\n",
        encoding="utf-8",
    )

    form = load_form(path)

    assert [(each.number, [q.name for q in each.questions], each.is_scored) for each in form.rows] == [
        ("luar", ["nama"], False), ("rumah", ["kompor", "air"], False)
    ]  # fmt: skip
    assert [part.name for part in form.parts] == ["luar", "rumah"]
    assert form.question_by_name["air"].choices[0].label.said("id") == "y"


def test_a_list_with_other_gets_a_choice_and_a_question_in_the_forms_languages(tmp_path: Path) -> None:
    form = form_of(tmp_path, line("select_multiple buah or_other", "b"), line("select_one buah", "tanpa"))

    assert [each.name for each in form.question_by_name["b"].choices] == ["m", "mm", "p", "j", "other"]
    assert form.question_by_name["b"].choices[-1].label.by_language == {"id": "Lainnya", "en": "Other"}
    assert form.question_by_name["b_other"].label.said("id") == "Mohon sebutkan yang dimaksud."
    assert [each.name for each in form.question_by_name["tanpa"].choices] == ["m", "mm", "p", "j"]


def test_a_repeat_knows_its_count_and_its_questions(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        line("integer", "n"),
        line("begin_repeat", "anggota", repeat_count="${n}"),
        line("text", "nama"),
        line("begin_group", "rinci", relevant="${nama} != ''"),
        line("integer", "umur"),
        line("end_group"),
        line("end_repeat"),
        line("calculate", "jumlah", calculation="sum(${umur})"),
    )

    repeat = form.question_by_name["umur"].repeat
    assert repeat is not None
    assert (repeat.name, repeat.count.source) == ("anggota", "${n}")


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("audio", "Ask for text or a file."),
        ("video", "image"),
        ("barcode", "Ask for text."),
        ("geotrace", "geopoint"),
        ("geoshape", "geopoint"),
        ("rank buah", "select_one"),
        ("time", "text"),
        ("dateTime", "Ask for a date."),
        ("select_one_from_file desa.csv", "choices sheet"),
    ],
)
def test_a_type_that_cannot_be_asked_by_chat_is_refused_by_name(kind: str, remedy: str, tmp_path: Path) -> None:
    problems = problems_of(write_form(tmp_path, line("text", "a"), line(kind, "x")))

    found = next(each for each in problems if each.column == "type")
    assert (found.sheet, found.row) == ("survey", 3)
    assert kind in found.message
    assert remedy in found.remedy


def test_another_type_that_pyxform_knows_is_refused_too(tmp_path: Path) -> None:
    problem = only_problem(write_form(tmp_path, line("text", "a"), line("percentage", "x")))

    assert (problem.row, "percentage" in problem.message) == (3, True)


BAD_FORMS = {
    "a share that is missing": (row("1.1", line("text", "a"), points="4"), "2 instance::kla:share"),
    "a row that asks nothing": (row("1.1", line("hidden", "h"), share="true()"), "2 None"),
    "a reference to nothing": (
        (line("text", "anak"), line("text", "b", constraint=". > 1 and ../anka > 1")),
        "3 constraint",
    ),
    "a column that is not there": ((line("select_one desa", "d", choice_filter="kac = 1"),), "2 choice_filter"),
    "a circle": (
        (
            line("integer", "a", relevant="${b} > 0"),
            line("integer", "b", relevant="${c} > 0"),
            line("integer", "c", relevant="${a} > 0"),
        ),
        "2 None",
    ),
    "a calculation of nothing": (
        (line("text", "a"), line("calculate", "c", calculation="now()")),
        "3 calculation",
    ),
    "a question without text": ((line("text", "a", label=""), line("text", "b")), "2 label"),
    "a text that is too long": ((line("text", "a", label="x" * 201),), "2 label"),
    "a text with an answer in it": ((line("text", "a"), line("text", "b", label="Halo ${a}")), "3 label"),
    "a name that is too long": ((line("select_one ada", "a" * 36),), "2 name"),
    "a name given twice": (
        (*row("1.1", line("text", "a")), *row("1.2", line("text", "a"))),
        "6 name",
    ),
    "a row in a row": (row("1.1", line("text", "a"), *row("1.2", line("text", "b"))), "4 instance::kla:row"),
    "a row number given twice": (
        (*row("1.1", line("text", "a")), line("begin_group", "x", row="1.1"), line("text", "b"), line("end_group")),
        "5 instance::kla:row",
    ),
    "points that are no number": (row("1.1", line("text", "a"), points="empat"), "2 instance::kla:points"),
    "a direction that is none": (row("1.1", line("text", "a"), direction="atas"), "2 instance::kla:direction"),
    "evidence that is not listed": (row("1.1", line("text", "a"), evidence="sk kwitansi"), "2 instance::kla:evidence"),
    "an office that is not listed": (row("1.1", line("text", "a"), holder="kpk"), "2 instance::kla:holder"),
    "a unit that is not listed": ((line("integer", "a", unit="kg"),), "2 instance::kla:unit"),
    "a repeat without a count": ((line("begin_repeat", "r"), line("text", "a"), line("end_repeat")), "2 repeat_count"),
    "a repeat in a repeat": (
        (
            line("begin_repeat", "r", repeat_count="2"),
            line("begin_repeat", "s", repeat_count="2"),
            line("text", "a"),
            line("end_repeat"),
            line("end_repeat"),
        ),
        "3 type",
    ),
    "an empty range": ((line("range", "a", parameters="start=5 end=5 step=1"),), "2 None"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_FORMS)
def test_a_fault_is_told_with_its_row_and_column(fault: str, tmp_path: Path) -> None:
    lines, place = BAD_FORMS[fault]

    problems = problems_of(write_form(tmp_path, *lines))

    assert place in [f"{each.row} {each.column}" for each in problems]
    assert all(each.message and each.remedy for each in problems)


def test_a_parameter_left_out_of_a_range_is_xlsforms_own(tmp_path: Path) -> None:
    question = form_of(tmp_path, line("range", "a")).question_by_name["a"]

    assert [question.lowest, question.highest, question.step] == [1, 10, 1]


BAD_CHOICES = {
    "| | buah | m | Mangga | | |": "missing in en",
    "| | buah | a b | Apel | Apple | |": "holds a space",
    "| | buah | x | mangga | Mengo | |": "same text",
    f"| | buah | {'x' * 41} | Apel | Apple | |": "too long",
    f"| | buah | x | {'Apel' * 16} | Apple | |": "at most 60",
}


@pytest.mark.parametrize("choice", BAD_CHOICES)
def test_a_faulty_choice_is_told_with_its_row(choice: str, tmp_path: Path) -> None:
    choices = CHOICES.replace("| | buah | m | Mangga | Mango | |", choice) + "| | buah | y | Mangga | Mengo | |\n" * (
        "mangga" in choice
    )

    problems = problems_of(write_form(tmp_path, line("text", "a"), choices=choices))

    found = next(each for each in problems if BAD_CHOICES[choice] in each.message)
    assert (found.sheet, found.row is not None) == ("choices", True)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    lines = (line("integer", "a", constraint=". >"), line("integer", "b", constraint="now()"), line("audio", "c"))

    with pytest.raises(FormError) as caught:
        load_form(write_form(tmp_path, *lines[:2], total="5", unit="provinsi"))

    assert str(caught.value).splitlines()[0] == "uji.md cannot be used:"
    assert "sheet survey, row 2, column constraint: The expression '. >' cannot be used; at character 3" in str(
        caught.value
    )
    assert len(caught.value.problems) == 4


def test_points_must_add_up_to_the_declared_total(tmp_path: Path) -> None:
    problem = only_problem(write_form(tmp_path, *row("1.1", line("text", "a"), points="4", share="true()"), total="5"))

    assert (problem.column, problem.message) == (
        "attribute::kla:total", "Expected 5 points, the rows add up to 4."
    )  # fmt: skip


def test_an_indicator_counts_up_to_its_own_maximum_in_the_instrument_beside_the_form(tmp_path: Path) -> None:
    lines = row("26.1", line("text", "a"), points="80", share="true()")
    path = write_form(tmp_path, *lines, total="79")
    assert only_problem(path).column == "attribute::kla:total"

    (tmp_path / "instrument.toml").write_bytes((KLA_2024 / "instrument.toml").read_bytes())

    assert load_form(path).total == 79


def test_a_form_without_questions_or_with_a_strange_id_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "formulir baru.md"
    path.write_text("| survey |\n| | type | name | label |\n| | start | s | |\n", encoding="utf-8")

    assert [each.column for each in problems_of(path)] == [None, "form_id"]


def test_a_negative_total_is_refused(tmp_path: Path) -> None:
    problems = problems_of(write_form(tmp_path, line("text", "a"), total="-3"))

    assert [each.column for each in problems] == ["attribute::kla:total"]


@pytest.mark.parametrize("name", ["form.docx", "missing.md"])
def test_a_file_that_is_no_form_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "form.docx").write_text("x")

    assert only_problem(tmp_path / name).sheet == "-"


@pytest.mark.parametrize(
    ("content", "row_number"),
    [
        (survey(line("select_one tidakada", "a")) + CHOICES, 2),
        (survey(line("text", "a"), line("begin_group", "g")), 3),
        ("nothing here", None),
        ("| survey |\n| | type | name |\n| | text | a b |\n", 2),
    ],
)
def test_what_pyxform_refuses_keeps_its_row(content: str, row_number: int | None, tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(content, encoding="utf-8")

    assert only_problem(tmp_path / "x.md").row == row_number


def test_a_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK but not really")

    assert "xlsx" in only_problem(tmp_path / "x.xlsx").message


def test_what_was_read_is_kept_and_used_again_until_the_file_changes(tmp_path: Path) -> None:
    path, cache = write_form(tmp_path, line("text", "a")), tmp_path / "kept"
    first = load_form(path, cache)
    (kept,) = cache.iterdir()

    again = load_form(path, cache)
    write_form(tmp_path, line("text", "b"))
    changed = load_form(path, cache)

    assert again == first
    assert list(changed.question_by_name) == ["b"]
    assert len(list(cache.iterdir())) == 2
    kept.write_text("{}")
    assert load_form(write_form(tmp_path, line("text", "a")), cache) == first


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    path = write_form(tmp_path, line("text", "a"))

    assert load_form(path, path / "under-a-file").key == "uji"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Bahasa Indonesia (id)", "id"),
        ("English", "en"),
        ("Bahasa Indonesia", "id"),
        ("Jawa", "jawa"),
        ("zh (zh-Hant)", "zh-hant"),
    ],
)
def test_a_language_is_known_by_its_tag_or_its_name(written: str, code: str) -> None:
    assert language_code(written) == code


def test_texts_fall_back_to_the_forms_first_language(tmp_path: Path) -> None:
    label = form_of(tmp_path, line("text", "a", label="Nama")).question_by_name["a"].label

    assert [label.said(language) for language in ("en", "id", "jv")] == ["Nama (en)", "Nama", "Nama"]


def test_rows_know_which_other_rows_their_state_depends_on(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        *row("1.1", line("integer", "a")),
        *row("1.2", line("calculate", "b", calculation="${a} * 2"), line("integer", "x")),
        *row("1.3", line("integer", "c", relevant="${b} > 4"), share="${c} > 0"),
        *row("1.4", line("integer", "d")),
    )

    assert form.neighbours[RowNumber("1.3")] == {"1.1", "1.2", "1.3"}
    assert [each.number for each in form.onlookers["a"]] == ["1.2", "1.3"]
    assert form.neighbours[RowNumber("1.4")] == {"1.4"}
    assert form.question_by_name["a"].row == "1.1"
    assert AnswerKey("a") in form.question_by_name


def test_the_instrument_of_2024_adds_up() -> None:
    instrument = load_instrument(KLA_2024)

    assert [part.max for part in instrument.parts] == [164, 115, 156, 150, 110, 205, 100]
    assert [instrument.year, instrument.total, len(instrument.indicators)] == [2024, 1000, 31]
    assert sum(len(rows) for rows in instrument.rows_by_indicator.values()) == 274
    assert instrument.form_by_row[RowNumber("26.6")].key == "dekela"
    assert all(note.said("id") and note.said("en") for note in instrument.notes)


BAD_INSTRUMENTS = {
    "year = 2024": ("", "missing"),
    'rule = "lower_bound"': ('rule = "guess"', "Expected the rule"),
    "total = 1000": ("total = 999", "the parts add up to 1000"),
    "max = 164": ("max = 165", "its indicators add up to 164"),
    "lowest = 500": ("lowest = 650", "not in order"),
    '"drppa.md"': ('"drppa.md", "dekela.md"', "asked in two forms"),
    "total = 1000 ": ("total = = 1", "no TOML"),
}


@pytest.mark.parametrize("before", BAD_INSTRUMENTS)
def test_a_faulty_instrument_says_what_is_wrong(before: str, tmp_path: Path) -> None:
    after, said = BAD_INSTRUMENTS[before]
    copytree(KLA_2024, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "instrument.toml"
    path.write_text(path.read_text("utf-8").replace(before.strip(), after, 1), encoding="utf-8")

    with pytest.raises(FormError) as caught:
        load_instrument(tmp_path)

    assert said in str(caught.value) or said.replace("no TOML", "not TOML") in str(caught.value)


def test_the_calendar_of_2024_takes_answers_in_two_stages() -> None:
    instrument = load_instrument(KLA_2024)

    assert instrument.answering == ("evaluasi_mandiri", "perbaikan")
    assert [each.key for each in instrument.stages if each.is_of_record][:2] == ["perencanaan", "pra_kla"]
    repair = instrument.stage("perbaikan")
    assert repair
    assert repair.title.said("id") == "Perbaikan"
    assert instrument.stage("nothere") is None


@pytest.mark.parametrize(
    ("calendar", "fault"),
    [
        ("", "missing"),
        ('[[stages]]\nkey = "a"', "missing"),
        ('[[stages]]\nkey = "A b"\ntitle = { id = "A" }', "small letters"),
        ('[[stages]]\nkey = "a"\ntitle = { id = "A" }', "No stage takes answers"),
        ('[[stages]]\nkey = "a"\ntitle = { id = "A" }\n' * 2, "comes twice"),
        ("[[", "not TOML"),
    ],
)
def test_a_faulty_calendar_says_what_is_wrong(calendar: str, fault: str, tmp_path: Path) -> None:
    written = read_instrument(KLA_2024)
    (tmp_path / "calendar.toml").write_text(calendar)

    with pytest.raises(FormError, match=fault) as refused:
        build_instrument(written, [], read_calendar(tmp_path))

    assert refused.value.problems[0].sheet == "calendar.toml"


def test_a_year_without_a_calendar_has_one_stage_for_answers(tmp_path: Path) -> None:
    assert read_calendar(tmp_path) is None
    assert build_instrument(read_instrument(KLA_2024), []).answering == ("pengisian",)


def test_a_folder_without_an_instrument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormError, match=r"instrument\.toml"):
        load_instrument(tmp_path)

"""Checking, exporting and showing forms."""

from pathlib import Path
from textwrap import dedent

import pytest
from openpyxl import load_workbook

from indicators.exporting import export_form
from indicators.loading import load_form
from indicators.problems import FormError, Problem
from indicators.reporting import Report, _conversion_problems, check_form
from indicators.showing import show_form
from tests.indicators.small_forms import KLA_2024, form_of, line, row, write_form


@pytest.mark.parametrize("name", ["dekela", "kelana", "drppa"])
def test_the_forms_of_2024_have_no_problems_and_no_warnings(name: str) -> None:
    report = check_form(KLA_2024 / f"{name}.md")

    assert (report.problems, report.warnings) == ((), ())
    assert report.summary is not None
    assert report.summary.rows > 0


def test_a_report_tells_what_is_in_a_form(tmp_path: Path) -> None:
    path = write_form(
        tmp_path, *row("1.1", line("select_one ada", "a", required="yes"), points="4", share="${a} = 'ada'"), total="4"
    )

    summary = check_form(path).summary

    assert summary is not None
    assert (summary.key, summary.languages, summary.rows, summary.scored_rows, summary.questions) == (
        "uji", ("id", "en"), 1, 1, 1
    )  # fmt: skip


def test_a_report_reads_as_lines(tmp_path: Path) -> None:
    faulty = check_form(write_form(tmp_path, line("text", "a", constraint="now()")))
    sound = check_form(write_form(tmp_path, line("text", "a", constraint=". != 'x'")))

    assert str(faulty).splitlines()[-1] == "1 problems: the form cannot be used."
    assert str(sound).splitlines() == [
        "warning: a: the constraint has no message; a person would not learn what is expected.",
        "uji 1 (id, en): 1 parts, 1 rows, 0 of them scored, 1 questions, 0 points",
    ]


def test_problems_leave_no_summary(tmp_path: Path) -> None:
    report = check_form(write_form(tmp_path, line("text", "a", constraint="now()")))

    assert (len(report.problems), report.summary) == (1, None)


def test_what_only_the_whole_conversion_finds_is_a_problem_too(tmp_path: Path) -> None:
    path = write_form(tmp_path, line("select_one nothing", "a"))

    (problem,) = _conversion_problems(path)

    assert (problem.sheet, "nothing" in problem.message) == ("survey", True)


def test_a_form_that_loads_and_does_not_convert_has_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_form(tmp_path, line("text", "a"))
    found = Problem("survey", None, None, "pyxform says no.", "Correct it.")
    monkeypatch.setattr("indicators.reporting._conversion_problems", lambda _: [found])

    assert check_form(path) == Report((found,), (), None)


def test_a_share_that_is_no_number_is_warned_of_with_an_example(tmp_path: Path) -> None:
    questions = (line("integer", "anak", required="yes"), line("integer", "akta", required="yes"))
    path = write_form(tmp_path, *row("1.1", *questions, points="4", share="${akta} div ${anak}"), total="4")

    (warning,) = check_form(path).warnings

    assert warning.startswith("Row 1.1: the share is no number when ")


def test_a_share_that_nothing_earns_is_warned_of(tmp_path: Path) -> None:
    question = line("select_one ada", "a", required="yes")
    path = write_form(tmp_path, *row("1.1", question, points="4", share="${a} = 'adaa'"), total="4")

    assert "earns anything" in check_form(path).warnings[0]


def test_every_kind_of_question_can_be_tried_out(tmp_path: Path) -> None:
    questions = (
        line("note", "n"),
        line("select_multiple buah", "b", required="yes"),
        line("select_one desa", "d", choice_filter="kec = 'k9'"),
        line("range", "r", parameters="start=0 end=4 step=2"),
        line("date", "t", constraint=". < today()", message="Bukan."),
        line("decimal", "x", constraint=". < 0", message="Tidak bisa."),
        line("text", "s"),
        line("image", "f"),
    )
    path = write_form(
        tmp_path, *row("1.1", *questions, points="4", share="count-selected(${b}) = 4 and ${r} >= 0"), total="4"
    )

    assert check_form(path).warnings == ()


def test_a_row_that_cannot_be_answered_by_trying_is_left_alone(tmp_path: Path) -> None:
    question = line("integer", "a", required="yes", constraint=". = 777", message="Hanya 777.")
    path = write_form(tmp_path, *row("1.1", question, points="4", share="${a} > 0"), total="4")

    assert check_form(path).warnings == ()


def test_what_a_chat_does_not_do_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text(
        "| survey |\n| | type | name | label | default | constraint |\n| | start | mulai | | | |\n"
        "| | text | a | A | isi | . != 'b' |\n",
        encoding="utf-8",
    )

    warnings = check_form(path).warnings

    assert [each.split()[0] for each in warnings] == ["The", "mulai:", "a:", "a:"]


def test_an_export_keeps_every_cell_as_text(tmp_path: Path) -> None:
    path = write_form(tmp_path, *row("26.10", line("text", "a", label="=1+1")), line("text", "b"))

    export_form(path, tmp_path / "out.xlsx")

    workbook = load_workbook(tmp_path / "out.xlsx")
    cells = [cell for line in workbook["survey"].iter_rows(min_row=2) for cell in line if cell.value is not None]
    assert workbook.sheetnames == ["survey", "choices", "settings"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {"26.10", "=1+1"} <= {cell.value for cell in cells}
    assert load_form(tmp_path / "out.xlsx") == load_form(path)


def test_what_is_no_form_cannot_be_exported(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"no")

    with pytest.raises(FormError, match=r"no \.xlsx workbook"):
        export_form(tmp_path / "x.xlsx", tmp_path / "out.xlsx")


RELEVANT = "${sk} = 'ada' and not(${sk} != 'belum')"


def test_a_form_is_shown_as_a_person_would_meet_it(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        line("begin_group", "bab", label="Hak sipil"),
        line("begin_group", "i26", label="Dekela"),
        *row(
            "26.6",
            line("select_one ada", "sk", label="Apakah SK sudah ada?", required="yes"),
            line(
                "integer", "anak", label="Berapa anak?", unit="anak", relevant="${sk} = 'ada' and not(${sk} != 'belum')"
            ),
            line("select_multiple buah", "b", label="Buah apa?", constraint="count-selected(.) <= 2", message="Dua."),
            line("calculate", "c", calculation="1"),
            line("begin_repeat", "r", repeat_count="${anak}"),
            line("text", "nama", label="Nama?", relevant="selected(${b}, 'm') or ${c} = 1"),
            line("end_repeat"),
            label="Akta",
            points="4",
            share="${sk} = 'ada'",
            evidence="sk",
            holder="dinkes",
        ),
        *row("26.7", line("note", "n", label="Catatan " + "panjang " * 8), share="${anak} div 2", label="Lain"),
        *row("26.8", line("text", "z", label="Z?", relevant="${n} = 'x'"), label="Lagi"),
        line("end_group"),
        line("end_group"),
        total="4",
    )

    shown = show_form(form, "id")

    assert shown == dedent("""\
        Uji (uji 1), 4 poin

        # Hak sipil

        ## Dekela

        1. 26.6 Akta (4 poin)
           - Apakah SK sudah ada? [sk: select_one, wajib]
               1) Sudah ada
               2) Belum ada
           - Berapa anak? [anak: integer, satuan anak]
               bila “Apakah SK sudah ada?” = Sudah ada dan bukan (“Apakah SK sudah ada?” ≠ Belum ada)
           - Buah apa? [b: select_multiple, boleh lebih dari satu]
               syarat: count-selected(.) ≤ 2
               1) Mangga
               2) Manggis
               3) Pisang
               4) Jeruk bali, kupas
           - Nama? [nama: text]
               bila “Buah apa?” ∋ Mangga atau “c” = 1
               diulang sebanyak “Berapa anak?”
           = nilai penuh bila: “Apakah SK sudah ada?” = Sudah ada
           bukti: SK
           pemegang data: Dinas Kesehatan

        2. 26.7 Lain (0 poin)
           - Catatan panjang panjang panjang panjang panjang panjang panjang panjang [n: note]
           = bagian nilai: “Berapa anak?” ÷ 2

        3. 26.8 Lagi
           - Z? [z: text]
               bila “Catatan panjang panjang panjang panjang panjang…” = 'x'
        """)
    assert "earned" not in show_form(form, "en")
    assert "full points if" in show_form(form, "en")
    assert show_form(form, "jv") == shown

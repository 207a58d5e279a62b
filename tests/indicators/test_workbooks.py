"""Files that are no forms, or would be too much for any machine: each is refused with one sentence and a remedy."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from indicators import workbooks
from indicators.filling import asked
from indicators.loading import load_form
from indicators.problems import FormError, Problem
from tests.fuzzing.targets.forms import FIRST_SHEET, STRINGS, workbook, zipped
from tests.indicators.small_forms import TODAY, form_of, line

HEAD = "| survey |\n| | type | name | label | relevant |\n"


def problems_of(folder: Path, content: bytes | str, name: str = "form.md") -> tuple[Problem, ...]:
    """Load a file that cannot be used."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FormError) as refused:
        load_form(path)
    assert all(each.remedy for each in refused.value.problems)
    return refused.value.problems


def packed_with(flags: int = 0, **parts: bytes) -> bytes:
    """Pack parts into a workbook; ``flags`` say what a packing programme says of each."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name)
            packed.writestr(entry, content)
            entry.flag_bits |= flags
    return archive.getvalue()


def bomb(size: int) -> bytes:
    """Give a workbook of some kilobytes whose sheet claims to unpack to so many bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in workbook().items():
            if name != STRINGS:
                packed.writestr(name, content)
        with packed.open(STRINGS, "w") as part:
            for _ in range(size // 2**20):
                part.write(b" " * 2**20)
    return archive.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    content = bomb(40 * 2**20)
    assert len(content) < 2**18

    (problem,) = problems_of(tmp_path, content, "bomb.xlsx")

    assert "unpacks to at most 33,554,432 bytes" in problem.message


def test_a_part_that_claims_to_be_smaller_than_it_is_unpacks_no_further(tmp_path: Path) -> None:
    content, true_size = bomb(40 * 2**20), (40 * 2**20).to_bytes(4, "little")
    assert content.count(true_size) >= 1

    (problem,) = problems_of(tmp_path, content.replace(true_size, (9).to_bytes(4, "little")), "bomb.xlsx")

    assert problem.sheet in ("-", "survey")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", packed_with(1, a=b"x"), "password"),
        ("a.xlsx", b"PK but not really", "no .xlsx workbook"),
        ("a.xlsx", b"", "no .xlsx workbook"),
        ("a.xlsx", packed_with(a=b"x"), "at least a sheet 'survey'"),
        ("a.xlsx", bytes(workbooks.MOST_WORKBOOK_BYTES + 1), "at most 8,388,608 bytes"),
        ("a.md", b"|" * (workbooks.MOST_TEXT_BYTES + 1), "at most 4,194,304 bytes"),
        ("a.md", "x" * 20_001, "Line 1 has 20,001 characters"),
        ("a.md", f"\n{'#' * 11}", "11 number signs"),
        ("a.md", b"\xff\xfe" * 20, "UTF-8"),
        ("a.md", HEAD + "| | text | a | A | | too | many |\n", "more cells than there are column headings"),
        ("a.md", "nothing here", "at least a sheet 'survey'"),
        ("a.csv", "survey\n,type,name,label\n,text,a,A\ncatatan\n,x\n,y\n", "found 'catatan'"),
        ("a.csv", 'survey\n,type,name,label\n,text,a,"' + ("x" * 19_000 + "\n") * 8, "field larger than field limit"),
        ("a.docx", b"", "ending in .md, .xlsx, .csv"),
    ],
)
def test_what_is_no_form_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes | str, said: str) -> None:
    (problem,) = problems_of(tmp_path, content, name)

    assert said in problem.message


def test_a_workbook_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a", b"x")

    (problem,) = problems_of(tmp_path, archive.getvalue(), "a.xlsx")

    assert "packed as Excel never does it" in problem.message


def test_a_cell_at_the_other_end_of_the_sheet_costs_nothing(tmp_path: Path) -> None:
    sheet = workbook()[FIRST_SHEET].replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    )
    (tmp_path / "uji.xlsx").write_bytes(zipped({**workbook(), FIRST_SHEET: sheet}))

    form = load_form(tmp_path / "uji.xlsx")

    assert "anak" in form.question_by_name


ENTITIES = b"".join(b'<!ENTITY l%d "%s">' % (each, b"&l%d;" % (each - 1) * 10) for each in range(1, 12))


@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE x [<!ENTITY l0 "lol">' + ENTITIES + b"]>",
        b'<!DOCTYPE x [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
    ],
    ids=["a billion laughs", "somebody else's file"],
)
def test_entities_in_a_workbook_are_not_followed(tmp_path: Path, prologue: bytes) -> None:
    strings = prologue + workbook()[STRINGS].replace(b"<t>", b"<t>&l11;", 1)

    (problem,) = problems_of(tmp_path, zipped({**workbook(), STRINGS: strings}), "uji.xlsx")

    assert "could not read strings" in problem.message


def test_remarks_of_openpyxl_reach_nobody(tmp_path: Path) -> None:
    styles = workbook()["xl/styles.xml"].replace(b'name="Normal"', b'name="Plain"')
    assert styles != workbook()["xl/styles.xml"]
    (tmp_path / "uji.xlsx").write_bytes(zipped({**workbook(), "xl/styles.xml": styles}))

    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        load_form(tmp_path / "uji.xlsx")

    assert not remarks


def test_rows_and_cells_beyond_the_limits_are_refused_by_name(tmp_path: Path) -> None:
    rows = "".join(f"| | text | q{number} | Q | |\n" for number in range(workbooks.MOST_ROWS["survey"] + 1))
    lengthy = f"| | text | a | {'x' * 4_001} | |\n"

    (too_many,) = problems_of(tmp_path, HEAD + rows)
    (too_long,) = problems_of(tmp_path, HEAD + lengthy)

    assert "at most 5,000 rows, found 5,001" in too_many.message
    assert (too_long.sheet, too_long.row, too_long.column) == ("survey", 2, "label")


def test_groups_that_are_nested_too_deeply_are_refused_where_it_begins(tmp_path: Path) -> None:
    opened = "".join(f"| | begin_group | g{depth} | G | |\n" for depth in range(300))

    (problem,) = problems_of(tmp_path, HEAD + opened + "| | text | a | A | |\n" + "| | end_group | | | |\n" * 300)

    assert (problem.row, problem.column) == (22, "type")


def test_a_chain_of_a_thousand_questions_can_be_followed(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        line("text", "q0"),
        *(line("text", f"q{number}", relevant=f"${{q{number - 1}}} = 'x'") for number in range(1, 1_200)),
    )

    assert len(form.question_by_name) == 1_200
    assert form.neighbours


def test_a_circle_of_a_thousand_questions_is_found(tmp_path: Path) -> None:
    lines = [f"| | text | q{number} | Q | ${{q{(number + 1) % 1_100}}} = 'x' |\n" for number in range(1_100)]

    (problem,) = problems_of(tmp_path, HEAD + "".join(lines))

    assert "run in a circle: q0 -> q1 -> " in problem.message


def test_what_is_calculated_from_what_is_calculated_does_not_grow_without_end(tmp_path: Path) -> None:
    def tenfold(number: int) -> Mapping[str, str]:
        before = f"${{c{number - 1}}}" if number else "${a}"
        return line("calculate", f"c{number}", calculation=f"concat({', '.join([before] * 10)})")

    form = form_of(tmp_path, line("text", "a"), *map(tenfold, range(30)), line("text", "b", relevant="${c29} != ''"))

    (row,) = form.rows
    assert [each.key for each in asked(form, row, {"a": "x" * 1_000}, TODAY)] == ["a", "b"]

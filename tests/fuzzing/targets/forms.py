"""Whatever a secretariat hands in as a questionnaire: Markdown, CSV, workbooks, and what only looks like one."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from indicators.exporting import export_form
from indicators.filling import asked, check_answer, choices_for, row_state
from indicators.form import Form
from indicators.loading import load_form
from indicators.problems import FormError
from indicators.reading import Understood, read_answer, say_value
from indicators.reporting import check_form
from indicators.showing import show_form
from tests.fuzzing.drawing import Draw, told
from tests.indicators.every_question import every_question
from tests.indicators.small_forms import CHOICES, SETTINGS, TODAY, line, row, survey

IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - files that live for one input
FIRST_SHEET, STRINGS, LINKS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"
INLINE = re.compile(rb't="inlineStr"><is><t[^>]*>(.*?)</t></is>', re.DOTALL)
RELATIONS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
STRINGS_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
MOST_MESSAGE_CHARACTERS = 1_500
TYPED = ("1", "ya", "1.5", "2025-01-01", "x" * 300)


def check(content: bytes) -> None:
    """Draw a kind of file and its content."""
    draw = Draw(content)
    kind = draw.pick((".md", ".csv", ".xlsx", "part"))
    if kind == "part":
        replaced = draw.pick(sorted(workbook()))
        check_file(".xlsx", zipped({**workbook(), replaced: draw.rest()}))
    else:
        check_file(kind, draw.rest())


def check_file(suffix: str, content: bytes) -> None:
    """Load a file: it is a form that can be filled in, or is refused with problems that say where and what to do."""
    with TemporaryDirectory(dir=IN_MEMORY) as folder:
        path = Path(folder) / f"form{suffix}"
        path.write_bytes(content)
        try:
            form = load_form(path)
        except FormError as error:
            _check_refusal(error)
        else:
            _check_form(form)
            check_form(path)


def _check_refusal(error: FormError) -> None:
    assert error.problems
    for problem in error.problems:
        assert problem.sheet
        assert problem.row is None or problem.row >= 1
        assert problem.message
        assert problem.remedy
        assert len(str(problem)) <= MOST_MESSAGE_CHARACTERS
        assert "Traceback" not in str(problem)


def _check_form(form: Form) -> None:
    """Fill the form in, look at every row, and show it."""
    values: dict[str, str] = {}
    for each in form.rows:
        for question in asked(form, each, values, TODAY):
            choices_for(form, question.key, values, TODAY)
            for typed in TYPED:
                reading = read_answer(form, question.key, typed, values=values, today=TODAY, language="id")
                if isinstance(reading, Understood):
                    say_value(form, question.key, reading.value, "id")
                    if check_answer(form, question.key, reading.value, values, TODAY) is None:
                        values[question.key] = reading.value
        row_state(form, each, values, TODAY)
    assert show_form(form, form.languages[0])


@cache
def workbook() -> Mapping[str, bytes]:
    """Give the parts of a workbook with a question of every kind."""
    with TemporaryDirectory() as folder:
        every_question(Path(folder))
        export_form(Path(folder) / "uji.md", Path(folder) / "uji.xlsx")
        with zipfile.ZipFile(Path(folder) / "uji.xlsx") as packed:
            return _sharing({name: packed.read(name) for name in packed.namelist()})


def _sharing(parts: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Keep the texts of the first sheet in a part of their own, as Excel does with all of them."""
    texts: list[bytes] = []

    def shared(found: re.Match[bytes]) -> bytes:
        texts.append(found[1])
        return b't="s"><v>%d</v>' % (len(texts) - 1)

    sheet = INLINE.sub(shared, parts[FIRST_SHEET])
    strings = b"".join(b"<si><t>%s</t></si>" % text for text in texts)
    relation = (
        b'<Relationship Type="%ssharedStrings" Target="sharedStrings.xml" Id="rId9" /></Relationships>' % RELATIONS
    )
    override = b'<Override PartName="/%s" ContentType="%s" /></Types>' % (STRINGS.encode(), STRINGS_TYPE)
    return {
        **parts,
        FIRST_SHEET: sheet,
        STRINGS: b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</sst>' % strings,
        LINKS: parts[LINKS].replace(b"</Relationships>", relation),
        "[Content_Types].xml": parts["[Content_Types].xml"].replace(b"</Types>", override),
    }


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """Pack parts into a workbook."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def seeds() -> Iterable[bytes]:
    """Give small forms of every kind."""
    for lines in FORMS:
        text = SETTINGS.format(total="", unit="") + "\n" + survey(*lines) + "\n" + CHOICES
        yield told(0, text.encode())
        yield told(1, as_csv(text).encode())
    yield told(2, zipped(workbook()))
    for place, name in enumerate(sorted(workbook())):
        yield told(3, place, workbook()[name])
    yield told(0, b"| survey |\n| | type | name | label |\n| | text | a | A |\n")
    yield told(1, b"survey\n,type,name,label\n,integer,a,A\n")


def as_csv(markdown: str) -> str:
    """Write the sheets of a Markdown form as CSV."""
    lines = (each.strip().strip("|").split("|") for each in markdown.splitlines() if each.strip())
    return "\n".join(
        ",".join(f'"{cell.strip()}"' if "," in cell else cell.strip() for cell in cells) for cells in lines
    )


FORMS = (
    (line("integer", "a", constraint=". < 5", message="Isi"), line("text", "b", relevant="${a} > 1", required="yes")),
    (
        line("begin_group", "bab"),
        *row("7.1", line("decimal", "x", unit="persen"), points="4", share="${x} div 100", evidence="sk"),
        line("end_group"),
    ),
    (
        line("integer", "n"),
        line("begin_repeat", "ulang", repeat_count="${n}"),
        line("select_one desa", "d", choice_filter="kec = 'k1'"),
        line("end_repeat"),
        line("calculate", "c", calculation="count(${d}) + 1"),
        line("select_multiple buah or_other", "m"),
        line("range", "r", parameters="start=0 end=10 step=2"),
    ),
)

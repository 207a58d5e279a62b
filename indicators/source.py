"""Reading the sheets of an XLSForm with pyxform."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indicators.problems import FormError, Problem

SUFFIXES = (".md", ".xlsx", ".csv")
_FIRST_ROW = 2
"""Row 1 holds the column headings."""
_ROW_IN_MESSAGE = re.compile(r"\[row : (\d+)\]\s*")
_SHEET_IN_MESSAGE = re.compile(r"(?:[Oo]n|[Ii]n) the '(\w+)' sheet")


@dataclass(frozen=True, slots=True)
class Source:
    """A form as pyxform reads it, with the places where things are written."""

    name: str
    """File name, for messages."""
    survey: Mapping[str, Any]
    """pyxform's tree: settings, children, choices."""
    rows_by_name: Mapping[str, Sequence[int]]
    """Rows of the survey sheet in which a name is given, in order."""
    rows_by_choice: Mapping[str, int]
    """Row of the choices sheet for each ``list name``."""
    with_other: Sequence[str]
    """Questions whose type ends in ``or_other``."""
    warnings: Sequence[str]

    def row_of(self, name: str) -> int | None:
        """Find the survey row that gives this name; for a name given twice, the last."""
        rows = self.rows_by_name.get(name)
        return rows[-1] if rows else None


def content_of(path: Path) -> bytes:
    """Read a file that may hold a form.

    Raises:
        FormError: it is missing, or of another kind.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise _refused(
            path, f"Expected a file ending in {', '.join(SUFFIXES)}.", "Save the form as .xlsx and try again."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refused(path, f"The file cannot be read: {error.strerror}.", "Check the path and the rights.") from error


def read_source(path: Path) -> Source:
    """Let pyxform read and check a ``.md``, ``.xlsx`` or ``.csv`` file; imported here because that takes 0.3 s.

    Raises:
        FormError: the file is missing, is of another kind, or pyxform refuses it.
    """
    from pyxform.errors import PyXFormError
    from pyxform.xls2json import workbook_to_json
    from pyxform.xls2json_backends import get_xlsform

    content_of(path)
    warnings: list[str] = []
    refused: list[Problem] = []
    try:
        workbook = get_xlsform(path)
        rows = _rows_by_name(workbook.survey or ())
        refused.extend(refused_types(workbook.survey or ()))
        choices = _rows_by_choice(workbook.choices or ())
        with_other = _questions_with_other(workbook.survey or ())
        survey = workbook_to_json(workbook, fallback_form_name=path.stem, warnings=warnings)
    except (PyXFormError, UnicodeDecodeError, IndexError) as error:
        raise FormError(path.name, (*refused, _as_problem(str(error)))) from error
    if refused:
        raise FormError(path.name, refused)
    return Source(path.name, _lean(survey), rows, choices, with_other, warnings)


def _lean(survey: dict[str, Any]) -> dict[str, Any]:
    """Copy the tree as plain data; the choices that pyxform repeats at each question are kept in their lists only."""

    def strip(element: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in element.items() if key != "choices"}
        if "children" in kept:
            kept["children"] = [strip(child) for child in kept["children"]]
        return kept

    lean = strip(survey) | {"choices": survey.get("choices", {})}
    copied: dict[str, Any] = json.loads(json.dumps(lean))
    return copied


_REFUSED = (
    "audio", "background-audio", "video", "barcode", "geotrace", "geoshape", "rank", "time", "datetime",
    "select_one_from_file", "select_multiple_from_file", "select_one_external", "select_multiple_external",
    "csv-external", "xml-external", "begin_loop", "begin loop", "osm",
)  # fmt: skip
_INSTEAD = {
    "audio": "Ask for text or a file.",
    "background-audio": "Take the row out.",
    "video": "Ask for an image or a file.",
    "barcode": "Ask for text.",
    "geotrace": "Ask for a geopoint.",
    "geoshape": "Ask for a geopoint.",
    "rank": "Ask with select_one, once for each place.",
    "time": "Ask for text, with a constraint by regex().",
    "datetime": "Ask for a date.",
}


def refused_types(survey: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Find the question types that cannot be asked by chat."""
    problems = []
    for number, row in enumerate(survey, start=_FIRST_ROW):
        written = str(_cell(row, "type", "command"))
        found = next((kind for kind in _REFUSED if re.match(rf"{kind}(\s|$)", written.lower())), None)
        if found:
            remedy = _INSTEAD.get(found, "Write the choices into the choices sheet, or take the row out.")
            message = f"Questions of type {written!r} cannot be asked by chat."
            problems.append(Problem("survey", number, "type", message, remedy))
    return problems


def _cell(row: Mapping[str, Any], *headings: str) -> object:
    return next((value for heading, value in row.items() if heading.strip().lower() in headings), "")


def _rows_by_name(survey: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for number, row in enumerate(survey, start=_FIRST_ROW):
        name = str(_cell(row, "name", "tag", "value"))
        if name and not str(_cell(row, "type", "command")).startswith("end"):
            rows.setdefault(name, []).append(number)
    return rows


def _rows_by_choice(choices: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {
        f"{_cell(row, 'list_name', 'list name')} {_cell(row, 'name', 'value')}": number
        for number, row in enumerate(choices, start=_FIRST_ROW)
    }


def _questions_with_other(survey: Sequence[Mapping[str, Any]]) -> list[str]:
    ending = re.compile(r"\bor[ _](specify[ _])?other$")
    return [str(_cell(row, "name")) for row in survey if ending.search(str(_cell(row, "type", "command")))]


def _as_problem(message: str) -> Problem:
    row, sheet = _ROW_IN_MESSAGE.search(message), _SHEET_IN_MESSAGE.search(message)
    said = " ".join(_ROW_IN_MESSAGE.sub("", message).split())
    remedy = "Correct it; https://xlsform.org describes every column."
    return Problem(sheet[1] if sheet else "survey", int(row[1]) if row else None, None, said, remedy)


def _refused(path: Path, message: str, remedy: str) -> FormError:
    return FormError(path.name, [Problem("-", None, None, message, remedy)])

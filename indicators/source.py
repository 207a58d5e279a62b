"""Reading the sheets of an XLSForm with pyxform."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indicators.problems import FormError, Problem
from indicators.workbooks import FIRST_ROW, calling_pyxform, cell, open_sheets, read_bytes


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


def read_source(path: Path) -> Source:
    """Let pyxform read and check a ``.md``, ``.xlsx`` or ``.csv`` file.

    Raises:
        FormError: the file is missing, is of another kind, is too large, or pyxform refuses it.
    """
    sheets = open_sheets(path, read_bytes(path))
    survey = sheets.survey or ()
    refused, warnings = refused_types(survey), list[str]()

    def convert() -> dict[str, Any]:
        from pyxform.xls2json import workbook_to_json

        found: dict[str, Any] = workbook_to_json(sheets, fallback_form_name=path.stem, warnings=warnings)
        return _lean(found)

    rows, choices = _rows_by_name(survey), _rows_by_choice(sheets.choices or ())
    with_other = _questions_with_other(survey)
    lean = calling_pyxform(path, convert, refused)
    if refused:
        raise FormError(path.name, refused)
    return Source(path.name, lean, rows, choices, with_other, warnings)


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
    for number, row in enumerate(survey, start=FIRST_ROW):
        written = cell(row, "type", "command")
        found = next((kind for kind in _REFUSED if re.match(rf"{kind}(\s|$)", written.lower())), None)
        if found:
            remedy = _INSTEAD.get(found, "Write the choices into the choices sheet, or take the row out.")
            message = f"Questions of type {written!r} cannot be asked by chat."
            problems.append(Problem("survey", number, "type", message, remedy))
    return problems


def _rows_by_name(survey: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for number, row in enumerate(survey, start=FIRST_ROW):
        name = str(cell(row, "name", "tag", "value"))
        if name and not cell(row, "type", "command").startswith("end"):
            rows.setdefault(name, []).append(number)
    return rows


def _rows_by_choice(choices: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {
        f"{cell(row, 'list_name', 'list name')} {cell(row, 'name', 'value')}": number
        for number, row in enumerate(choices, start=FIRST_ROW)
    }


def _questions_with_other(survey: Sequence[Mapping[str, Any]]) -> list[str]:
    ending = re.compile(r"\bor[ _](specify[ _])?other$")
    return [str(cell(row, "name")) for row in survey if ending.search(cell(row, "type", "command"))]

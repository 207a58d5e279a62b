"""A form as a workbook for Excel, KoBoToolbox and ODK."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from indicators.workbooks import open_sheets, read_bytes

_SHEETS = ("survey", "choices", "settings", "external_choices", "entities", "osm")
"""The sheets of XLSForm, in the order in which people expect them."""
_WIDE, _NARROW = 40, 16


def export_form(path: Path, out: Path) -> None:
    """Write a form's source (``.md``, ``.csv`` or ``.xlsx``) as ``.xlsx``, with all its sheets and columns.

    Every cell is text, so that row 26.10 does not become 26.1. An existing file is overwritten.

    Raises:
        FormError: the source cannot be read.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, headings, rows in _sheets(path):
        _write(workbook.create_sheet(name), headings, rows)
    workbook.save(out)


def _sheets(path: Path) -> Iterable[tuple[str, Sequence[str], Sequence[Mapping[str, Any]]]]:
    source = open_sheets(path, read_bytes(path))
    for name in _SHEETS:
        rows = getattr(source, name)
        headings = list((getattr(source, f"{name}_header") or [{}])[0])
        if rows and headings:
            yield name, headings, rows


def _write(sheet: Worksheet, headings: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    for place, heading in enumerate(headings, start=1):
        cell = sheet.cell(1, place, heading)
        cell.font = Font(bold=True)
        is_text = "label" in heading or "hint" in heading or "message" in heading
        sheet.column_dimensions[get_column_letter(place)].width = _WIDE if is_text else _NARROW
    for number, row in enumerate(rows, start=2):
        for place, heading in enumerate(headings, start=1):
            if row.get(heading) not in (None, ""):
                _write_text(sheet, number, place, str(row[heading]))
    sheet.freeze_panes = "C2" if sheet.title == "survey" else "A2"


def _write_text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column, text)
    cell.data_type = "s"  # a text that begins with "=" is no formula
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")

"""Tables as an Excel workbook."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Cell = str | int | datetime | None
Row = Sequence[Cell]
BOLD = Font(bold=True)
WIDTHS = (10, 60)
"""Narrowest and widest column, in characters."""
LOOKED_AT = 200
"""Rows by which the width of a column is chosen."""
MOMENT = "dd/mm/yyyy hh:mm"


def write_workbook(tables: Iterable[tuple[str, Sequence[Row]]]) -> bytes:
    """Write tables with their titles, at most 31 characters; the first row of each stays in sight.

    Text is never taken for a formula, whatever it begins with. Moments lose their zone, which Excel does not know.
    """
    book = Workbook(write_only=True)
    for title, rows in tables:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for place, width in enumerate(_widths(rows), start=1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        for number, row in enumerate(rows):
            sheet.append([_cell(sheet, each, is_head=number == 0) for each in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(sheet: WriteOnlyWorksheet, value: Cell, *, is_head: bool) -> SheetCell:
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None, microsecond=0)
    elif isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, datetime):
        cell.number_format = MOMENT
    if is_head:
        cell.font = BOLD
    return cell


def _widths(rows: Sequence[Row]) -> list[int]:
    columns = max((len(row) for row in rows), default=0)
    narrow, wide = WIDTHS
    return [
        min(wide, max(narrow, *(len(str(row[place])) + 2 for row in rows[:LOOKED_AT] if place < len(row))))
        for place in range(columns)
    ]

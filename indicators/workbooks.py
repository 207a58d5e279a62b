"""Opening the file of a questionnaire: within limits, with pyxform, and with one kind of error."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from indicators.problems import FormError, Problem

SUFFIXES = (".md", ".xlsx", ".csv")
FIRST_ROW = 2
"""Row 1 holds the column headings."""
MOST_TEXT_BYTES = 4 * 2**20
MOST_WORKBOOK_BYTES = 8 * 2**20
MOST_UNPACKED_BYTES = 32 * 2**20
"""The largest form of 2024 has 0.5 MB as text and 2 MB unpacked; a bomb of 10 kB unpacks to gigabytes."""
MOST_LINE_CHARACTERS = 20_000
MOST_NUMBER_SIGNS = 10
"""In one line: pyxform looks from each to the end of the line for a comment in Markdown."""
MOST_CELL_CHARACTERS = 4_000
"""Guidance has at most 600; expressions are the longest cells."""
MOST_ROWS: Mapping[str, int] = {"survey": 5_000, "choices": 20_000, "settings": 10}
MOST_NESTED = 20
_ENCRYPTED = 0x1
_ROW_IN_MESSAGE = re.compile(r"\[row : (\d+)\]\s*")
_SHEET_IN_MESSAGE = re.compile(r"(?:[Oo]n|[Ii]n) the '(\w+)' sheet")
_LONGEST_MESSAGE = 500
_SAVE_ANEW = "Save the form as .xlsx in Excel or LibreOffice and try again."
_XLSFORM = "Correct it; https://xlsform.org describes every column."
_NOT_RECOGNISED = "was not recognized as a supported type"
_NO_FORM = (
    "Expected at least a sheet 'survey' with the columns type, name and label; found none that can be read.",
    "Begin with one of the forms in indicators/kla_2024, or with https://xlsform.org.",
)
_UNKNOWN_SHEET = re.compile(r"DefinitionData\.__init__\(\) got an unexpected keyword argument '(.*)'")
_TRIPPED = {
    IndexError: "A row has more cells than there are column headings above it.",
    UnicodeDecodeError: "The file is not written in UTF-8.",
}
"""What it means when pyxform trips like this."""

Result = TypeVar("Result")


def read_bytes(path: Path) -> bytes:
    """Read a ``.md``, ``.xlsx`` or ``.csv`` file.

    Raises:
        FormError: it is of another kind, cannot be read, or is too large.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise _refused(path, f"Expected a file ending in {', '.join(SUFFIXES)}.", _SAVE_ANEW)
    most = MOST_WORKBOOK_BYTES if suffix == ".xlsx" else MOST_TEXT_BYTES
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        raise _refused(path, message, "Check the path and the rights.") from error
    if len(content) > most:
        raise _refused(path, f"Expected at most {most:,} bytes, found more.", "Take out pictures and other sheets.")
    return content


def open_sheets(path: Path, content: bytes) -> Any:
    """Let pyxform take the file's sheets apart, into its ``DefinitionData``; imported here because that takes 0.3 s.

    Raises:
        FormError: pyxform cannot read it, or a sheet, a cell or the nesting of groups is too large.
    """

    def read() -> Any:
        from pyxform.xls2json_backends import get_xlsform

        return get_xlsform(content, file_type=path.suffix.lower())

    check = _check_packing if path.suffix.lower() == ".xlsx" else _check_lines
    check(path, content)
    sheets = calling_pyxform(path, read)
    problems = [problem for name in MOST_ROWS for problem in _oversize(name, getattr(sheets, name) or ())]
    problems.extend(_nesting(sheets.survey or ()))
    if problems:
        raise FormError(path.name, problems)
    return sheets


def calling_pyxform(path: Path, call: Callable[[], Result], further: Sequence[Problem] = ()) -> Result:
    """Call pyxform; whatever it raises becomes one problem after those that are known already.

    Raises:
        FormError: pyxform refused the form, or tripped over it.
    """
    from pyxform.errors import PyXFormError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's, about what Excel keeps in a workbook beside the cells
            return call()
    except PyXFormError as error:
        is_other = _NOT_RECOGNISED in str(error)
        problem = Problem("-", None, None, *_NO_FORM) if is_other else _as_problem(str(error))
        raise FormError(path.name, (*further, problem)) from error
    except Exception as error:  # over odd sheets they raise TypeError, KeyError, csv.Error, zlib.error, ParseError, ...
        raise FormError(path.name, (*further, Problem("-", None, None, _tripped(error), _SAVE_ANEW))) from error


def cell(row: Mapping[str, Any], *headings: str) -> str:
    """Give what a row has under one of these headings; empty when there is nothing."""
    return str(next((value for heading, value in row.items() if str(heading).strip().lower() in headings), ""))


def _tripped(error: Exception) -> str:
    """Say what it means that pyxform or openpyxl did not expect what they found."""
    unknown = _UNKNOWN_SHEET.search(str(error))
    if unknown:
        return f"Expected the sheets survey, choices and settings, found {unknown[1]!r}."
    return _TRIPPED.get(type(error), _short(f"pyxform cannot read this file ({type(error).__name__}: {error})."))


def _check_packing(path: Path, content: bytes) -> None:
    """Look at what a workbook says of its parts; zipfile unpacks no more of each than that."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise _refused(path, f"This is no .xlsx workbook: {_short(str(error))}.", _SAVE_ANEW) from error
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED_BYTES:
        message = f"Expected a workbook that unpacks to at most {MOST_UNPACKED_BYTES:,} bytes, found {unpacked:,}."
        raise _refused(path, message, "Take out pictures, other sheets and empty rows.")
    ordinary = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if any(part.flag_bits & _ENCRYPTED or part.compress_type not in ordinary for part in parts):
        raise _refused(path, "The workbook has a password, or is packed as Excel never does it.", _SAVE_ANEW)


def _check_lines(path: Path, content: bytes) -> None:
    for number, line in enumerate(content.splitlines(), start=1):
        if len(line) > MOST_LINE_CHARACTERS or line.count(b"#") > MOST_NUMBER_SIGNS:
            message = f"Line {number} has {len(line):,} characters and {line.count(b'#')} number signs."
            remedy = (
                f"At most {MOST_LINE_CHARACTERS:,} and {MOST_NUMBER_SIGNS} fit; divide the row, or shorten its texts."
            )
            raise _refused(path, message, remedy)


def _oversize(sheet: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    if len(rows) > MOST_ROWS[sheet]:
        message = f"Expected at most {MOST_ROWS[sheet]:,} rows, found {len(rows):,}."
        yield Problem(sheet, None, None, message, "Divide the form.")
    for number, row in enumerate(rows, start=FIRST_ROW):
        for heading, value in row.items():
            if len(str(value)) > MOST_CELL_CHARACTERS:
                message = f"Expected at most {MOST_CELL_CHARACTERS:,} characters, found {len(str(value)):,}."
                yield Problem(sheet, number, _short(str(heading)), message, "Shorten it.")


def _nesting(survey: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Find the first group that stands in too many others: what walks through the form calls itself for each."""
    depth = 0
    for number, row in enumerate(survey, start=FIRST_ROW):
        kind = cell(row, "type", "command").strip().lower()
        depth += kind.startswith("begin") - kind.startswith("end")
        if depth > MOST_NESTED:
            message = f"Groups stand in one another more than {MOST_NESTED} times."
            yield Problem("survey", number, "type", message, "Put them beside each other.")
            return


def _as_problem(message: str) -> Problem:
    row, sheet = _ROW_IN_MESSAGE.search(message), _SHEET_IN_MESSAGE.search(message)
    said = _short(_ROW_IN_MESSAGE.sub("", message))
    return Problem(sheet[1] if sheet else "survey", int(row[1]) if row else None, None, said, _XLSFORM)


def _short(message: str) -> str:
    said = " ".join(message.split())
    return said if len(said) <= _LONGEST_MESSAGE else f"{said[:_LONGEST_MESSAGE]}..."


def _refused(path: Path, message: str, remedy: str) -> FormError:
    return FormError(path.name, [Problem("-", None, None, message, remedy)])

"""Tells what a file is by its content; names and announcements are not believed.

Photos and PDF are told by their first bytes. Office documents are containers, and which kind of document one holds
stands further back (in the table of contents of a ZIP, in the directory of an old one): there we look ourselves.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import filetype  # type: ignore[import-untyped] # it ships no types, and this is its one adapter

FileType = Literal["jpg", "png", "webp", "heic", "pdf", "docx", "xlsx", "doc", "xls"]

HEAD_BYTES = 4096
PHOTO_TYPES = frozenset({"jpg", "png", "webp", "heic"})
PLAIN_TYPES: Mapping[str, FileType] = {"jpg": "jpg", "png": "png", "webp": "webp", "heic": "heic", "pdf": "pdf"}
"""Of the many types that the library knows by their first bytes, those that we keep."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The container of Word and Excel before 2007 (MS-CFB, section 2.2)."""
OLE_STREAMS: Mapping[FileType, str] = {"doc": "WordDocument", "xls": "Workbook"}
"""A stream whose name only this kind of document has (MS-DOC 2.1.1, MS-XLS 2.1.2)."""
ZIP_MEMBERS: Mapping[FileType, str] = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
MOST_MEMBERS = 10_000


def type_of(file: Path) -> FileType | None:
    """Give the type of a photo or document that we keep; ``None`` for everything else. Reads the file."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return _office_type(file)
    if head.startswith(OLE):
        return _old_office_type(file)
    return _plain_type(head)


def _plain_type(head: bytes) -> FileType | None:
    found = filetype.guess_extension(head)
    return PLAIN_TYPES.get(found) if found else None


def _office_type(file: Path) -> FileType | None:
    """Look at the table of contents only; nothing is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist()[:MOST_MEMBERS])
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return None
    return next((kind for kind, member in ZIP_MEMBERS.items() if member in names), None)


def _old_office_type(file: Path) -> FileType | None:
    content = file.read_bytes()
    return next((kind for kind, name in OLE_STREAMS.items() if name.encode("utf-16-le") in content), None)

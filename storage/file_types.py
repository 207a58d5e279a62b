"""Tells what a file is by its content; names and announcements are not believed."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

FileType = Literal["jpg", "png", "webp", "heic", "pdf", "docx", "xlsx", "doc", "xls"]

HEAD_BYTES = 4096
PHOTO_TYPES = frozenset({"jpg", "png", "webp", "heic"})
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
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
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        return "heic"
    return "pdf" if b"%PDF-" in head[:1024] else None


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

"""Evidence is kept by its content, privately, and only if it is a photo or document."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.actions import SaveSheet, Say
from conversations.events import FileStored, FileTarget, StoredFile
from conversations.messages import Message
from conversations.people import Role
from conversations.session import Session, Sorting
from conversations.sheets import Evidence, RowMark, Sheet
from storage.errors import StorageError
from storage.file_types import type_of
from storage.files import FileLimits, FileRefusedError, FileStore
from storage.outbox import Sent
from storage.store import Store
from storage.turns import Envelope
from tests.storage.forms import NOW
from tests.storage.people import MUCH_ROOM, SENDER, VILLAGE, appoint, take, text_from

PDF = b"%PDF-1.7\n" + b"x" * 100
JPG = b"\xff\xd8\xff\xe0" + b"j" * 100
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return buffer.getvalue()


def old_office(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + stream.encode("utf-16-le") + b"\0" * 100


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def chunked(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "evidence", FileLimits(size_bytes=5_000))


@pytest.mark.parametrize(
    ("content", "kind", "ending"),
    [
        (JPG, "photo", "jpg"),
        (b"\x89PNG\r\n\x1a\n" + b"p" * 50, "photo", "png"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "photo", "webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "photo", "heic"),
        (PDF, "document", "pdf"),
        (zipped("[Content_Types].xml", "word/document.xml"), "document", "docx"),
        (zipped("xl/workbook.xml"), "document", "xlsx"),
        (old_office("WordDocument"), "document", "doc"),
        (old_office("Workbook"), "document", "xls"),
    ],
)
async def test_photos_and_documents_are_kept_under_their_hash(
    files: FileStore, content: bytes, kind: str, ending: str
) -> None:
    stored = await files.keep(chunked(content), announced_name="SK Forum Anak.exe")

    assert stored == StoredFile(
        hashlib.sha256(content).hexdigest(),
        f"SK Forum Anak.{ending}",
        kind,  # type: ignore[arg-type]
        len(content),
    )
    path = files.open(stored.sha256)
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\0",
        b"<html></html>",
        zipped("a.txt"),
        b"PK\x03\x04broken",
        b"\0\0\0\x18ftypisom",
        old_office("Nothing"),
    ],
)
async def test_everything_else_is_refused_and_leaves_nothing(files: FileStore, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as refused:
        await files.keep(chunked(content), announced_name="foto.jpg")

    assert refused.value.reason == "wrong_type"
    assert left_in(tmp_path) == []


async def test_too_large_a_file_is_refused_while_it_comes_in(files: FileStore, tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield JPG

    with pytest.raises(FileRefusedError) as refused:
        await files.keep(endless(), announced_name="foto.jpg")

    assert refused.value.reason == "too_large"
    assert left_in(tmp_path) == []


async def test_a_download_that_breaks_off_leaves_nothing(files: FileStore, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield JPG
        raise ConnectionResetError

    with pytest.raises(StorageError):
        await files.keep(broken(), announced_name="foto.jpg")

    assert left_in(tmp_path) == []


async def test_the_same_photo_twice_is_one_file(files: FileStore, tmp_path: Path) -> None:
    first = await files.keep(chunked(JPG), announced_name="a.jpg")
    second = await files.keep(chunked(JPG, size=50), announced_name="b.jpg")

    assert first.sha256 == second.sha256
    assert len(left_in(tmp_path)) == 1


@pytest.mark.parametrize(
    ("announced", "kept"),
    [
        ("", "file"),
        ("../../etc/passwd", "passwd"),
        ("C:\\a\\b.PDF", "b"),
        ("x\u202e\0gpj.pdf", "xgpj"),
        ("n" * 500, "n" * 100),
    ],
)
async def test_names_lose_folders_and_tricks(files: FileStore, announced: str, kept: str) -> None:
    stored = await files.keep(chunked(PDF), announced_name=announced)

    assert stored.name == f"{kept}.pdf"


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "0" * 64])
def test_opening_what_is_not_there_is_refused(files: FileStore, sha256: str) -> None:
    with pytest.raises(StorageError):
        files.open(sha256)


async def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageError, match="folder of evidence"):
        await FileStore(tmp_path / "file").keep(chunked(JPG), announced_name="a.jpg")


async def test_files_that_nobody_refers_to_are_swept_when_they_are_old(files: FileStore) -> None:
    wanted = await files.keep(chunked(JPG), announced_name="a.jpg")
    unwanted = await files.keep(chunked(PDF), announced_name="a.pdf")

    young = await files.sweep({wanted.sha256}, datetime(2001, 1, 1, tzinfo=UTC))
    old = await files.sweep({wanted.sha256}, FAR_AHEAD)

    assert (young, old) == (0, 1)
    assert files.open(wanted.sha256).is_file()
    with pytest.raises(StorageError):
        files.open(unwanted.sha256)


async def test_files_in_sheets_sessions_and_failures_are_in_use(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    in_sheet, in_session, in_failure = (letter * 64 for letter in "abc")
    number = head.assignments[0].id
    evidence = Evidence("1", "", "photo", "a.jpg", in_sheet, 1, 1, 1)
    sheet = SaveSheet(number, "26.1", Sheet({}, (evidence,)), RowMark.STARTED, None)
    place = Sorting(number, (StoredFile(in_session, "b.jpg", "photo", 1),))
    await take(kaur, text_from("head", 1), sheet, session=Session(place=place))
    target = FileTarget(number, "", "")
    stored = FileStored(at=NOW, file=StoredFile(in_failure, "c.jpg", "photo", 1), target=target)
    async with kaur.begin_turns(NOW) as turns:
        for envelope in await turns.claim([Envelope("job:1", head.address, stored)]):
            turns.keep_failed(envelope, "ValueError")
        await turns.commit()

    assert await kaur.housekeeping.evidence_in_use() == {in_sheet, in_session, in_failure}


async def test_a_file_is_in_use_until_its_message_has_been_sent(kaur: Store) -> None:
    sha256 = "d" * 64
    picture = Message("Undangan", (), StoredFile(sha256, "undangan.jpg", "photo", 1))
    await take(kaur, text_from("head", 1), Say(picture), Say(Message("teks")))

    before = await kaur.housekeeping.evidence_in_use()
    claimed = await kaur.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)
    during = await kaur.housekeeping.evidence_in_use()
    await kaur.outbox.record([Sent(row.id, "7") for row in claimed], NOW, sender=SENDER)
    after = await kaur.housekeeping.evidence_in_use()

    assert [row.message for row in claimed] == [picture]
    assert [sorted(each) for each in (before, during, after)] == [[sha256], [sha256], []]


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"RIFF"]))
def test_telling_a_type_never_fails(tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(head + content)

    assert type_of(file) is None or content

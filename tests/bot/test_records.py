"""The record of a broadcast as a workbook that people open."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import cast

from openpyxl import load_workbook

from bot.record_writing import RecordWriting
from bot.workbooks import Row, write_workbook
from conversations.actions import SendRecord
from conversations.broadcasts import Record
from conversations.hours import WESTERN
from storage.broadcasts.records import BroadcastRecords
from storage.envelopes import AddressKey
from storage.files import FileStore
from storage.jobs import Job
from tests.bot.clocks import NOON, JumpingClock
from tests.conversations.test_broadcasts import BROADCAST
from tests.storage.forms import make_library

NINE = datetime(2026, 3, 9, 9, 0, tzinfo=WESTERN)


class FakeRecords:
    """Has one record."""

    async def read(self, number: int, *, address: int) -> Record:
        """Give it."""
        assert (number, address) == (5, 7)
        return Record("id", BROADCAST, "17.04", ())


def test_text_stays_text_and_moments_are_those_of_the_district() -> None:
    rows: list[Row] = [("Nama", "Dikirim"), ('=HYPERLINK("x")', NINE), ("Ahmad\x00", None), (12, "x" * 100)]

    book = load_workbook(io.BytesIO(write_workbook([("Penerima", rows), ("Kosong", [])])))

    sheet = book["Penerima"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Nama", "Dikirim"],
        ['=HYPERLINK("x")', NINE.replace(tzinfo=None)],
        ["Ahmad", None],
        [12, "x" * 100],
    ]
    assert (sheet["A2"].data_type, sheet["A1"].font.bold, sheet.freeze_panes) == ("s", True, "A2")
    assert (sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width) == (17, 60)
    assert book.sheetnames == ["Penerima", "Kosong"]


async def test_a_record_is_kept_as_a_workbook_that_is_named_after_it(tmp_path: Path) -> None:
    files = FileStore(tmp_path)
    writing = RecordWriting(cast("BroadcastRecords", FakeRecords()), files, make_library(), JumpingClock())
    job = Job(1, 7, SendRecord(5), AddressKey("telegram", "1", "77"), 1)

    event = await writing(job)

    assert (event.broadcast, event.file.name, event.file.kind, event.at) == (
        5,
        "siaran-5-2026-03-09.xlsx",
        "document",
        NOON,
    )
    assert load_workbook(io.BytesIO(files.open(event.file.sha256).read_bytes())).sheetnames == ["Ringkasan", "Penerima"]

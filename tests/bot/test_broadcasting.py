"""A broadcast from the first word to the workbook: dialogs, pipeline, planner, judges, slow work, on real databases."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot.composition import DIALOG
from bot.pipeline import Pipeline
from bot.record_writing import RecordWriting
from conversations.events import ChoiceTapped, Event, TextReceived
from conversations.messages import Message
from conversations.people import Role
from storage.channel_terms import ChannelTerms
from storage.files import FileStore
from storage.outbox import OutboxRow, Sender, Sent
from storage.store import Store
from storage.turns import Envelope
from tests.bot.clocks import JumpingClock
from tests.databases import Databases
from tests.storage.conftest import WITH_KAUR, open_store
from tests.storage.forms import NOW
from tests.storage.people import KAUR, MUCH_ROOM, OTHER_VILLAGE, VILLAGE, appoint, phone

SENDER = Sender("telegram:1", 1)
TEXT = "Yth. {nama} di {desa}, rapat Senin."


class Town:
    """People who write, and what their phones show."""

    def __init__(self, store: Store, files: FileStore) -> None:
        self.store = store
        self.files = files
        self.at = NOW
        self.shown: dict[str, dict[str, Message]] = {}
        """By phone, the messages by their ids."""
        self.count = 0

    async def happens(self, key: str, where: str | int, event: Event) -> None:
        """Take an event in."""
        envelope = Envelope(key, phone(where) if isinstance(where, str) else where, event)
        pipeline = Pipeline(self.store.begin_turns, DIALOG, JumpingClock(self.at), lambda _: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pipeline.run())
            await pipeline.submit([envelope])
            pipeline.stop()
        assert await self.store.failures.list() == []
        await self.deliver()

    async def deliver(self) -> None:
        """Send and edit what is due."""
        while rows := await self.store.outbox.claim(self.at, sender=SENDER, room=MUCH_ROOM):
            ready = await self.store.outbox.judge(rows, self.at, sender=SENDER)
            sent = [Sent(row.id, self._show(row)) for row in ready]
            await self.store.outbox.record(sent, self.at, sender=SENDER)

    def _show(self, row: OutboxRow) -> str:
        identifier = f"m{row.id}" if row.edits is None else row.edits
        self.shown.setdefault(row.address.user, {})[identifier] = row.message
        return identifier if row.edits is None else ""

    async def says(self, who: str, text: str, *, reply_to: str = "") -> None:
        """Type something."""
        self.count += 1
        event = TextReceived(at=self.at, message=f"{who}-{self.count}", text=text, reply_to=reply_to)
        await self.happens(f"{who}-{self.count}", who, event)

    async def taps(self, who: str, label: str) -> None:
        """Tap the newest button that begins like this."""
        self.count += 1
        found = [
            button.data
            for message in reversed(self.shown[who].values())
            for line in message.buttons
            for button in line
            if button.label.startswith(label)
        ]
        await self.happens(f"{who}-{self.count}", who, ChoiceTapped(at=self.at, data=found[0]))

    async def passes(self, time: timedelta) -> None:
        """Let time go by, at the end of which broadcasts are looked after, twice as it happens."""
        self.at += time
        for _ in range(2):
            await self.store.broadcasts.tend(self.at)
            await self.deliver()

    async def works(self) -> None:
        """Do the slow work that waits."""
        writing = RecordWriting(self.store.broadcast_records, self.files, self.store.library, JumpingClock(self.at))
        for job in await self.store.jobs.claim(self.at, limit=5, lease=timedelta(minutes=1)):
            await self.happens(f"job:{job.id}", job.address_id, await writing(job))

    def card(self) -> str:
        """Give what the coordinator's phone shows of how far the broadcast is."""
        [card] = [each for each in self.shown["siti"].values() if each.text.startswith("<b>Siaran</b>: ")]
        return card.text.partition("\n\n")[2]

    def newest(self, who: str) -> str:
        """Give the newest message of a phone."""
        return list(self.shown[who].values())[-1].text


@pytest.fixture
async def town(databases: Databases, tmp_path: Path) -> AsyncIterator[Town]:
    """A coordinator and two village heads."""
    url = databases.new(WITH_KAUR)
    store = open_store(url)
    store.know_channels({"telegram": ChannelTerms(20, can_edit=True)})
    await appoint(store, "siti", KAUR, Role.COORDINATOR)
    for name, region in (("ahmad", VILLAGE), ("budi", OTHER_VILLAGE)):
        await appoint(store, name, region, Role.VILLAGE_HEAD)
    yield Town(store, FileStore(tmp_path))
    await store.close()
    databases.drop(url)


async def launch(town: Town) -> None:
    await town.says("siti", "siarkan")
    await town.says("siti", TEXT)
    for label in ("Lihat pratinjau", "Kirim sekarang", "Ya, siarkan"):
        await town.taps("siti", label)


async def test_a_broadcast_goes_from_the_first_word_to_the_workbook(town: Town) -> None:
    await launch(town)
    scheduled = town.card()
    await town.passes(timedelta(seconds=59))
    early = set(town.shown)
    await town.passes(timedelta(seconds=1))
    finished = town.card()
    await town.taps("siti", "Catatan (Excel)")
    await town.works()

    [record] = [each.file for each in town.shown["siti"].values() if each.file]
    sheet = load_workbook(io.BytesIO(town.files.open(record.sha256).read_bytes()))["Penerima"]
    assert scheduled.startswith("Dikirim mulai hari ini pukul 15.01 WIB")
    assert early == {"siti"}
    assert finished == "✅ Selesai. Terkirim ke 2 dari 2 orang."
    assert town.newest("ahmad").endswith("Yth. Bapak Ahmad di Desa Gedung Wani, rapat Senin.")
    assert [[row[1], row[4]] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ["Kepala Desa Gedung Wani, Kecamatan Kinal", "Terkirim"],
        ["Kepala Desa Penandingan, Kecamatan Kinal", "Terkirim"],
    ]


async def test_a_broadcast_that_is_undone_within_the_minute_reaches_nobody(town: Town) -> None:
    await launch(town)
    await town.passes(timedelta(seconds=50))
    await town.taps("siti", "Batalkan")
    await town.passes(timedelta(minutes=5))

    assert set(town.shown) == {"siti"}
    assert town.card() == "Dibatalkan. Tidak ada yang dikirim."


async def test_a_reply_to_a_copy_reaches_its_author_and_is_answered(town: Town) -> None:
    await launch(town)
    await town.passes(timedelta(minutes=1))
    copy = next(iter(town.shown["ahmad"]))

    await town.says("ahmad", "Saya hadir.", reply_to=copy)
    heard = town.newest("siti")
    await town.taps("siti", "Balas")
    await town.says("siti", "Baik, Pak.")

    assert "Saya hadir." in heard
    assert "rapat Senin" in heard
    assert "Baik, Pak." in town.newest("ahmad")


async def test_a_copy_that_was_put_off_by_the_message_of_the_day_goes_on_the_next(town: Town) -> None:
    for _ in range(2):
        await launch(town)
        await town.passes(timedelta(minutes=2))
    same_day = len(town.shown["ahmad"])

    town.at = datetime(2026, 3, 13, 1, tzinfo=NOW.tzinfo)
    await town.passes(timedelta(minutes=1))

    assert (same_day, len(town.shown["ahmad"])) == (1, 2)

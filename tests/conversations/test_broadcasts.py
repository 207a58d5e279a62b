"""Broadcasts before and after they are sent: their text, their copies, and what their author sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from conversations.actions import Say
from conversations.audiences import Audience, BroadcastDraft, Placeholder, filled, placeholders_in, unknown_placeholders
from conversations.brief import Brief
from conversations.broadcasts import Broadcast, BroadcastState, Failure, Fate, LeftOut, Recipient, Record
from conversations.engine import resume
from conversations.events import RecordWritten, StoredFile
from conversations.form_states import FormState, form_state
from conversations.hours import WESTERN
from conversations.people import Person, Post, Region, Role
from conversations.session import Home, Session
from conversations.texts import texts_for
from conversations.views.broadcast_copies import CopyReader, Written, broadcast_copy
from conversations.views.broadcast_progress import progress_message
from conversations.views.broadcast_records import record_name, record_tables
from tests.storage.forms import make_library

LIBRARY = make_library()
NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)
"""Nine in the morning in Kaur."""
VILLAGE = Region(7, "17.04.01.2001", "Linau", "village", "Maje", "Kabupaten Kaur", 1)
WARD = Region(8, "17.04.05.1001", "Bandar", "village", "Kaur Selatan", "Kabupaten Kaur", 1)
SUBDISTRICT = Region(9, "17.04.01", "Maje", "subdistrict", "", "Kabupaten Kaur", 1)
AHMAD = Person(1, "Ahmad", "Bapak", "id")
PHOTO = StoredFile("0" * 64, "undangan.jpg", "photo", 5_000)
BROADCAST = Broadcast(
    id=5,
    district=1,
    author=2,
    text="Rapat   koordinasi\nSenin",
    has_file=False,
    state=BroadcastState.SCHEDULED,
    confirmed_at=NOW,
    starts_at=NOW + timedelta(minutes=1),
    ended_at=None,
    people=0,
    waiting=0,
    held=0,
    next_at=None,
    sent=0,
    delivered=0,
    read=0,
    failed={},
    uncertain=0,
    dropped=0,
    left_out={},
)


@pytest.mark.parametrize(
    ("progress", "is_sent", "state"),
    [
        ("...-", False, FormState.NOT_STARTED),
        ("..~.", False, FormState.IN_PROGRESS),
        ("####", False, FormState.COMPLETE),
        ("##-#", False, FormState.COMPLETE),
        ("##x#", False, FormState.IN_PROGRESS),
        ("##s#", False, FormState.IN_PROGRESS),
        ("##x#", True, FormState.SENT),
        ("#!##", True, FormState.RETURNED),
        ("#!~.", False, FormState.RETURNED),
    ],
)
def test_a_form_is_as_far_as_its_marks_say(progress: str, *, is_sent: bool, state: FormState) -> None:
    assert form_state(progress, is_sent=is_sent) is state


def test_what_looks_like_a_placeholder_and_is_none_is_named_as_it_was_typed() -> None:
    unknown = unknown_placeholders("Yth. {naam} dari {desa}: {Nama}, {naam} } {kurang}")

    assert unknown == ("{naam}", "{Nama}", "}")


def test_placeholders_are_found_and_filled_all_at_once() -> None:
    text = "{nama} dari {desa}"

    assert placeholders_in(text) == (Placeholder.NAME, Placeholder.REGION)
    assert (
        filled(text, {Placeholder.NAME: "{desa}", Placeholder.REGION: "Desa Linau", Placeholder.MISSING: ""})
        == "{desa} dari Desa Linau"
    )


def test_a_draft_survives_being_kept() -> None:
    audience = Audience(1, (Role.VILLAGE_HEAD,), (9,), "dekela", (FormState.RETURNED,), "telegram", (3, 4), 2)
    draft = BroadcastDraft(audience, "Rapat", PHOTO, 1_700_000_000)

    assert msgspec.json.decode(msgspec.json.encode(draft), type=BroadcastDraft) == draft
    assert hash(draft)


def copy_for(reader: CopyReader, text: str, file: StoredFile | None = None) -> str:
    return broadcast_copy(Written(5, text, file, "Kabupaten Kaur"), reader).text


def test_a_copy_says_what_is_the_readers_own() -> None:
    reader = CopyReader(AHMAD, VILLAGE, "..x~s!#-")

    text = copy_for(reader, "Yth. {nama} di {desa}: kurang {kurang} <segera>")

    assert text == (
        "<b>Pesan dari Koordinator KLA Kabupaten Kaur</b>\n\n"
        "Yth. Bapak Ahmad di Desa Linau: kurang 4 jawaban, 1 bukti dan 1 baris yang dikembalikan &lt;segera&gt;"
    )


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (CopyReader(Person(1), WARD, "##"), "Bapak/Ibu, Kelurahan Bandar, tidak ada"),
        (
            CopyReader(msgspec.structs.replace(AHMAD, language="en"), SUBDISTRICT, "xx"),
            "Bapak Ahmad, Maje subdistrict, 2 pieces of evidence",
        ),
        (
            CopyReader(AHMAD, Region(1, "17.04", "Kabupaten Kaur", "district"), "."),
            "Bapak Ahmad, Kabupaten Kaur, 1 jawaban",
        ),
    ],
)
def test_a_copy_fits_every_kind_of_reader(reader: CopyReader, said: str) -> None:
    assert copy_for(reader, "{nama}, {desa}, {kurang}").endswith(said)


def test_a_copy_goes_as_a_template_where_it_fits_into_one() -> None:
    reader = CopyReader(AHMAD, VILLAGE, "")

    short, long, with_photo = (
        broadcast_copy(Written(5, text, file, "Kabupaten Kaur"), reader)
        for text, file in (("Rapat {nama}", None), ("a" * 651, None), ("Rapat", PHOTO))
    )

    assert short.template
    assert short.template.parameters == ("Bapak Ahmad", "Koordinator KLA Kabupaten Kaur", "Rapat Bapak Ahmad")
    assert (long.template, with_photo.template) == (None, None)
    assert with_photo.file == PHOTO


def shown(**changes: object) -> tuple[str, list[str]]:
    broadcast = msgspec.structs.replace(BROADCAST, **changes)
    message = progress_message(texts_for("id"), broadcast, "17.04", at=NOW)
    return message.text.partition("\n\n")[2], [button.data for line in message.buttons for button in line]


COUNTED = {
    "people": 10,
    "waiting": 2,
    "sent": 5,
    "delivered": 4,
    "read": 3,
    "failed": {Failure.GONE: 1},
    "uncertain": 1,
}


def test_a_broadcast_that_waits_can_be_undone() -> None:
    text, buttons = shown()

    assert text.startswith("Dikirim mulai hari ini pukul 09.01 WIB.")
    assert buttons == ["n8:undo:5"]


def test_a_broadcast_for_another_day_names_it() -> None:
    text, _ = shown(starts_at=NOW + timedelta(days=1))

    assert text.startswith("Dikirim mulai 10 Maret 2026 pukul 09.00 WIB.")


def test_a_broadcast_that_goes_out_counts_and_can_be_paused_or_stopped() -> None:
    text, buttons = shown(state=BroadcastState.SENDING, **COUNTED)

    assert text.splitlines() == [
        "Sedang dikirim.",
        "▓▓▓▓▓▓▓▓░░ 8 dari 10",
        "Sampai di ponsel: 4",
        "Sudah dibaca: 3",
        "Mungkin terkirim, tidak diulang: 1",
        "Gagal, memblokir bot atau berhenti menerima kabar: 1",
    ]
    assert buttons == ["n8:pause:5", "n8:cancel:5"]


def test_a_broadcast_that_has_just_begun_has_nothing_to_count() -> None:
    assert shown(state=BroadcastState.SENDING)[0] == "Sedang dikirim."


@pytest.mark.parametrize(
    ("hours", "said"), [(1, "Sisanya dikirim mulai hari ini pukul 10.00 WIB."), (0, "Mungkin terkirim")]
)
def test_a_broadcast_that_waits_for_its_hours_says_until_when(hours: int, said: str) -> None:
    text, _ = shown(state=BroadcastState.SENDING, next_at=NOW + timedelta(hours=hours), **COUNTED | {"failed": {}})

    assert text.splitlines()[-1].startswith(said)


def test_a_paused_broadcast_can_go_on() -> None:
    text, buttons = shown(state=BroadcastState.PAUSED, **COUNTED)

    assert text.startswith("Dijeda")
    assert buttons == ["n8:resume:5", "n8:cancel:5"]


def test_a_broadcast_that_is_over_can_be_sent_again_to_those_it_did_not_reach() -> None:
    counted = COUNTED | {"waiting": 0, "left_out": {LeftOut.BLOCKED: 2}}

    text, buttons = shown(state=BroadcastState.FINISHED, ended_at=NOW, **counted)

    assert text.startswith("✅ Selesai. Terkirim ke 5 dari 10 orang.")
    assert text.endswith("Tidak dikirimi, memblokir bot: 2")
    assert buttons == ["n8:retry:5", "n8:record:5"]


def test_a_broadcast_that_reached_everybody_needs_no_second_try() -> None:
    assert shown(state=BroadcastState.FINISHED, ended_at=NOW, people=3, sent=3)[1] == ["n8:record:5"]


def test_a_broadcast_that_was_undone_or_stopped_says_so() -> None:
    assert shown(state=BroadcastState.CANCELLED) == ("Dibatalkan. Tidak ada yang dikirim.", [])
    stopped, buttons = shown(state=BroadcastState.CANCELLED, people=10, sent=4, waiting=6)
    assert (stopped, buttons) == ("Dihentikan. Sudah terkirim ke 4 dari 10 orang.", [])


def recipient(fate: Fate, why: Failure | LeftOut | None = None, *, region: Region = VILLAGE) -> Recipient:
    role = Role.VILLAGE_HEAD if region.kind == "village" else Role.SUBDISTRICT_HEAD
    sent = NOW if fate is Fate.DELIVERED else None
    return Recipient(AHMAD, Post(1, role, region), "Telegram", fate, why, sent, sent, None)


def test_a_record_sums_up_and_names_everybody_in_the_time_of_the_district() -> None:
    people = (
        recipient(Fate.DELIVERED),
        recipient(Fate.DELIVERED, region=SUBDISTRICT),
        recipient(Fate.FAILED, Failure.GONE),
    )
    record = Record("id", msgspec.structs.replace(BROADCAST, ended_at=NOW), "17.04", people)
    nine = NOW.astimezone(WESTERN)

    summary, listed = record_tables(record, LIBRARY)

    assert (summary.title, listed.title, record_name(record)) == ("Ringkasan", "Penerima", "siaran-5-2026-03-09.xlsx")
    assert summary.rows[1:] == (
        ("Mulai", nine + timedelta(minutes=1)),
        ("Selesai", nine),
        ("Penerima", 3),
        ("Sampai di ponsel", 2),
        ("Gagal: memblokir bot atau berhenti menerima kabar", 1),
    )
    assert listed.rows[1] == (
        *("Bapak Ahmad", "Kepala Desa Linau, Kecamatan Maje", "Maje", "Telegram"),
        *("Sampai di ponsel", "", nine, nine, None),
    )
    assert listed.rows[2][2] == "Maje"
    assert listed.rows[3][4:6] == ("Gagal", "memblokir bot atau berhenti menerima kabar")


def test_a_record_that_was_written_is_handed_over() -> None:
    session = Session(place=Home())
    brief = Brief(AHMAD, 1, "Telegram", (), (), LIBRARY, {})

    step = resume(brief, session, RecordWritten(at=NOW, broadcast=5, file=PHOTO))

    [said] = step.actions
    assert isinstance(said, Say)
    assert said.message.file == PHOTO
    assert step.session.place == Home()

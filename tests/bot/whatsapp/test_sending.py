"""How messages go out by WhatsApp: within its limits, files uploaded once, and what its refusals mean."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.backoff import Backoff
from bot.channels.port import ChannelError
from bot.channels.whatsapp import media, sending
from bot.channels.whatsapp.channel import WhatsAppChannel
from bot.channels.whatsapp.errors import failed
from bot.channels.whatsapp.graph import GraphApi
from bot.channels.whatsapp.templates import load_templates
from bot.delivery.verdict import judge
from conversations.events import StoredFile
from conversations.messages import Button, Message, Template
from storage.envelopes import AddressKey
from storage.outbox import OutboxRow, Priority, Retry
from tests.bot.clocks import NOON, JumpingClock
from tests.bot.whatsapp.channels import configured, whatsapp_channel
from tests.whatsapp_server import Fault, Person, WhatsAppServer
from tests.whatsapp_server.graph import Number

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(2000)
PDF = b"%PDF-1.7 " + bytes(2000)


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
async def channel(
    server: WhatsAppServer, number: Number, tmp_path: Path, clock: JumpingClock
) -> AsyncIterator[WhatsAppChannel]:
    found = whatsapp_channel(
        GraphApi(configured(), base_url=server.url), configured(), clock=clock, open_file=lambda name: tmp_path / name
    )
    yield found
    await found.close()


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., StoredFile]:
    def make(content: bytes, name: str) -> StoredFile:
        sha256 = hashlib.sha256(content).hexdigest()
        (tmp_path / sha256).write_bytes(content)
        return StoredFile(sha256, name, "photo" if content.startswith(JPEG[:3]) else "document", len(content))

    return make


def outgoing(person: Person, message: Message, *, number: int = 1, attempts: int = 0) -> OutboxRow:
    """Make an outbox row for somebody."""
    return OutboxRow(
        id=number,
        address=AddressKey("whatsapp", "200100", person.chat.user_id or person.chat.phone),
        address_id=1,
        message=message,
        priority=Priority.REPLY,
        attempts=attempts,
        is_uncertain=False,
        created_at=NOON,
    )


def buttons(*labels: str) -> tuple[tuple[Button, ...], ...]:
    """Make a column of buttons."""
    return tuple((Button(label, f"a:{number}"),) for number, label in enumerate(labels))


async def test_what_goes_to_a_user_id_and_what_to_a_number(
    channel: WhatsAppChannel, server: WhatsAppServer, number: Number, ahmad: Person
) -> None:
    siti = server.person(number, "Siti")

    await channel.send(outgoing(ahmad, Message("halo"), number=4711))
    await channel.send(outgoing(siti, Message("halo")))

    first, second = [given for method, given, _ in number.calls if method == "messages"]
    assert (first["recipient"], "to" in first, first["biz_opaque_callback_data"]) == ("ID.77", False, "4711")
    assert (second["to"], "recipient" in second) == (siti.chat.phone, False)
    assert [each.heard[0].text for each in (ahmad, siti)] == ["halo", "halo"]


@pytest.mark.parametrize(
    ("labels", "titles", "is_list"),
    [
        (["Ya", "Tidak"], ["Ya", "Tidak"], False),
        (["Ya", "Tidak", "Belum tahu"], ["Ya", "Tidak", "Belum tahu"], False),
        (["Satu", "Dua", "Tiga", "Empat"], ["Satu", "Dua", "Tiga", "Empat"], True),
        ([f"Desa {place}" for place in range(10)], [f"Desa {place}" for place in range(10)], True),
        ([f"Desa {place}" for place in range(11)], [], False),
        (
            ["Ada, sudah disahkan bupati", "Belum ada sama sekali"],
            ["1. Ada, sudah…", "2. Belum ada sama…"],
            False,
        ),
        (["Ada, tahun 2024", "Ada, tahun 2024"], ["1. Ada, tahun 2024", "2. Ada, tahun 2024"], False),
    ],
)
async def test_up_to_three_choices_are_buttons_up_to_ten_a_list_and_more_numbered_text(
    channel: WhatsAppChannel, ahmad: Person, labels: list[str], titles: list[str], is_list: bool
) -> None:
    await channel.send(outgoing(ahmad, Message("Pilih satu.", buttons(*labels))))

    (heard,) = ahmad.heard
    assert (heard.titles, heard.is_list) == (titles, is_list)
    if titles != labels:
        assert [f"{place}. {label}" for place, label in enumerate(labels, start=1)] == heard.text.splitlines()[2:]
    else:
        assert heard.text == "Pilih satu."


ONWARD = (Button("Bantuan", "h", "bantuan"), Button("Lewati", "k", "lewati"), Button("Kembali", "b", "kembali"))


def asked(*labels: str) -> Message:
    """Ask something with these answers and the ways to go on below them."""
    return Message("Pilih satu.", (*buttons(*labels), ONWARD), or_type="Atau ketik")


@pytest.mark.parametrize(
    ("labels", "titles", "said"),
    [
        (["Ya", "Tidak"], ["Ya", "Tidak", "Bantuan"], "Atau ketik: lewati, kembali"),
        (["Satu", "Dua", "Tiga"], ["Satu", "Dua", "Tiga"], "Atau ketik: bantuan, lewati, kembali"),
        ([], ["Bantuan", "Lewati", "Kembali"], ""),
        (
            ["Ada, sudah disahkan bupati", "Belum"],
            ["1. Ada, sudah disahkan…", "2. Belum", "Bantuan", "Lewati", "Kembali"],
            "1. Ada, sudah disahkan bupati\n2. Belum",
        ),
        ([f"Desa {n}" for n in range(8)], [f"Desa {n}" for n in range(8)], "Atau ketik: bantuan, lewati, kembali"),
        (
            [f"Desa {n}" for n in range(12)],
            ["Bantuan", "Lewati", "Kembali"],
            "\n".join(f"{n + 1}. Desa {n}" for n in range(12)),
        ),
    ],
)
async def test_answers_are_buttons_and_the_ways_to_go_on_give_way_as_words(
    channel: WhatsAppChannel, ahmad: Person, labels: list[str], titles: list[str], said: str
) -> None:
    await channel.send(outgoing(ahmad, asked(*labels)))

    (heard,) = ahmad.heard
    assert (heard.titles, heard.text.partition("\n\n")[2]) == (titles, said)


async def test_a_question_that_is_too_long_for_choices_ends_in_a_bubble_that_has_them(
    channel: WhatsAppChannel, ahmad: Person
) -> None:
    paragraphs = [f"{place} " + "kata " * 60 for place in range(12)]

    await channel.send(outgoing(ahmad, Message("\n\n".join(paragraphs), buttons("Ya", "Tidak"))))

    first, second = ahmad.heard
    assert (first.titles, second.titles) == ([], ["Ya", "Tidak"])
    assert second.text.startswith("9 kata")
    assert f"{first.text}\n\n{second.text}".split() == " ".join(paragraphs).split()


async def test_markup_is_written_as_whatsapp_knows_it_and_nobodys_words_become_markup(
    channel: WhatsAppChannel, number: Number, ahmad: Person
) -> None:
    said = "<b>Akta\nkelahiran</b>: <i>wajib</i>, <code>26.6</code>, a<b>b</b>c, *bukan tebal* 5*3 nama_desa_x `x`"

    await channel.send(outgoing(ahmad, Message(said)))

    (written,) = [given["text"]["body"] for method, given, _ in number.calls if method == "messages"]
    assert written.startswith("*Akta*\n*kelahiran*: _wajib_, `26.6`, abc, \N{ASTERISK OPERATOR}bukan")
    assert ahmad.heard[0].text == (
        "Akta\nkelahiran: wajib, 26.6, abc, \N{ASTERISK OPERATOR}bukan tebal\N{ASTERISK OPERATOR} 5*3 nama_desa_x "
        "\N{MODIFIER LETTER GRAVE ACCENT}x\N{MODIFIER LETTER GRAVE ACCENT}"
    )


async def test_every_part_fits_with_its_signs(channel: WhatsAppChannel, ahmad: Person) -> None:
    said = "<b><i>" + "\n".join(["kata"] * 1500) + "</i></b>"

    await channel.send(outgoing(ahmad, Message(said, buttons("Ya"))))

    assert "".join(each.text for each in ahmad.heard).count("kata") == 1500


async def test_a_file_is_uploaded_once_however_many_want_it_at_the_same_time(
    channel: WhatsAppChannel, server: WhatsAppServer, number: Number, ahmad: Person, keep: Callable[..., StoredFile]
) -> None:
    siti = server.person(number, "Siti")
    message = Message("Surat", buttons("Ya"), keep(PDF, "surat.pdf"))

    await asyncio.gather(*(channel.send(outgoing(each, message)) for each in (ahmad, siti, ahmad)))

    assert len(number.media) == 1
    assert [(each.file and each.file.name, each.titles) for each in (*ahmad.heard, *siti.heard)] == [
        ("surat.pdf", ["Ya"])
    ] * 3


async def test_a_file_that_has_lain_for_weeks_is_uploaded_again(
    channel: WhatsAppChannel, number: Number, ahmad: Person, keep: Callable[..., StoredFile], clock: JumpingClock
) -> None:
    message = Message("Foto", (), keep(JPEG, "foto.jpg"))

    await channel.send(outgoing(ahmad, message))
    clock.advance(media.KEPT)
    await channel.send(outgoing(ahmad, message))

    assert len(number.media) == 2
    assert [each.file and each.file.kind for each in ahmad.heard] == ["image", "image"]


async def test_a_file_that_meta_has_lost_is_uploaded_again(
    channel: WhatsAppChannel, number: Number, ahmad: Person, keep: Callable[..., StoredFile]
) -> None:
    message = Message("Foto", (), keep(JPEG, "foto.jpg"))
    await channel.send(outgoing(ahmad, message))
    number.media.clear()

    await channel.send(outgoing(ahmad, message))

    assert len(ahmad.heard) == 2


async def test_only_so_many_files_are_remembered(
    channel: WhatsAppChannel,
    number: Number,
    ahmad: Person,
    keep: Callable[..., StoredFile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media, "MOST_REMEMBERED", 2)
    files = [keep(PDF + bytes([place]), f"{place}.pdf") for place in range(3)]

    for file in [*files, files[2], files[0]]:
        await channel.send(outgoing(ahmad, Message("", (), file)))

    assert len(number.media) == 4


async def test_a_list_follows_its_file_because_it_cannot_carry_one(
    channel: WhatsAppChannel, ahmad: Person, keep: Callable[..., StoredFile]
) -> None:
    message = Message("Pilih", buttons("Satu", "Dua", "Tiga", "Empat"), keep(PDF, "surat.pdf"))

    await channel.send(outgoing(ahmad, message))

    assert [(each.text, bool(each.file), each.is_list) for each in ahmad.heard] == [
        ("", True, False),
        ("Pilih", False, True),
    ]


async def test_when_a_later_part_fails_somebody_may_have_read_the_first(
    channel: WhatsAppChannel, number: Number, ahmad: Person
) -> None:
    number.faults.append(Fault("messages", 400, code=131056, after=1))

    with pytest.raises(ChannelError) as raised:
        await channel.send(outgoing(ahmad, Message("a" * 5000)))

    assert (raised.value.is_uncertain, len(ahmad.heard)) == (True, 1)


async def test_a_message_does_not_trickle_for_ever(
    channel: WhatsAppChannel, number: Number, ahmad: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST_SECONDS", 0.05)
    number.faults.append(Fault("messages"))

    with pytest.raises(ChannelError) as raised:
        await channel.send(outgoing(ahmad, Message("halo")))

    assert (raised.value.retryable, raised.value.is_uncertain) == (True, True)


CODES: Mapping[int, Mapping[str, object]] = {
    131026: {"is_gone": True, "retryable": False, "alert": False},
    131062: {"is_gone": True},
    131047: {"is_closed": True, "retryable": False, "alert": False},
    131049: {"retryable": False, "alert": False},
    131050: {"is_opted_out": True, "retryable": False},
    131056: {"is_too_quick": True, "retryable": True, "retry_after": None},
    130429: {"retryable": True, "retry_after": timedelta(seconds=2), "alert": False},
    80007: {"retryable": True, "retry_after": timedelta(minutes=1)},
    131048: {"retryable": True, "retry_after": timedelta(minutes=5), "alert": True},
    190: {"retryable": True, "alert": True},
    200: {"retryable": True, "alert": True},
    132001: {"retryable": False, "alert": True},
    132015: {"retryable": False, "alert": True},
    131057: {"retryable": True, "alert": False},
    2: {"retryable": True, "alert": False},
    99999: {"retryable": False, "alert": True},
}


@pytest.mark.parametrize("code", CODES)
async def test_each_code_says_what_to_do_at_once_and_in_a_report(
    channel: WhatsAppChannel, number: Number, ahmad: Person, code: int
) -> None:
    number.faults.append(Fault("messages", 400, code=code))

    with pytest.raises(ChannelError) as raised:
        await channel.send(outgoing(ahmad, Message("halo")))

    for error in (raised.value, failed((code,))):
        assert {flag: getattr(error, flag) for flag in CODES[code]} == CODES[code]
        assert (error.is_uncertain, str(code) in error.reason) == (False, True)


async def test_too_quick_a_talk_with_one_person_waits_longer_each_time_and_no_other_does(
    channel: WhatsAppChannel, server: WhatsAppServer, number: Number, ahmad: Person
) -> None:
    number.is_limiting = True
    ahmad.chat.allowance, siti = 0, server.person(number, "Siti")

    with pytest.raises(ChannelError) as raised:
        await channel.send(outgoing(ahmad, Message("halo")))
    await channel.send(outgoing(siti, Message("halo")))

    backoff = Backoff(timedelta(seconds=1), timedelta(seconds=1))
    rows = [outgoing(ahmad, Message("halo"), attempts=tried) for tried in (0, 1, 2, 9)]
    outcomes = [judge(row, raised.value, backoff, NOON) for row in rows]
    waits = [each.not_before - NOON for each in outcomes if isinstance(each, Retry)]
    assert [wait.total_seconds() for wait in waits] == [1, 4, 16, 1024]


INVITED = Template("undangan", "en", ("Bapak Ahmad", "Kabupaten Kaur", "Kepala Desa\n\tSuka   Maju"), ("n:1", "n:2"))


async def test_outside_the_window_a_template_goes_with_its_parameters_on_one_line(
    channel: WhatsAppChannel, number: Number, ahmad: Person
) -> None:
    ahmad.chat.is_closed = True
    number.approve(load_templates())

    await channel.send(replace(outgoing(ahmad, Message("halo", template=INVITED), number=8), is_template=True))

    (heard,) = ahmad.heard
    assert "You are listed as Kepala Desa Suka Maju." in heard.text
    assert (heard.choices, heard.tracker) == ((("Right, begin", "n:1"), ("Not me", "n:2")), "8")


async def test_a_template_that_is_not_approved_is_no_mistake_of_the_message(
    channel: WhatsAppChannel, ahmad: Person
) -> None:
    with pytest.raises(ChannelError) as raised:
        await channel.send(replace(outgoing(ahmad, Message("halo", template=INVITED)), is_template=True))

    assert (raised.value.is_template_unusable, raised.value.alert) == (True, True)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "a message with a template"),
        (Template("lupa", "id"), "there is no 'lupa'"),
        (Template("siaran", "id", ("a",)), "3 parameters and 0 buttons; it was given 1 and 0"),
        (Template(INVITED.name, "id", INVITED.parameters), "2 buttons; it was given 3 and 0"),
    ],
)
async def test_a_template_that_is_put_together_wrongly_is_not_sent(
    channel: WhatsAppChannel, number: Number, ahmad: Person, template: Template | None, said: str
) -> None:
    with pytest.raises(ChannelError, match=said):
        await channel.send(replace(outgoing(ahmad, Message("halo", template=template)), is_template=True))

    assert number.calls == []


async def test_outside_the_window_nothing_goes_and_nobody_is_alarmed(channel: WhatsAppChannel, ahmad: Person) -> None:
    ahmad.chat.is_closed = True

    with pytest.raises(ChannelError) as raised:
        await channel.send(outgoing(ahmad, Message("halo")))

    assert (raised.value.is_closed, raised.value.alert) == (True, False)

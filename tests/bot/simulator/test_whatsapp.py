"""The look of WhatsApp: what a phone would show of the same messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.rendering.markup import Run, plain, read_markup, units
from bot.channels.rendering.whatsapp import LOOK_ALIKES, NOTHING, write_whatsapp
from bot.channels.simulator.bubbles import Attachment, Bubble, Line, Phone
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.simulator.looks import drawn_for
from bot.channels.simulator.whatsapp import Piece, pieces_of, read_lines, read_signs, title_of
from bot.channels.whatsapp.templates import load_templates
from conversations.events import ChoiceTapped
from conversations.messages import Button, Message
from tests.bot.clocks import NOON, JumpingClock
from tests.bot.files import nothing_kept
from tests.bot.simulator.conftest import Serving
from tests.bot.simulator.fakes import BENAR, outgoing
from tests.conversations.transcripts import SCENARIOS, Player

PHONE = "phone-00000000000a"
PICTURE = Attachment("ab" * 16, "photo", "undangan.jpg", 9)
Signed = tuple[str, frozenset[str]]
"""A character and the tags around it."""


def said(message: Message, attachment: Attachment | None = None) -> Bubble:
    return Bubble(
        id="bot-1",
        side="bot",
        at=NOON,
        text=message.text,
        buttons=message.buttons,
        or_type=message.or_type,
        attachment=attachment,
    )


def offering(*labels: str) -> Message:
    return Message("<b>Pilih</b>", tuple((Button(label, f"a:{place}"),) for place, label in enumerate(labels)))


def words(lines: Sequence[Line]) -> str:
    return "\n".join("".join(run.text for run in line.runs) for line in lines)


@pytest.mark.parametrize("chat", sorted(SCENARIOS.glob("*.chat")), ids=lambda chat: str(chat.stem))
def test_whatever_is_said_in_the_scenarios_fits_whatsapp_and_loses_nothing(chat: Path) -> None:
    player = Player()
    player.play(chat.read_text(encoding="utf-8"))

    messages = [message for each in player.world.people.values() for message in each.heard]

    assert messages
    for message in messages:
        pieces = pieces_of(said(message))
        check_choices(message, pieces)
        seen = [each for piece in pieces for each in signed(piece.lines)]
        meant = list(characters(read_markup(message.text)))
        assert seen[: len(meant)] == meant or (not meant and words(pieces[0].lines) == NOTHING)


def check_choices(message: Message, pieces: Sequence[Piece]) -> None:
    last = pieces[-1]
    assert not any(piece.replies or piece.rows for piece in pieces[:-1])
    assert not (last.replies and last.rows)
    assert len(last.replies) <= 3
    assert all(0 < units(each.title) <= 20 for each in last.replies)
    assert len(last.rows) <= 10
    assert all(0 < units(each.title) <= 24 and units(each.description) <= 72 for each in last.rows)
    assert bool(last.opener) == bool(last.rows)
    assert units(words(last.lines)) <= (1024 if last.replies or last.rows else 4096)
    shown = "\n".join([words(last.lines), *(each.title for each in (*last.replies, *last.rows))])
    shown = shown.translate(LOOK_ALIKES)
    for button in (each for row in message.buttons for each in row):
        label, words_in_place = button.label.strip().translate(LOOK_ALIKES), shown.partition(f"{message.or_type}: ")[2]
        assert label in shown or button.word in words_in_place.splitlines()[0].split(", ")


def signed(lines: Sequence[Line]) -> Iterator[Signed]:
    """Give what is read, without blanks and what begins a line of a list."""
    runs = [Run(run.text, run.tags) for line in lines for run in line.runs]
    return characters(runs)


def characters(runs: Sequence[Run]) -> Iterator[Signed]:
    for run in runs:
        for each in run.text.translate(LOOK_ALIKES):
            if not each.isspace() and each not in "-•":
                yield each, frozenset(run.tags)


@given(st.text(alphabet=st.sampled_from("ab *_~`\n-.é🌳1"), max_size=60))
@example("__1__")
def test_somebodys_own_words_never_look_like_markup(written: str) -> None:
    runs = read_signs(write_whatsapp((Run(written),)))

    assert plain(runs).translate(LOOK_ALIKES) == written.translate(LOOK_ALIKES)
    assert not any(run.tags for run in runs)


@pytest.mark.parametrize(
    ("written", "runs"),
    [
        ("*tebal*", (Run("tebal", ("b",)),)),
        ("_*tebal* miring_", (Run("tebal", ("i", "b")), Run(" miring", ("i",)))),
        (
            "~lama~ `kode` ```lebar```",
            (("lama", ("s",)), (" ", ()), ("kode", ("code",)), (" ", ()), ("lebar", ("pre",))),
        ),
        ("2*3*4 a_b_c", (Run("2*3*4 a_b_c"),)),
        ("* a* *b *", (Run("* a* *b *"),)),
        ("*dua\nbaris*", (Run("*dua\nbaris*"),)),
        ("(*ya*)!", (Run("("), Run("ya", ("b",)), Run(")!"))),
    ],
)
def test_signs_are_read_as_a_phone_reads_them(written: str, runs: tuple[Run, ...]) -> None:
    assert read_signs(written) == runs


def test_dashes_become_the_dots_of_a_list() -> None:
    lines = read_lines("- satu\n* dua\n3. tiga\n-4")

    assert [(words((line,)), line.is_item) for line in lines] == [
        ("• satu", True),
        ("• dua", True),
        ("3. tiga", True),
        ("-4", False),
    ]


def test_three_choices_are_replies_and_four_a_list() -> None:
    (three,), (four,) = pieces_of(said(offering("A", "B", "C"))), pieces_of(said(offering("A", "B", "C", "D")))

    assert ([each.title for each in three.replies], three.rows, three.opener) == (["A", "B", "C"], (), "")
    assert ([each.data for each in four.rows], four.replies, four.opener) == (["a:0", "a:1", "a:2", "a:3"], (), "Pilih")


def test_more_than_a_list_holds_is_written_out_with_numbers() -> None:
    (piece,) = pieces_of(said(offering(*(f"Pilihan {number}" for number in range(1, 12)))))

    assert (piece.replies, piece.rows) == ((), ())
    assert words(piece.lines).endswith("\n11. Pilihan 11")


def test_a_text_too_long_for_one_message_becomes_several_with_the_choices_under_the_last() -> None:
    message = Message("kata " * 1500, offering("Ya").buttons)

    pieces = pieces_of(said(message))

    assert [len(piece.replies) for piece in pieces] == [0] * (len(pieces) - 1) + [1]
    assert len(pieces) > 1
    assert units(words(pieces[-1].lines)) <= 1024


def test_a_file_has_its_text_as_caption_unless_a_list_has_to_follow() -> None:
    captioned = pieces_of(said(Message("Undangan"), PICTURE))
    with_replies = pieces_of(said(offering("Ya"), PICTURE))
    with_list = pieces_of(said(offering("A", "B", "C", "D"), PICTURE))

    assert [(each.has_file, words(each.lines)) for each in captioned] == [(True, "Undangan")]
    assert [(each.has_file, len(each.replies)) for each in with_replies] == [(True, 1)]
    assert [(each.has_file, len(each.rows)) for each in with_list] == [(True, 0), (False, 4)]


async def test_a_tap_is_written_into_whatsapps_chat_and_carries_the_same_in_both_looks(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        question = await caller.bot.say(phone, offering("A", "B", "C", "Ada, tetapi belum ditandatangani"))

        await caller.act(phone, "taps", id="me-tap-01", message=question, data="a:3")
        refused = await caller.act(phone, "edits", id="me-edit-1", message="me-tap-01", text="lain")
        chat = caller.chat(phone)

    event = caller.bot.events[0]
    assert isinstance(event, ChoiceTapped)
    assert (event.message, event.data) == (question, "a:3")
    assert drawn_for("telegram", chat[1]) is None
    tapped: Any = drawn_for("whatsapp", chat[1])
    title, label = (line["runs"][0]["text"] for line in tapped["pieces"][0]["lines"])
    assert (title[-1], units(title) <= 24, label) == (NOTHING, True, "Ada, tetapi belum ditandatangani")
    assert (tapped["reply_to"], tapped.get("sending", "sent")) == (question, "sent")
    assert refused.status_code == 400


async def test_the_words_of_buttons_that_have_no_room_reach_the_phone(serve: Serving) -> None:
    onward = tuple(Button(word.capitalize(), f"n:{word}", word) for word in ("bantuan", "lewati", "kembali"))
    question = Message("Sudah ada?", ((Button("Ya", "a:1"), Button("Belum", "a:2")), onward), or_type="Atau ketik")
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.act(phone, "texts", id="me-text-1", text="halo")
        await caller.bot.say(phone, question)
        said_last = caller.chat(phone)[-1]

    (piece,) = pieces_of(said_last)
    assert [each.title for each in piece.replies] == ["Ya", "Belum", "Bantuan"]
    assert words(piece.lines).endswith("Atau ketik: lewati, kembali")


async def test_a_tap_that_was_not_taken_can_be_sent_again(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        question = await caller.bot.say(phone, BENAR)
        caller.bot.is_broken = True
        await caller.act(phone, "taps", id="me-tap-01", message=question, data="i:yes")
        caller.bot.is_broken = False

        answer = await caller.act(phone, "retries", message="me-tap-01")

    assert answer.status_code == 200
    assert [type(event) for event in caller.bot.events] == [ChoiceTapped]


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def channel(tmp_path: Path, clock: JumpingClock) -> SimulatorChannel:
    channel = SimulatorChannel(tmp_path, clock, nothing_kept)
    channel.exchange.journal.open(Phone(PHONE, "stranger", NOON))
    return channel


async def is_late(channel: SimulatorChannel, number: int) -> bool:
    identifier = await channel.send(outgoing(PHONE, BENAR, number=number))
    bubble = channel.exchange.bubble(PHONE, identifier)
    assert bubble
    return bubble.is_late


async def test_after_24_hours_without_a_word_a_message_is_late(channel: SimulatorChannel, clock: JumpingClock) -> None:
    unheard = await is_late(channel, 1)
    channel.exchange.put(PHONE, Bubble(id="me-text-1", side="person", at=clock.now(), text="halo"))
    clock.advance(timedelta(hours=24, seconds=-1))
    open_still = await is_late(channel, 2)
    clock.advance(timedelta(seconds=1))
    closed = await is_late(channel, 3)

    assert (unheard, open_still, closed) == (True, False, True)


async def test_what_is_late_waits_and_a_notice_tells_once_until_the_next_word(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.act(phone, "texts", id="me-text-1", text="halo")
        for number in (1, 1, 2):
            await caller.act(phone, "days", id=f"me-day-0{number}")
        for _ in range(2):
            await caller.bot.say(phone, BENAR)
        await caller.act(phone, "texts", id="me-text-2", text="halo lagi")
        await caller.act(phone, "days", id="me-day-03")
        await caller.bot.say(phone, BENAR)
        chat = caller.chat(phone)

    pieces = [[(each.template, each.waits) for each in pieces_of(bubble)] for bubble in chat if bubble.side == "bot"]
    waiting = ("", True)
    notice = ("kabar_menunggu", False)
    assert pieces == [[("", False)], [notice, waiting], [waiting], [("", False)], [notice, waiting]]
    passed = [bubble for bubble in chat if bubble.side == "clock"]
    assert [drawn_for("telegram", bubble) for bubble in passed] == [None, None]
    assert all(drawn_for("whatsapp", bubble) for bubble in passed)


async def test_what_has_a_template_goes_as_it_when_it_is_late(channel: SimulatorChannel) -> None:
    templates = load_templates()
    template = templates.fill("undangan", "id", ("Bapak Ahmad", "Kabupaten Banyuasin", "Camat"), ("i:yes", "i:no"))
    message = msgspec.structs.replace(BENAR, template=template)

    identifier = await channel.send(outgoing(PHONE, message))

    bubble = channel.exchange.bubble(PHONE, identifier)
    assert bubble
    (piece,) = pieces_of(bubble)
    assert (piece.template, piece.waits) == ("undangan", False)
    assert words(piece.lines) == templates.text(template)
    assert [(each.title, each.data) for each in piece.replies] == [("Benar, mulai", "i:yes"), ("Bukan saya", "i:no")]
    assert title_of(bubble, "i:yes") == "Benar, mulai"
    assert drawn_for("telegram", bubble)


async def test_only_known_looks_are_streamed(serve: Serving) -> None:
    async with serve() as caller:
        answer = await caller.client.get("/api/stream?phone=phone-00000000000a&look=signal")

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")

"""Writing a broadcast: what no transcript leads to, or what is said best without one."""

from __future__ import annotations

import msgspec
import pytest

from conversations.audiences import MOST_BROADCAST_CHARACTERS
from conversations.broadcasts import AudiencePreview, Carried
from conversations.dialogs.drafts import DRAFT_KEY, MOST_PLACEHOLDERS
from conversations.events import FileStored, FileTarget, IncomingFile, StoredFile
from conversations.people import Role
from conversations.session import Drafting, Session
from conversations.texts import texts_for
from conversations.views.drafts import preview_said
from tests.conversations.places import BANYUASIN, START, SUNGAI_REBO
from tests.conversations.transcripts import plain_text
from tests.conversations.world import World

LONGEST = "a" * MOST_BROADCAST_CHARACTERS


def coordinated() -> World:
    world = World()
    world.appoint("siti", Role.COORDINATOR, BANYUASIN)
    world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO)
    return world


def heard(world: World) -> str:
    return plain_text(world.people["siti"].heard[-1])


@pytest.mark.parametrize("text", [f"{LONGEST}a", "🙂" * MOST_BROADCAST_CHARACTERS, "{nama}" * (MOST_PLACEHOLDERS + 1)])
def test_words_that_would_not_fit_are_asked_for_again(text: str) -> None:
    world = coordinated()
    world.says("siti", "siarkan")

    world.says("siti", text)

    assert "terlalu panjang" in heard(world)


@pytest.mark.parametrize("text", [LONGEST, "{nama}" * MOST_PLACEHOLDERS])
def test_the_longest_words_reach_their_reader_whole(text: str) -> None:
    world = coordinated()
    world.says("siti", "siarkan")
    world.says("siti", text)
    world.taps_raw("siti", "n8:send")
    world.waits(minutes=2)

    assert len(plain_text(world.people["ahmad"].heard[-1])) > len(text) / 2


def test_a_draft_can_be_written_from_the_list_too() -> None:
    world = coordinated()
    world.says("siti", "siaran")
    world.taps("siti", "Siaran baru")
    world.says("siti", "Rapat")
    world.says("siti", "siaran")

    world.taps("siti", "Siaran baru")

    assert "Ada siaran yang belum dikirim: / “Rapat”" in heard(world)


@pytest.mark.parametrize("step", ["text", "audience"])
def test_words_without_a_draft_begin_nothing(step: str) -> None:
    world = coordinated()
    place = msgspec.convert({"type": "drafting", "step": step}, Drafting, strict=False)
    for does in (
        lambda: world.says("siti", "Rapat"),
        lambda: world.sends("siti", IncomingFile("foto", "photo")),
        lambda: world.sends_else("siti", "sticker"),
    ):
        world.people["siti"].session = msgspec.json.encode(Session(place=place))
        does()

        assert "Tidak ada siaran yang sedang ditulis." in heard(world)


def test_a_file_that_arrives_after_its_draft_was_thrown_away_is_not_kept() -> None:
    world = coordinated()
    file = StoredFile("sha", "", "photo", 10)

    world.step("siti", FileStored(at=START, file=file, target=FileTarget(0, "", DRAFT_KEY)))

    assert "Tidak ada siaran yang sedang ditulis." in heard(world)
    assert msgspec.json.decode(world.people["siti"].session, type=Session).draft is None


def test_a_rate_that_is_not_known_is_not_guessed() -> None:
    carried = (Carried("whatsapp", "WhatsApp", 1200, 1100, None),)

    said = preview_said(texts_for("id"), AudiencePreview(1200, carried, {}, (), START), finishes="nanti")

    assert "Penerima: <b>1.200</b> (1.200 WhatsApp)" in said
    assert "WhatsApp: 1.100 pesan berbayar, tarifnya belum diketahui" in said


def test_who_has_had_the_message_of_the_day_is_counted() -> None:
    preview = AudiencePreview(1200, (), {}, (), START, next_day=1100)

    said = preview_said(texts_for("id"), preview, finishes="nanti")

    assert "Sudah mendapat kabar lain pada hari itu, menerimanya pada hari berikutnya: 1.100" in said


def test_who_is_told_first_that_something_waits_is_counted() -> None:
    carried = (Carried("whatsapp", "WhatsApp", 3, 2, 660, held=2), Carried("telegram", "Telegram", 1, 0, 0))

    said = preview_said(texts_for("id"), AudiencePreview(4, carried, {}, (), START), finishes="nanti")

    assert "2 orang diberi tahu dahulu" in said
    assert said.count("diberi tahu") == 1

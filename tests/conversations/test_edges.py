"""What no chat leads to, or what is said best without one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import msgspec
import pytest

from conversations.dialogs.registration import clean_name
from conversations.dialogs.scores import ANY_KIND
from conversations.engine import anticipate, apologise, resume
from conversations.events import (
    ChoiceTapped,
    FileStored,
    FileTarget,
    IncomingFile,
    StoredFile,
    TextEdited,
    TextReceived,
)
from conversations.hours import day_there, greeting_key
from conversations.letters import MOST_LETTER_CHARACTERS
from conversations.needs import Missing, RegionSearchNeed, ScoreNeed, SheetNeed, TopicNeed
from conversations.people import Role
from conversations.saving import MOST_EVIDENCE
from conversations.session import Session, Undoable
from conversations.taps import Verb, base36, read_tap, tap
from conversations.texts import LANGUAGES, MOST_REMEMBERED, Markup, Texts, texts_for
from conversations.views.bars import bar, percent
from conversations.words import Command, Intent, has_code_shape, read_command
from tests.conversations.places import BANYUASIN, START, SUNGAI_REBO
from tests.conversations.transcripts import plain_text
from tests.conversations.world import World

DAWN = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)


def test_an_apology_leaves_the_session_where_it_was() -> None:
    world = World()
    brief = world.brief_of(world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO))
    session = Session(misses=2)

    step = apologise(brief, session)

    assert step.session is session
    assert len(step.actions) == 1


@pytest.mark.parametrize(
    ("region", "day", "greeting"),
    [
        ("16.07", date(2026, 3, 2), "greeting.evening"),
        ("64.01", date(2026, 3, 3), "greeting.evening"),
        ("91.01", date(2026, 3, 3), "greeting.evening"),
        ("", date(2026, 3, 2), "greeting.evening"),
    ],
)
def test_the_day_begins_earlier_in_the_east(region: str, day: date, greeting: str) -> None:
    assert day_there(DAWN, region) == day
    assert greeting_key(DAWN, region) == greeting


@pytest.mark.parametrize(
    ("hour", "greeting"), [(22, "morning"), (3, "noon"), (8, "afternoon"), (11, "evening"), (20, "evening")]
)
def test_the_greeting_follows_the_hour_there(hour: int, greeting: str) -> None:
    assert greeting_key(START.replace(hour=hour), "16") == f"greeting.{greeting}"


def test_a_button_that_would_not_fit_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        tap(Verb.ANSWER, 1, "x" * 60, "y")


@pytest.mark.parametrize("number", [0, 9, 35, 36, 1295, 123_456_789, 2**63 - 1])
def test_a_number_in_a_button_reads_back(number: int) -> None:
    tapped = read_tap(tap(Verb.SCORE, number))

    assert tapped is not None
    assert tapped.number(0) == number == int(base36(number), 36)


@pytest.mark.parametrize("written", ["-1", "1_0", " 1", "\u0661", "Z", "", "1y2p0ij32e8e8", "z" * 50])
def test_what_is_no_number_of_ours_is_0(written: str) -> None:
    tapped = read_tap(f"g:{written}")

    assert tapped is not None
    assert tapped.number(0) == 0


@pytest.mark.parametrize("data", ["", "g" + "x" * 64, "g:" + "🙂" * 16, "?:1", "g:\ud83d" + "x" * 64])
def test_what_no_button_of_ours_carries_is_no_tap(data: str) -> None:
    assert read_tap(data) is None


def test_what_a_button_lacks_is_empty() -> None:
    tapped = read_tap("g:!")

    assert tapped is not None
    assert (tapped.number(0), tapped.number(5), tapped.text(5)) == (0, 0, "")


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ("/isi@jemputbola_bot", Command(Intent.FILL, "")),
        ("/Start", Command(Intent.MENU, "")),
        ("skor kita sekarang berapa?", Command(Intent.SCORE, "")),
        ("berapa predikat kabupaten kita", Command(Intent.SCORE, "")),
        ("nilai 80", None),
        ("bahasa daerah", None),
        ("daftar hadir anak", None),
        ("ubah 7", Command(Intent.CHANGE, "7")),
        ("entahlah", None),
    ],
)
def test_plain_words_are_commands(written: str, command: Command | None) -> None:
    assert read_command(written) == command


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("key", "intent"),
    [
        ("word.help", Intent.HELP),
        ("word.skip", Intent.SKIP),
        ("word.back", Intent.BACK),
        ("word.parts", Intent.PARTS),
        ("word.undo", Intent.UNDO),
    ],
)
def test_the_word_of_a_button_is_understood_when_it_is_typed(key: str, intent: Intent, language: str) -> None:
    assert read_command(texts_for(language).plain(key)) == Command(intent, "")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("  Sri \n Rahayu ", "Sri Rahayu"),
        ("\u202eirS\u202c", "irS"),
        ("Sri\u200b\x07", "Sri"),
        ("A\u0308nne", "\u00c4nne"),
        ("\u200b \u202e", ""),
        ("\U0001f642 12", ""),
        ("x" * 81, ""),
    ],
)
def test_a_name_is_what_can_be_seen_of_it(written: str, name: str) -> None:
    assert clean_name(written) == name


@pytest.mark.parametrize(
    ("word", "is_code"),
    [("AB12CD34EF", True), ("ABCDEFGHJK", True), ("ab12cd", True), ("assalamualaikum", False), ("123456", False)],
)
def test_a_bare_code_is_told_from_a_word(word: str, is_code: bool) -> None:
    assert has_code_shape(word) is is_code


@pytest.mark.parametrize(("done", "filled"), [(0, 0), (1, 1), (10, 5), (19, 9), (20, 10), (25, 10)])
def test_a_bar_is_full_only_when_all_is_done_and_begun_with_the_first(done: int, filled: int) -> None:
    assert bar(done, 20).count("▓") == filled
    assert bar(done, 0).count("▓") == 0


def test_a_share_is_cut_to_whole_percent() -> None:
    assert percent(Fraction(999, 1000), "id") == "99 %"


def test_texts_are_remembered_without_being_mixed_up() -> None:
    texts = Texts("id")
    for _ in range(2):
        assert texts("answer.understood", answer="<b>1</b>") == "✅ &lt;b&gt;1&lt;/b&gt;."
        assert texts("answer.understood", answer=Markup("<b>1</b>")) == "✅ <b>1</b>."


def test_what_is_remembered_of_texts_stays_small() -> None:
    texts = Texts("id")
    for number in range(MOST_REMEMBERED + 2):
        assert texts("answer.understood", answer=number) == f"✅ {number}."
    assert len(texts._remembered) <= MOST_REMEMBERED


def test_a_letter_that_is_too_long_is_asked_for_again_and_nobody_is_told() -> None:
    world = World()
    world.appoint("siti", Role.COORDINATOR, BANYUASIN)
    world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO)
    world.taps_raw("ahmad", "n9:0:ask")

    world.says("ahmad", "a" * (MOST_LETTER_CHARACTERS + 1))
    told_then = list(world.people["siti"].heard)
    world.says("ahmad", "a" * MOST_LETTER_CHARACTERS)

    assert not told_then
    assert len(world.people["siti"].heard) == 1


def test_a_row_takes_only_so_many_files() -> None:
    world = World()
    world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO)
    for number in range(MOST_EVIDENCE + 1):
        world.sends("ahmad", IncomingFile(f"f{number}", "photo"), caption="nomor 1")

    assert len(world.sheet(4, "26.2").evidence) == MOST_EVIDENCE
    assert f"paling banyak {MOST_EVIDENCE} berkas" in plain_text(world.people["ahmad"].heard[-1])


def test_a_file_that_arrives_after_the_post_was_lost_is_not_kept() -> None:
    world = World()
    world.enter("tono")
    file = StoredFile("sha", "", "photo", 10)

    world.step("tono", FileStored(at=START, file=file, target=FileTarget(4, "26.2", "perdes_bukti")))

    assert not world.sheets
    assert "tidak ada isian" in plain_text(world.people["tono"].heard[-1])


def test_a_change_of_a_question_that_the_form_no_longer_has_cannot_be_taken_back() -> None:
    world = World()
    ahmad = world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO)
    ahmad.session = msgspec.json.encode(Session(undoable=(Undoable(4, "gone", "1"),)))

    world.says("ahmad", "batal")

    assert "Tidak ada perubahan" in plain_text(ahmad.heard[-1])


def test_what_a_reply_and_a_tap_will_need_is_foreseen() -> None:
    world = World()
    ahmad = world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO)
    world.says("ahmad", "isi")
    brief, session = world.brief_of(ahmad), msgspec.json.decode(ahmad.session, type=Session)

    reply = anticipate(session, TextReceived(at=START, text="5", reply_to="m1"), brief)
    edit = anticipate(session, TextEdited(at=START, message="m2", text="5"), brief)
    tapped = anticipate(session, ChoiceTapped(at=START, data="a:4:baca:ada"), brief)
    strange = anticipate(session, ChoiceTapped(at=START, data="a:9:baca:ada"), brief)

    assert TopicNeed(1, "m1") in reply
    assert TopicNeed(1, "m2") in edit
    assert {SheetNeed(4, "26.10")} <= set(tapped)
    assert SheetNeed(4, "26.2") in strange


def full_world(*, but: str) -> World:
    """Everything is claimed in full everywhere, except for one row."""
    world = World()
    world.appoint("budi", Role.OFFICIAL, BANYUASIN)
    for number, assignment in world.assignments.items():
        for row in world.library.forms[assignment.form].rows:
            world.shares[number, row.number] = 0 if row.number == but else 10**9
    return world


def test_a_full_score_leaves_nothing_to_advise() -> None:
    world = full_world(but="")

    world.says("budi", "skor")

    said = plain_text(world.people["budi"].heard[-1])
    assert "poin lagi" not in said
    assert "Paling banyak menambah nilai" not in said


def test_advice_on_a_row_of_the_villages_says_how_many_of_them_it_is_about() -> None:
    world = full_world(but="26.15")

    world.says("budi", "skor")

    assert "PATBM di 2 desa/kecamatan (+10)" in plain_text(world.people["budi"].heard[-1])


def test_nothing_is_foreseen_for_somebody_who_answers_nothing() -> None:
    world = World()
    budi = world.appoint("budi", Role.OFFICIAL, BANYUASIN)

    assert anticipate(Session(), TextReceived(at=START, text="halo"), world.brief_of(budi)) == ()


def test_a_region_is_looked_for_where_the_person_is_there_for_before_anywhere_else() -> None:
    world = World()
    brief = world.brief_of(world.appoint("budi", Role.OFFICIAL, BANYUASIN))
    asked = TextReceived(at=START, text="skor sungai rebo")
    here = RegionSearchNeed("sungai rebo", ANY_KIND, BANYUASIN.code)

    with pytest.raises(Missing) as first:
        resume(brief, Session(), asked)
    with pytest.raises(Missing) as second:
        resume(msgspec.structs.replace(brief, known={here: (SUNGAI_REBO,)}), Session(), asked)

    assert first.value.needs == (here,)
    assert second.value.needs == (ScoreNeed(SUNGAI_REBO.id),)

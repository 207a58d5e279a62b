"""Whatever people do, in whatever order: the laws of every step hold, and nothing is lost or stated wrongly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.brief import Brief
from conversations.events import IncomingFile
from conversations.forms import Filling, marked
from conversations.hours import day_there
from conversations.needs import AllSheetsNeed, Need, QueueNeed, RowAnswersNeed, ScoreNeed, SheetNeed
from conversations.people import Person, Role, Standing
from conversations.taps import Verb
from indicators.scores import to_billionths
from tests.conversations.laws import check_markup, check_needs
from tests.conversations.places import BANYUASIN, BANYUASIN_I, MARIANA, SUMSEL, SUNGAI_REBO
from tests.conversations.world import World

PEOPLE = ("ahmad", "joko", "rina", "tono", "siti", "budi", "gubernur", "tamu")
TEXTS = (
    "ya", "tidak", "belum", "sudah", "ada", "belum ada", "isi", "lanjut", "lewati", "kembali", "batal", "selesai",
    "kirim", "tetap kirim", "menu", "status", "skor", "skor banyuasin", "skor kaur", "bantuan", "nanti", "1", "2", "3",
    "7", "0", "1.200", "1500", "25 juta", "kurang lebih 900", "17 Agustus 2025", "2024", "Nomor 5 Tahun 2024", "ubah 5",
    "ubah 7", "ubah", "bukti 1", "bukti 26.6", "26.8b", "yang forum anak salah, sudah ada", "taman bermain", "1, 2, 3",
    "semua", "antrean", "bahasa", "bahasa inggris", "daftar", "daftar AB12CD34EF", "/start AB12CD34EF", "AB12CD34EF",
    "daftar isi", "hapus data saya", "privasi", "tanya koordinator", "setuju", "Budi", "sungai rebo", "banyuasin",
    "baca dulu", "tidak tahu", "", "   ", "<b>&", "\u200e", "🙂", "lainnya: anu", "ringkasan",
)  # fmt: skip
NAMES = ("perdes", "akta", "anak", "anggaran_untuk", "perdes_bukti", "forum", "p1_1", "kelembagaan", "26.2", "x", "")
FILES = ("a", "b", "c", "film", "hilang")

texts = st.sampled_from(TEXTS) | st.text(max_size=80) | st.text(alphabet="0123456789., rp", max_size=12)
mangled = st.builds(
    lambda verb, arguments: ":".join((verb, *arguments)),
    st.sampled_from([verb.value for verb in Verb]),
    st.lists(st.sampled_from(("1", "2", "3", "4", "5", "zz", *NAMES, "yes", "home", "forget!")), max_size=3),
)
TELLING = (
    "g:2", "g:4", "g:5", "g:6", "t:2", "t:6", "t:2:26.2", "v:4", "w:4", "s:4:1", "e:3:25.2", "n2:1:yes", "o:queue",
)  # fmt: skip
"""What would tell or do something that is not everybody's."""
who = st.sampled_from(PEOPLE)
number = st.integers(0, 400)
Move = Callable[[World], object]


def town() -> World:
    """Give a world in which everybody has their post, and one guest an invitation."""
    world = World()
    world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO)
    world.appoint("joko", Role.VILLAGE_HEAD, SUNGAI_REBO, standing=Standing.OPERATOR)
    world.appoint("joko", Role.VILLAGE_HEAD, MARIANA)
    world.appoint("rina", Role.SUBDISTRICT_HEAD, BANYUASIN_I)
    world.appoint("tono", Role.OFFICE, BANYUASIN, office="dinkes")
    world.appoint("siti", Role.COORDINATOR, BANYUASIN)
    world.appoint("budi", Role.OFFICIAL, BANYUASIN)
    world.appoint("gubernur", Role.OFFICIAL, SUMSEL)
    world.enter("tamu")
    world.invite(Role.VILLAGE_HEAD, MARIANA, name="")
    return world


def types(name: str, text: str, world: World) -> None:
    world.says(name, text)


def taps_something_shown(name: str, shown_to: str, place: int, world: World) -> None:
    """Tap one of all buttons that were ever shown to anybody, mostly a recent one of one's own."""
    shown = [button for message in world.people[shown_to].heard for line in message.buttons for button in line]
    data = shown[-1 - place % len(shown)].data if shown else "o:home"
    world.taps_raw(name, data)


def taps_rubbish(name: str, data: str, world: World) -> None:
    world.taps_raw(name, data)


def replies(name: str, place: int, text: str, world: World) -> None:
    told = world.people[name].told_at
    world.says(name, text, reply_to=told[place % len(told)] if told else "")


def edits(name: str, place: int, text: str, world: World) -> None:
    typed = list(world.people[name].typed.values())
    world.edits(name, typed[place % len(typed)] if typed else "m0", text)


def sends(name: str, content: str, caption: str, album: str, world: World) -> None:
    is_photo = content in "ab"
    file = IncomingFile(content, "photo" if is_photo else "document", name="" if is_photo else f"<{content}>.pdf")
    world.sends(name, file, caption=caption, album=album)


def sends_else(name: str, what: str, world: World) -> None:
    {
        "sticker": partial(world.sends_else, name, "sticker", "x"),
        "contact": partial(world.sends_contact, name),
        "place": partial(world.points_at, name, -2.9, 104.7),
    }[what]()


def time_passes(hours: int, world: World) -> None:
    world.waits(hours=hours)


moves: st.SearchStrategy[Move] = st.one_of(
    st.builds(partial, st.just(types), who, texts),
    st.builds(lambda name, place: partial(taps_something_shown, name, name, place % 8), who, number),
    st.builds(lambda name, place: partial(taps_something_shown, name, name, place), who, number),
    st.builds(partial, st.just(taps_something_shown), who, who, number),
    st.builds(partial, st.just(taps_rubbish), who, st.text(max_size=20) | mangled | st.sampled_from(TELLING)),
    st.builds(partial, st.just(replies), who, number, texts),
    st.builds(partial, st.just(edits), who, number, texts),
    st.builds(
        partial,
        st.just(sends),
        who,
        st.sampled_from(FILES),
        st.sampled_from(("", "nomor 5", "26.2 perdes", "foto")),
        st.sampled_from(("", "x")),
    ),
    st.builds(partial, st.just(sends_else), who, st.sampled_from(("sticker", "contact", "place"))),
    st.builds(partial, st.just(time_passes), st.sampled_from((1, 7, 30, 400))),
)

modest = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check_whole_store(world: World) -> None:
    """Recompute what was stored from the answers alone."""
    for assignment in world.assignments.values():
        form = world.library.forms[assignment.form]
        assert len(assignment.progress) == len(form.rows)
        known: dict[Need, object] = {
            SheetNeed(assignment.id, row.number): world.sheet(assignment.id, row.number) for row in form.rows
        }
        brief = Brief(Person(0), 0, "", (), (assignment,), world.library, known)
        filling = Filling(brief, assignment, form, day_there(world.at, assignment.region.code))
        for row in form.rows:
            if (assignment.id, row.number) in world.sheets:
                mark, state = marked(filling, row)
                assert assignment.progress[row.ordinal - 1] == mark, row.number
                share = None if state.share is None else to_billionths(state.share)
                assert world.shares[assignment.id, row.number] == share, row.number


@given(st.lists(moves, min_size=5, max_size=40))
@modest
def test_whatever_people_do_the_laws_hold(chosen: list[Move]) -> None:
    world = town()
    for move in chosen:
        move(world)

    check_whole_store(world)


answers = st.sampled_from([text for text in TEXTS if text not in ("hapus data saya", "menu", "bahasa inggris")])


@given(st.lists(answers | number.map(lambda place: place), min_size=20, max_size=60))
@modest
def test_whoever_fills_in_a_form_by_typing_and_tapping_leaves_a_store_that_can_be_recomputed(
    chosen: list[str | int],
) -> None:
    world = town()
    for name in ("ahmad", "rina"):
        world.says(name, "isi")
        for each in chosen:
            if isinstance(each, str):
                world.says(name, each)
            else:
                taps_something_shown(name, name, each % 5, world)

    check_whole_store(world)


@given(st.text(max_size=4096))
@modest
def test_any_text_at_all_is_answered(text: str) -> None:
    world = town()
    world.says("ahmad", "isi")
    world.says("ahmad", "sudah")
    world.says("ahmad", text)
    world.says("tamu", "daftar")
    world.says("tamu", text)

    assert world.people["ahmad"].heard
    assert world.people["tamu"].heard


@pytest.mark.parametrize("text", ["<u>x</u>", "<b>x", "<b><i>x</b></i>", "x</b>", "a < b"])
def test_markup_that_no_channel_could_show_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        check_markup(text)


NOT_THEIRS = (AllSheetsNeed(99), SheetNeed(3, "25.2"), ScoreNeed(6), RowAnswersNeed(2, "26.2"), QueueNeed(2))


@pytest.mark.parametrize("need", NOT_THEIRS)
def test_a_look_at_what_is_not_theirs_is_found(need: Need) -> None:
    world = town()
    brief = world.brief_of(world.enter("ahmad"))
    world.load(cast("dict[Need, object]", brief.known), [need], world.enter("ahmad"))

    with pytest.raises(AssertionError):
        check_needs(brief)

"""Whatever people do, in whatever order: the laws of every step hold, and nothing is lost or stated wrongly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.audiences import Audience, BroadcastDraft
from conversations.needs import (
    AllSheetsNeed,
    AudienceNeed,
    BroadcastNeed,
    BroadcastsNeed,
    HoldersNeed,
    LetterNeed,
    Need,
    QueueNeed,
    ReceivedBroadcastNeed,
    RowAnswersNeed,
    ScoreNeed,
    SheetNeed,
)
from conversations.taps import Verb
from tests.conversations.laws import check_markup, check_needs
from tests.conversations.moves import (
    FILES,
    NAMES,
    PEOPLE,
    TELLING,
    TEXTS,
    check_whole_store,
    comes_back,
    edits,
    links,
    replies,
    sends,
    sends_else,
    taps_rubbish,
    taps_something_shown,
    time_passes,
    town,
    types,
)
from tests.conversations.world import World

texts = st.sampled_from(TEXTS) | st.text(max_size=80) | st.text(alphabet="0123456789., rp", max_size=12)
mangled = st.builds(
    lambda verb, arguments: ":".join((verb, *arguments)),
    st.sampled_from([verb.value for verb in Verb]),
    st.lists(st.sampled_from(("1", "2", "3", "4", "5", "zz", *NAMES, "yes", "home", "forget!")), max_size=3),
)
who = st.sampled_from(PEOPLE)
number = st.integers(0, 400)
Move = Callable[[World], object]


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
    st.builds(partial, st.just(links), who, who, st.sampled_from(("ya", "bukan", "sudah"))),
    st.builds(partial, st.just(comes_back), number),
    st.builds(partial, st.just(time_passes), st.sampled_from((1, 7, 30, 400))),
)

modest = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


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


ABOUT_BROADCASTS = (
    LetterNeed(99),
    ReceivedBroadcastNeed(99),
    BroadcastNeed(1),
    BroadcastsNeed(2),
    HoldersNeed((2,)),
    AudienceNeed(BroadcastDraft(Audience(2)), 1),
)
NOT_THEIRS = (
    AllSheetsNeed(99),
    SheetNeed(3, "25.2"),
    ScoreNeed(6),
    RowAnswersNeed(2, "26.2"),
    QueueNeed(2),
    *ABOUT_BROADCASTS,
)


@pytest.mark.parametrize("need", NOT_THEIRS)
def test_a_look_at_what_is_not_theirs_is_found(need: Need) -> None:
    world = town()
    brief = world.brief_of(world.enter("ahmad"))
    world.load(cast("dict[Need, object]", brief.known), [need], world.enter("ahmad"))

    with pytest.raises(AssertionError):
        check_needs(brief)

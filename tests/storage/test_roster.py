"""Districts are added whole, once; approvals count; forms are renewed; regions are found by typed words."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from conversations.needs import (
    RegionNeed,
    RegionSearchNeed,
    RowAnswers,
    RowAnswersNeed,
    RowTally,
    ScoreNeed,
    ScoreTotals,
)
from conversations.people import Region, Role
from storage.database import connect
from storage.errors import StorageError
from storage.region_loading import read_regions
from storage.region_search import RegionIndex, understand
from storage.store import Store
from tests.storage.forms import DUE, KABUPATEN, KELANA, NOW, make_form, make_library, make_row
from tests.storage.people import KAUR, OTHER_VILLAGE, VILLAGE, accept, appoint, deadlines, give_answer, known, text_from

BILLION = 10**9


async def region(store: Store, code: str) -> Region:
    found = await store.roster.find_region(code)
    assert found is not None
    return found


async def score(store: Store, code: str) -> ScoreTotals:
    found = await known(store, ScoreNeed((await region(store, code)).id))
    assert isinstance(found, ScoreTotals)
    return found


def test_the_table_that_comes_along_is_complete() -> None:
    top = list(read_regions())
    banyuasin = [code for code, _ in read_regions("16.07")]

    assert len(top) == 38 + 514
    assert (len(banyuasin), sum(code.count(".") == 3 for code in banyuasin)) == (21 + 313, 313)


async def test_loading_regions_again_adds_nothing(store: Store) -> None:
    assert await store.roster.load_regions() == 552
    assert await store.roster.load_regions() == 0


async def test_a_district_comes_with_posts_and_assignments_and_again_changes_the_deadline_only(store: Store) -> None:
    first = await store.roster.add_district(KAUR, 2026, DUE, at=NOW)
    before = await score(store, KAUR)

    second = await store.roster.add_district(KAUR, 2026, DUE + timedelta(days=1), at=NOW)

    assert (first.name, first.subdistricts, first.villages) == ("Kabupaten Kaur", 15, 195)
    assert first.posts == 195 + 15 + 1 + 1 + 2
    assert first.assignments == 195 + 15 + 1
    assert second == first
    after = await score(store, KAUR)
    assert after.rows == before.rows
    assert set((await deadlines(store, KAUR)).values()) == {DUE + timedelta(days=1)}
    assert [each.code for each in await store.roster.districts()] == [KAUR]


async def test_forms_without_points_are_assigned_only_when_asked_for(store: Store) -> None:
    await store.roster.add_district(KAUR, 2026, DUE, at=NOW, forms=("drppa",))
    head = await appoint(store, "head", VILLAGE, Role.VILLAGE_HEAD)

    assert [held.form for held in head.assignments] == ["dekela", "drppa"]


@pytest.mark.parametrize("code", ["16", "99.99", "16.07.01", ""])
async def test_what_is_no_district_is_refused_and_leaves_nothing(store: Store, code: str) -> None:
    with pytest.raises(StorageError, match="kabupaten"):
        await store.roster.add_district(code, 2026, DUE, at=NOW)

    assert await store.roster.find_region("16.07") is None


async def test_an_unknown_form_is_refused(store: Store) -> None:
    with pytest.raises(StorageError, match="nothere"):
        await store.roster.add_district(KAUR, 2026, DUE, at=NOW, forms=("nothere",))


async def test_vacant_posts_are_invited_and_older_invitations_to_them_end(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    first = await kaur.roster.invite_vacant(KAUR, at=NOW)

    second = await kaur.roster.invite_vacant(KAUR, at=NOW, expires_at=NOW + timedelta(days=7))

    assert len(second) == len(first) == 195 + 15 + 1 + 1 + 2 - 1
    assert head.posts[0].id not in {each.post.id for each in second}
    assert len({each.code for each in [*first, *second]}) == 2 * len(first)
    with pytest.raises(StorageError, match="free"):
        await accept(kaur, "late", first[0].code)
    taken = await accept(kaur, "good", second[0].code)
    assert taken.posts[0].id == second[0].post.id


async def test_posts_are_listed_by_role_and_district(kaur: Store) -> None:
    await appoint(kaur, "camat", "17.04.01", Role.SUBDISTRICT_HEAD)

    posts = await kaur.roster.posts(role=Role.SUBDISTRICT_HEAD, district=KAUR)

    assert [each.region.code for each in posts] == [f"17.04.{place:02}" for place in range(1, 16)]
    assert [each.is_held for each in posts] == [True] + [False] * 14
    assert await kaur.roster.posts(district="16.07") == []


async def test_a_score_shows_what_the_units_have_answered_at_every_level(kaur: Store) -> None:
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await appoint(kaur, "office", KAUR, Role.OFFICE, "dinkes")
    await give_answer(kaur, text_from("head", 1), "26.1", "5", Fraction(1, 2))
    await give_answer(kaur, text_from("office", 1), "1.1", "5")

    district, subdistrict, province, village = [await score(kaur, code) for code in (KAUR, "17.04.01", "17", VILLAGE)]

    half = RowTally(195, 1, BILLION // 2, 0, 0)
    assert district.rows["26.1"] == province.rows["26.1"] == half
    assert district.rows["1.1"] == RowTally(1, 1, BILLION, 0, 0)
    assert district.rows["25.1"] == RowTally(15, 0, 0, 0, 0)
    assert subdistrict.rows["26.1"] == RowTally(14, 1, BILLION // 2, 0, 0)
    assert village.rows == {
        "26.1": RowTally(1, 1, BILLION // 2, 0, 0),
        "26.2": RowTally(1, 0, 0, 0, 0),
        "26.3": RowTally(1, 0, 0, 0, 0),
    }
    assert await deadlines(kaur, KAUR) == dict.fromkeys(("dekela", "kelana", "kabupaten"), DUE)


async def test_where_no_cycle_runs_there_is_no_score(kaur: Store) -> None:
    assert await known(kaur, ScoreNeed((await region(kaur, "16.07")).id)) is None
    assert await known(kaur, ScoreNeed(4711)) is None


async def test_an_explanation_names_the_units_furthest_from_meeting_a_row(kaur: Store) -> None:
    for name, code, share in (("a", VILLAGE, Fraction(1)), ("b", OTHER_VILLAGE, Fraction(1, 4))):
        await appoint(kaur, name, code, Role.VILLAGE_HEAD)
        await give_answer(kaur, text_from(name, 1), "26.1", "5", share)
    here = (await region(kaur, KAUR)).id

    found = await known(kaur, RowAnswersNeed(here, "26.1"))

    assert isinstance(found, RowAnswers)
    assert (found.units, found.answered, found.meeting, len(found.furthest)) == (195, 2, 1, 12)
    first, second = found.furthest[:2]
    assert (first.region.code, first.share, first.by, first.version) == (OTHER_VILLAGE, BILLION // 4, 2, "2024.1")
    assert first.at == int(NOW.timestamp())
    assert (second.share, second.by, second.version) == (None, 0, "")
    assert await known(kaur, RowAnswersNeed(here, "99")) == RowAnswers(0, 0, 0, ())
    assert await known(kaur, RowAnswersNeed(4711, "26.1")) == RowAnswers(0, 0, 0, ())


async def test_an_approved_row_counts_as_verified_until_its_answer_changes(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    number = head.assignments[0].id
    await give_answer(kaur, text_from("head", 1), "26.1", "5")
    await kaur.roster.approve(number, "26.1", by=head.person.id, at=NOW)
    approved = await score(kaur, KAUR)
    await give_answer(kaur, text_from("head", 2), "26.1", "5")
    same = await score(kaur, KAUR)
    await give_answer(kaur, text_from("head", 3), "26.1", "6")
    changed = await score(kaur, KAUR)

    assert approved.rows["26.1"] == same.rows["26.1"] == RowTally(195, 1, BILLION, 1, BILLION)
    assert changed.rows["26.1"] == RowTally(195, 1, BILLION, 0, 0)
    found = await known(kaur, RowAnswersNeed((await region(kaur, VILLAGE)).id, "26.2"))
    assert isinstance(found, RowAnswers)
    assert not found.furthest[0].is_approved


async def test_a_row_whose_approval_is_taken_back_counts_as_claimed_only(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    number = head.assignments[0].id
    await give_answer(kaur, text_from("head", 1), "26.1", "5", Fraction(1, 2))
    await kaur.roster.approve(number, "26.1", by=None, at=NOW)

    await kaur.roster.take_approval_back(number, "26.1")

    assert (await score(kaur, "17.04.01")).rows["26.1"] == RowTally(14, 1, BILLION // 2, 0, 0)


async def test_an_assignment_is_found_by_region_and_form(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)

    assert await kaur.roster.find_assignment(VILLAGE, "dekela") == head.assignments[0].id
    assert await kaur.roster.find_assignment(VILLAGE, "kelana") is None


async def test_what_is_not_answered_cannot_be_approved(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    number = head.assignments[0].id
    await give_answer(kaur, text_from("head", 1), "26.1", "5", None)

    with pytest.raises(StorageError, match="complete"):
        await kaur.roster.approve(number, "26.1", by=1, at=NOW)
    with pytest.raises(StorageError, match="no answer"):
        await kaur.roster.approve(number, "26.2", by=1, at=NOW)


async def test_a_newer_version_of_a_form_keeps_the_answers_in_their_rows(kaur: Store, kaur_url: str) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("head", 1), "26.2", "5")
    newer = make_form(
        "dekela", "desa", (make_row("26.2", 1), make_row("26.4", 2), make_row("26.1", 3)), version="2024.2"
    )
    store = Store(connect(kaur_url), make_library(newer, KELANA, KABUPATEN))

    renewed = await store.roster.renew_forms()
    again = await store.roster.renew_forms()

    async with store.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from("head", 2)])
        held = turns.brief(envelope).assignments[0]
    assert (renewed, again) == (195, 0)
    assert (held.version, held.progress, held.id) == ("2024.2", "#..", head.assignments[0].id)
    rows = (await score(store, KAUR)).rows
    assert rows["26.4"].units == 195
    assert rows["26.2"] == RowTally(195, 1, BILLION, 0, 0)
    assert "26.3" not in rows
    await store.close()


async def test_a_region_is_known_with_what_lies_around_it(kaur: Store) -> None:
    village = await region(kaur, VILLAGE)
    district = await region(kaur, KAUR)

    assert (village.name, village.subdistrict, village.district) == ("Gedung Wani", "Kinal", "Kabupaten Kaur")
    assert village.district_id == district.id == district.district_id
    assert await known(kaur, RegionNeed(village.id)) == village
    assert await known(kaur, RegionNeed(4711)) is None


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        ("Gedung Wani", "village", VILLAGE),
        ("desa gedung wani", "village", VILLAGE),
        ("gedong wani, kec kinal", "village", VILLAGE),
        ("Kelurahan Bandar Bintuhan", "village", "17.04.05.1013"),
        ("kab. kaur", "district", KAUR),
        ("KOTA BENGKULU", "district", "17.71"),
        ("kota bandung", "district", "32.73"),
        ("kabupaten bandung", "district", "32.04"),
        ("palenbang", "district", "16.71"),
        ("kaur tgh", "subdistrict", "17.04.04"),
        ("lampung", "province", "18"),
    ],
)
async def test_a_region_is_found_by_typed_words(kaur: Store, words: str, kind: str, code: str) -> None:
    found = await known(kaur, RegionSearchNeed(words, (kind,)))

    assert isinstance(found, tuple)
    assert found[0].code == code
    assert len(found) <= 8


async def test_a_search_stays_within_a_region_and_may_find_nothing(kaur: Store) -> None:
    inside = await known(kaur, RegionSearchNeed("tanjung", ("village",), "17.04.02"))
    nothing = [
        await known(kaur, RegionSearchNeed(words, ("village", "nowhere")))
        for words in ("", "  ,;", "xyzzy", "\U0001f600" * 500)
    ]

    assert isinstance(inside, tuple)
    assert {each.code[:8] for each in inside} == {"17.04.02"}
    assert nothing == [(), (), (), ()]


def test_a_name_that_is_common_elsewhere_is_found_within() -> None:
    codes = [f"11.{district:02}.01.2001" for district in range(1, 30)] + ["16.07.01.2002", "16.070.01.2003"]
    index = RegionIndex(Region(number, code, "Karang Anyar", "village") for number, code in enumerate(codes))

    assert [each.code for each in index.search("karang anyar", ("village",), "16.07")] == ["16.07.01.2002"]
    assert [each.code for each in index.search("karang anyar", ("village",), "16.07.01.2002")] == ["16.07.01.2002"]
    assert [each.code for each in index.search("karang anyar", ("village",))] == codes[:8]


def test_words_are_taken_apart_into_name_kind_and_surroundings() -> None:
    wording = understand("Desa Sei Rebo, Kec. Banyuasin 1")

    assert (wording.name, wording.kind, wording.around) == ("sungai rebo", "village", "banyuasin i")


async def test_a_district_that_another_process_added_is_found(kaur: Store, kaur_url: str) -> None:
    assert await known(kaur, RegionSearchNeed("sungai rebo", ("village",))) == ()
    other = Store(connect(kaur_url), make_library())
    await other.roster.add_district("16.07", 2026, DUE, at=NOW)
    await other.close()

    found = await known(kaur, RegionSearchNeed("sungai rebo", ("village",)))

    assert isinstance(found, tuple)
    assert found[0].name == "Sungai Rebo"

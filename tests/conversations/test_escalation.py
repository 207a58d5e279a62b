"""Who is told of those who have not finished, when, and how it reads however many they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from conversations.calendar import Window
from conversations.escalation import Progress, Unit, Units, digest_at, open_windows, unit_of
from conversations.hours import moment_there
from conversations.people import Assignment, Person, Region, Role
from conversations.rules import Rules, RulesError, default_rules, load_rules
from conversations.sheets import RowMark
from conversations.texts import texts_for
from conversations.views.digests import MOST_LINES, MOST_LISTED, digest_message, list_buttons, list_text
from tests.conversations.laws import check_message
from tests.conversations.places import BANYUASIN, BANYUASIN_I, DUE, MARIANA, START, SUNGAI_REBO
from tests.conversations.transcripts import labels_of, plain_text
from tests.conversations.world import World

CODE = SUNGAI_REBO.code
LONG = Window("evaluasi_mandiri", START - timedelta(days=30), DUE, DUE)
SIXTEENTH = datetime(2026, 4, 15, 17, tzinfo=UTC)
SHORT = Window("perbaikan", SIXTEENTH + timedelta(hours=9), SIXTEENTH + timedelta(hours=57))
HEAD, COORDINATOR = Role.SUBDISTRICT_HEAD, Role.COORDINATOR
RINA = Person(1, "Rina", "Ibu")


def told(window: Window, role: Role, rules: Rules | None = None) -> str:
    at = digest_at(window, role, CODE, rules or default_rules())
    return at.astimezone(moment_there(START.date(), START.time(), CODE).tzinfo).strftime("%d.%m. %H:%M") if at else "-"


@pytest.mark.parametrize(
    ("window", "head", "coordinator"),
    [
        (LONG, "28.03. 08:00", "30.03. 08:00"),
        (SHORT, "17.04. 09:00", "17.04. 15:00"),
        (msgspec.structs.replace(LONG, opens_at=DUE - timedelta(days=5), due_at=None), "-", "-"),
        (msgspec.structs.replace(LONG, opens_at=None), "28.03. 08:00", "30.03. 08:00"),
        (Window("perbaikan", DUE - timedelta(hours=20), DUE, DUE), "-", "31.03. 07:30"),
    ],
)
def test_the_camat_is_told_before_the_coordinator_and_in_hours_where_the_time_is_short(
    window: Window, head: str, coordinator: str
) -> None:
    assert (told(window, HEAD), told(window, COORDINATOR)) == (head, coordinator)


def test_whoever_the_rules_leave_out_is_not_told(tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text("[escalation]\nsubdistrict_head_days = -1\n", "utf-8")

    assert (told(LONG, HEAD, load_rules(own)), told(LONG, COORDINATOR, load_rules(own))) == ("-", "30.03. 08:00")


def test_rules_that_tell_after_the_end_of_a_short_time_are_refused(tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text("[escalation]\ncoordinator_hours = 0\n", "utf-8")

    with pytest.raises(RulesError, match="hours from 1 on"):
        load_rules(own)


def assigned(marks: str, *, is_sent: bool = False) -> Assignment:
    held = next(each for each in World().assignments.values() if each.region == SUNGAI_REBO)
    return msgspec.structs.replace(held, progress=marks, sent_at=START if is_sent else None)


@pytest.mark.parametrize(
    ("forms", "progress"),
    [
        ([assigned("....")], Progress.NOT_STARTED),
        ([assigned("#~.-")], Progress.IN_PROGRESS),
        ([assigned("#!##")], Progress.RETURNED),
        ([assigned("####")], Progress.COMPLETE),
        ([assigned("#...", is_sent=True)], Progress.SENT),
        ([assigned("####"), assigned("####", is_sent=True)], Progress.COMPLETE),
        ([assigned("...."), assigned("####", is_sent=True)], Progress.IN_PROGRESS),
        ([assigned("...."), assigned("#!##")], Progress.RETURNED),
    ],
)
def test_a_unit_is_as_far_as_all_that_is_asked_of_it(forms: list[Assignment], progress: Progress) -> None:
    held, vacant = (unit_of(SUNGAI_REBO, forms, is_held=is_held) for is_held in (True, False))

    assert held.progress is progress
    assert vacant.progress is (Progress.SENT if progress is Progress.SENT else Progress.UNREGISTERED)


def test_rows_that_do_not_concern_a_unit_are_not_counted() -> None:
    unit = unit_of(SUNGAI_REBO, [assigned(f"##{RowMark.LACKS_EVIDENCE}.-"), assigned("-~")], is_held=True)

    assert (unit.done, unit.whole) == (3, 5)


def test_extensions_are_nobodys_end_but_their_own() -> None:
    later = msgspec.structs.replace(LONG, due_at=DUE + timedelta(days=9), closes_at=DUE + timedelta(days=9), post=7)
    found = open_windows([msgspec.structs.replace(assigned("."), windows=(LONG, later))], START)

    assert found == (LONG,)
    assert open_windows([assigned(".")], DUE) == ()


def district(kecamatan: int, villages: int, progress: Progress = Progress.NOT_STARTED) -> Units:
    """Make a kabupaten of so many kecamatan with so many villages each."""
    heads = [
        Unit(Region(100 + place, f"16.07.{place:02}", f"Kecamatan-{place}", "subdistrict"), progress, 0, 15)
        for place in range(kecamatan)
    ]
    units = [
        Unit(
            Region(1000 + place * 100 + one, f"16.07.{place:02}.2{one:03}", f"D{one} & co", "village", f"K-{place}"),
            progress,
            0,
            20,
        )
        for place in range(kecamatan)
        for one in range(villages)
    ]
    return Units(BANYUASIN, tuple(units), tuple(heads), (LONG,))


@pytest.mark.parametrize("progress", list(Progress))
def test_a_kabupaten_of_forty_kecamatan_fits_one_message(progress: Progress) -> None:
    units = district(40, 20, progress)
    message = digest_message(RINA, units, START)

    check_message(message)
    if progress is not Progress.SENT:
        assert f"dan {40 - MOST_LINES} kecamatan lagi" in message.text
        assert "dan 28 lagi" in message.text


def test_those_furthest_behind_come_first() -> None:
    ahead, behind = district(2, 3).villages[:3], district(2, 3).villages[3:]
    done = tuple(msgspec.structs.replace(each, progress=Progress.SENT) for each in ahead[:2]) + ahead[2:]
    text = list_text(Units(BANYUASIN, done + behind, (), (LONG,)), texts_for("id"))

    assert text.index("K-1: <b>0 dari 3</b>") < text.index("K-0: <b>2 dari 3</b>")


def test_a_list_has_an_end_and_buttons_for_those_who_can_be_reminded() -> None:
    units = msgspec.structs.replace(district(1, 70), region=BANYUASIN_I)
    text, labels = (
        list_text(units, texts_for("id")),
        [one.label for line in list_buttons(units, texts_for("id")) for one in line],
    )

    assert f"dan {70 - MOST_LISTED} lagi" in text
    assert labels[:2] == ["Ingatkan 70 desa", "Ingatkan Desa D0 & co"]
    assert len(labels) == 9


def test_all_states_of_a_kecamatan_are_named_and_the_silent_come_last() -> None:
    places = [msgspec.structs.replace(MARIANA, id=each, name=state) for each, state in enumerate(Progress, 10)]
    units = tuple(Unit(place, Progress(place.name), 3, 20) for place in places)
    own = (Unit(BANYUASIN_I, Progress.SENT, 15, 15),)
    message = digest_message(RINA, Units(BANYUASIN_I, units, own, ()), START)

    assert plain_text(message) == (
        "Selamat pagi, Ibu Rina. / Kecamatan Banyuasin I / 1 dari 6 desa/kelurahan sudah selesai. / "
        "Tinggal dikirim 1: Kelurahan complete / Perlu dilengkapi 1: Kelurahan returned / "
        "Sedang mengisi 1: Kelurahan in_progress (3/20) / Belum mulai 1: Kelurahan not_started / "
        "Belum terdaftar 1: Kelurahan unregistered / Isian kecamatan sendiri: selesai."
    )
    assert labels_of(message) == ["Ingatkan 4 desa", "Lihat daftar"]


@pytest.mark.parametrize(("language", "said"), [("id", "1 dari 6 desa"), ("en", "1 of 6 villages")])
def test_the_template_says_it_in_a_line(language: str, said: str) -> None:
    reader = msgspec.structs.replace(RINA, language=language)
    units = tuple(Unit(SUNGAI_REBO, state, 3, 20) for state in Progress)
    template = digest_message(reader, Units(BANYUASIN_I, units, (), (LONG,)), START).template

    assert template is not None
    assert template.name == "laporan"
    assert template.parameters[2].startswith(said)
    assert template.parameters[3].endswith("2026")

"""How somebody is told that their time is another one: in words that say what is new, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conversations.calendar import Window, Windows
from conversations.messages import Message
from conversations.people import Assignment, Person
from conversations.views.calendar_changes import WindowsChanged, change_message
from tests.conversations.places import REGIONS, library

NOON = datetime(2026, 4, 6, 5, tzinfo=UTC)  # 12.00 WIB
MIDNIGHT = datetime(2026, 4, 6, 17, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AHMAD = Person(1, "Ahmad", "Bapak")
VILLAGES = [each for each in REGIONS if each.kind == "village"]


def stage(key: str, due_at: datetime | None, opens_at: datetime | None = None) -> Window:
    return Window(key, opens_at, due_at, due_at)


LAST_DAY = stage("evaluasi_mandiri", MIDNIGHT)
A_WEEK_MORE = stage("evaluasi_mandiri", MIDNIGHT + 7 * DAY)
REPAIR = stage("perbaikan", NOON + 72 * HOUR, NOON + 24 * HOUR)


def told(before: Windows, now: Windows, *, village: int = 0, reason: str = "") -> WindowsChanged:
    region = VILLAGES[village]
    return WindowsChanged(Assignment(7 + village, "dekela", "2024.1", region, 1, now, ""), before, reason)


def message(*changes: WindowsChanged, who: Person = AHMAD) -> Message:
    found = change_message(changes, who, library(), NOON)
    assert found
    return found


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ((LAST_DAY,), (A_WEEK_MORE,), "sekarang <b>sampai 13 April 2026</b>, sebelumnya sampai 6 April 2026."),
        ((A_WEEK_MORE,), (Window("evaluasi_mandiri"),), "sekarang <b>tanpa batas waktu</b>, sebelumnya sampai 13"),
        (
            (A_WEEK_MORE,),
            (A_WEEK_MORE, REPAIR),
            "(Perbaikan): sekarang <b>7 April 2026 pukul 12.00 WIB s.d. 9 April 2026 pukul 12.00 WIB (48 jam)</b>.",
        ),
        ((A_WEEK_MORE, REPAIR), (A_WEEK_MORE,), "(Perbaikan): tidak jadi diadakan."),
        (
            (Window("evaluasi_mandiri"),),
            (Window("evaluasi_mandiri", NOON + DAY),),
            "<b>mulai 7 April 2026 pukul 12.00 WIB</b>, sebelumnya tanpa batas waktu.",
        ),
        (
            (LAST_DAY,),
            (stage("evaluasi_mandiri", MIDNIGHT + 30 * DAY, MIDNIGHT),),
            "<b>7 April 2026 s.d. 6 Mei 2026</b>",
        ),
        ((LAST_DAY,), (stage("evaluasi_mandiri", NOON - DAY),), "sekarang <b>sampai 5 April 2026 pukul 12.00 WIB</b>"),
    ],
)
def test_a_change_names_what_is_new_and_what_was_before(before: Windows, now: Windows, said: str) -> None:
    text = message(told(before, now)).text

    assert text.startswith("⏰ Bapak Ahmad, jadwal pengisian berubah.")
    assert said in text


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((LAST_DAY,), (Window("evaluasi_mandiri", None, MIDNIGHT, MIDNIGHT + DAY),)),  # only the grace
        ((stage("evaluasi_mandiri", NOON - DAY),), (stage("evaluasi_mandiri", NOON - 2 * DAY),)),  # over anyway
        ((), (Window("removed_since"),)),
    ],
)
def test_what_makes_no_difference_is_not_told(before: Windows, now: Windows) -> None:
    assert change_message([told(before, now)], AHMAD, library(), NOON) is None


def test_somebody_with_two_villages_is_told_which_and_each_reason_once() -> None:
    changes = [told((LAST_DAY,), (A_WEEK_MORE,), village=place, reason="Banjir <besar>.") for place in (0, 1)]

    text = message(*changes).text

    assert f", {VILLAGES[0].name}</b>" in text
    assert f", {VILLAGES[1].name}</b>" in text
    assert text.count("Alasan: Banjir &lt;besar&gt;.") == 1


def test_whoever_may_answer_now_can_go_on_at_once() -> None:
    open_now = message(told((LAST_DAY,), (A_WEEK_MORE,)))
    closed = message(told((LAST_DAY,), (stage("evaluasi_mandiri", MIDNIGHT + DAY, MIDNIGHT),)), who=Person(2))

    assert [button.data for line in open_now.buttons for button in line] == ["c:7", "n5:show"]
    assert [button.data for line in closed.buttons for button in line] == ["n5:show"]
    assert closed.text.startswith("⏰ Bapak/Ibu, ")
    assert closed.template
    assert closed.template.parameters[1:] == (
        library().forms["dekela"].title.said("id"),
        "7 April 2026",
    )

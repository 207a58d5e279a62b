"""How people hear of rows that came back."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import msgspec

from conversations.calendar import Window
from conversations.people import Assignment, Person
from conversations.taps import Verb, tap
from conversations.views.returned import MOST_NAMED, GivenBack, returned_message
from tests.conversations.laws import check_message
from tests.conversations.places import DUE, START, SUNGAI_REBO, library
from tests.conversations.transcripts import labels_of, plain_text
from tests.conversations.world import World

AHMAD = Person(1, "Ahmad", "Bapak")
FORM = library().forms["dekela"]
PATBM, WORKING = (FORM.row_by_number[number] for number in ("26.15", "26.17"))  # type: ignore[index]
NOTE = "SK-nya tahun 2021. Mohon SK tahun 2024 atau 2025."


def assigned() -> Assignment:
    return next(each for each in World().assignments.values() if each.region == SUNGAI_REBO)


def test_the_note_stands_beside_the_row_and_its_points() -> None:
    message = returned_message(AHMAD, assigned(), GivenBack([(PATBM, NOTE)], 18), START)

    assert plain_text(message) == (
        "Koordinator sudah memeriksa jawaban Desa Sungai Rebo, Kecamatan Banyuasin I. "
        f'18 baris diterima, 1 perlu dilengkapi: / PATBM (10 poin): "{NOTE}" / '
        "Mohon dilengkapi paling lambat 31 Maret 2026."
    )
    assert labels_of(message) == ["Lengkapi sekarang", "Tanya koordinator"]


def test_nothing_is_said_of_what_was_accepted_when_that_is_nothing() -> None:
    message = returned_message(AHMAD, assigned(), GivenBack([(WORKING, "Mohon dicek.")], 0), START)

    assert "Kecamatan Banyuasin I. 1 baris perlu dilengkapi: / Anak yang bekerja: " in plain_text(message)


def test_many_long_notes_fit_one_message() -> None:
    found = GivenBack([(row, "<Mohon> & dilengkapi, " * 23) for row in FORM.rows], 1)

    message = returned_message(AHMAD, assigned(), found, START)

    check_message(message)
    assert f"dan {len(FORM.rows) - MOST_NAMED} baris lagi." in plain_text(message)
    assert "&lt;Mohon&gt; &amp;" in message.text
    assert len(unescape(message.text)) < 2500


def test_where_nothing_is_taken_now_it_says_so_and_leads_to_the_answers() -> None:
    repair = Window("perbaikan", DUE + timedelta(days=3, hours=-15), DUE + timedelta(days=5), DUE + timedelta(days=5))
    found = GivenBack([(PATBM, NOTE)], 0)
    closed = returned_message(AHMAD, assigned(), found, DUE)
    later = returned_message(AHMAD, msgspec.structs.replace(assigned(), windows=(repair,)), found, DUE)

    assert "Saat ini pengisian sedang ditutup." in plain_text(closed)
    assert "Bisa dilengkapi mulai 3 April 2026 pukul 09.00 WIB." in plain_text(later)
    assert labels_of(closed) == labels_of(later) == ["Lihat jawaban", "Tanya koordinator"]


def test_without_a_last_day_none_is_named() -> None:
    endless = msgspec.structs.replace(assigned(), windows=())

    message = returned_message(AHMAD, endless, GivenBack([(PATBM, NOTE)], 0), START + timedelta(days=999))

    assert plain_text(message).endswith(f'"{NOTE}"')


def test_where_only_a_template_may_go_it_says_the_same() -> None:
    template = returned_message(AHMAD, assigned(), GivenBack([(PATBM, NOTE)], 18), START).template

    assert template is not None
    assert template.parameters == ("Bapak Ahmad", "Desa Sungai Rebo, Kecamatan Banyuasin I", f"PATBM: {NOTE}")
    assert template.payloads == (tap(Verb.CONTINUE, assigned().id, "returned"), tap(Verb.MENU, "ask"))

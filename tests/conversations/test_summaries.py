"""What a weekly summary tells each rank, how it counts what has changed, and how it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from html import unescape

import msgspec
import pytest

from conversations.calendar import Window
from conversations.messages import Message
from conversations.needs import RowTally, ScoreTotals
from conversations.people import Assignment, Person, Post, Region, Role
from conversations.rules import default_rules
from conversations.summaries import (
    NOTHING_TOLD,
    Figures,
    Outlook,
    Points,
    Seen,
    has_to_wait,
    outlook_on_forms,
    outlook_on_scores,
)
from conversations.texts import texts_for
from conversations.views.summaries import signed, summary_message
from tests.conversations.laws import check_message
from tests.conversations.places import BANYUASIN, BANYUASIN_I, DUE, KAUR, MARIANA, START, SUMSEL, SUNGAI_REBO, library

AHMAD = Person(1, "Ahmad", "Bapak")
HEAD = Post(1, Role.VILLAGE_HEAD, SUNGAI_REBO)
CAMAT = Post(2, Role.SUBDISTRICT_HEAD, BANYUASIN_I)
OFFICER = Post(3, Role.OFFICE, BANYUASIN, office="dinkes")
COORDINATOR = Post(4, Role.COORDINATOR, BANYUASIN)
REGENT = Post(5, Role.OFFICIAL, BANYUASIN)
GOVERNOR = Post(6, Role.OFFICIAL, SUMSEL)


def form(
    number: int, region: Region, marks: str, *, key: str = "dekela", sent_at: datetime | None = None, cycle: int = 1
) -> Assignment:
    held = library().forms[key]
    return Assignment(number, key, held.version, region, cycle, (), marks.ljust(len(held.rows), "."), sent_at)


def on(post: Post, *forms: Assignment, told: Figures = NOTHING_TOLD) -> Outlook:
    return outlook_on_forms(post, forms, library(), told)


def kept(outlook: Outlook) -> Figures:
    """Give what is kept of a summary, as the database gives it back."""
    return msgspec.json.decode(msgspec.json.encode(outlook.figures), type=Figures)


def village(number: int, subdistrict: str) -> Region:
    return Region(number, f"16.07.02.{number}", f"Desa {number}", "village", subdistrict, "Kabupaten Banyuasin", 2)


def totals(claimed: int, verified: int, *, row: str = "2.1") -> ScoreTotals:
    """Give the totals of a district where one row of one unit is answered; in billionths."""
    return ScoreTotals({row: RowTally(1, 1, claimed, 1, verified)})


def write(*outlooks: Outlook, reader: Person = AHMAD) -> Message:
    message = summary_message(reader, outlooks, library(), START)
    check_message(message)
    return message


def plain(message: Message) -> str:
    return unescape(re.sub(r"</?b>", "", message.text))


def labels(message: Message) -> Sequence[str]:
    return [button.label for line in message.buttons for button in line]


def test_a_village_head_reads_how_far_the_own_form_is() -> None:
    told = kept(on(HEAD, form(4, SUNGAI_REBO, "#####")))

    message = write(on(HEAD, form(4, SUNGAI_REBO, "##########xx"), told=told))

    assert plain(message) == (
        "Selamat pagi, Bapak Ahmad. Ini ringkasan mingguan.\n\n"
        "Desa Sungai Rebo, Kecamatan Banyuasin I\n"
        "▓▓▓▓▓▓░░░░ Dekela: 12 dari 20 terjawab (bertambah 7)\n"
        "Kurang 8 jawaban dan 2 bukti, kira-kira 11 menit."
    )
    assert labels(message) == ["Lanjutkan", "Atur kabar"]
    assert message.template
    assert message.template.parameters == (
        "Bapak Ahmad",
        "Desa Sungai Rebo, Kecamatan Banyuasin I",
        "Dekela: 12 dari 20 terjawab (bertambah 7)",
    )


@pytest.mark.parametrize(
    ("marks", "sent_at", "said"),
    [
        ("#" * 20, START, "Sudah dikirim ke koordinator."),
        ("#" * 20, None, "Sudah lengkap, tinggal dikirim."),
        ("#" * 18 + "!!", None, "Kurang 2 baris yang dikembalikan, kira-kira 2 menit."),
        ("#" * 18 + "x#", None, "Kurang 1 bukti, kira-kira 1 menit."),
        ("#" * 18 + "--", None, "18 dari 18 terjawab"),
    ],
)
def test_what_is_left_to_do_is_said(marks: str, sent_at: datetime | None, said: str) -> None:
    assert said in plain(write(on(HEAD, form(4, SUNGAI_REBO, marks, sent_at=sent_at))))


def test_how_much_time_is_left_is_said_of_what_ends_first() -> None:
    window = Window("evaluasi_mandiri", START - timedelta(days=30), DUE, DUE)
    mine = msgspec.structs.replace(form(4, SUNGAI_REBO, "#"), windows=(window,))
    endless = msgspec.structs.replace(mine, windows=(Window("evaluasi_mandiri"),))

    assert plain(write(on(HEAD, mine))).endswith("⏰ Sisa waktu 29 hari, sampai 31 Maret 2026.")
    assert "⏰" not in plain(write(on(HEAD, endless)))


def test_an_office_that_has_done_its_part_has_nothing_to_send() -> None:
    rows = library().forms["kabupaten"].rows
    marks = "".join("#" if "dinkes" in row.holders else "." for row in rows)

    assert plain(write(on(OFFICER, form(2, BANYUASIN, marks, key="kabupaten")))).endswith(
        "✅ Bagian ini sudah lengkap."
    )


def test_the_first_form_with_something_left_is_offered() -> None:
    outlook = on(
        HEAD, form(4, SUNGAI_REBO, "#" * 20, sent_at=START), form(9, SUNGAI_REBO, "#", key="drppa"), told=NOTHING_TOLD
    )

    assert write(outlook).buttons[0][0].data == "c:9"


def test_a_camat_reads_who_moved_and_who_is_silent() -> None:
    before = kept(on(CAMAT, form(4, SUNGAI_REBO, "##"), form(5, MARIANA, "##")))

    outlook = on(
        CAMAT,
        form(3, BANYUASIN_I, "###", key="kelana"),
        form(4, SUNGAI_REBO, "#" * 20, sent_at=START),
        form(5, MARIANA, "##"),
        told=before,
    )

    assert plain(write(outlook)) == (
        "Selamat pagi, Bapak Ahmad. Ini ringkasan mingguan.\n\n"
        "Kecamatan Banyuasin I\n"
        "▓▓▓▓▓░░░░░ 1 dari 2 desa/kelurahan sudah mengirim (bertambah 1), 1 sedang mengisi\n"
        "▓▓░░░░░░░░ Kelana: 3 dari 15 terjawab (bertambah 3)\n"
        "Ada kemajuan di 1 wilayah: Sungai Rebo\n"
        "Belum ada kemajuan di 1 wilayah: Mariana"
    )
    assert labels(write(outlook)) == ["Skor", "Atur kabar"]


def test_a_region_with_several_forms_is_as_far_as_the_one_that_is_least_far() -> None:
    sent = form(4, SUNGAI_REBO, "#" * 20, sent_at=START)

    outlook = on(CAMAT, sent, form(9, SUNGAI_REBO, "", key="drppa"), form(5, MARIANA, ""))

    assert "0 dari 2 desa/kelurahan sudah mengirim, 1 sedang mengisi, 1 belum mulai" in plain(write(outlook))


def test_many_regions_are_counted_by_kecamatan() -> None:
    silent = [form(number, village(number, f"Kecamatan {number % 5}"), "") for number in range(100, 120)]

    text = plain(write(on(COORDINATOR, form(2, BANYUASIN, "#", key="kabupaten"), *silent)))

    assert "0 dari 20 desa/kelurahan sudah mengirim" in text
    assert "Belum ada kemajuan di 20 wilayah: " in text
    assert text.endswith("(4), dan 2 lainnya")


def test_many_villages_of_one_kecamatan_are_named_as_far_as_they_fit() -> None:
    silent = [form(number, village(number, "Banyuasin I"), "") for number in range(100, 110)]

    text = plain(write(on(CAMAT, *silent)))

    assert "Desa 100, Desa 101, Desa 102, Desa 103, Desa 104, Desa 105, dan 4 lainnya" in text


def test_a_coordinator_reads_of_villages_and_kecamatan() -> None:
    outlook = on(
        COORDINATOR,
        form(2, BANYUASIN, "", key="kabupaten"),
        form(3, BANYUASIN_I, "#" * 15, key="kelana", sent_at=START),
        form(4, SUNGAI_REBO, "#"),
    )

    text = plain(write(outlook))

    assert "0 dari 1 desa/kelurahan sudah mengirim, 1 sedang mengisi\n" in text
    assert "1 dari 1 kecamatan sudah mengirim (bertambah 1)\n" in text


def test_without_units_below_the_own_form_is_the_line() -> None:
    message = write(on(COORDINATOR, form(2, BANYUASIN, "#", key="kabupaten")))

    assert message.template
    assert "1 dari 239 terjawab" in message.template.parameters[2]


def test_an_officer_reads_of_the_rows_of_the_own_office() -> None:
    rows = library().forms["kabupaten"].rows
    mine = [row for row in rows if "dinkes" in row.holders]
    marks = "".join("#" if row in mine[:2] else "." for row in rows)

    outlook = on(OFFICER, form(2, BANYUASIN, marks, key="kabupaten"))

    assert f"2 dari {len(mine)} terjawab (bertambah 2)" in plain(write(outlook))
    assert plain(write(outlook)).splitlines()[2] == "Dinas Kesehatan"


def test_an_office_without_rows_has_nothing_to_read() -> None:
    outlook = on(Post(7, Role.OFFICE, BANYUASIN, office="nobody"), form(2, BANYUASIN, "#", key="kabupaten"))

    assert outlook.is_empty


def test_a_regent_reads_score_tier_change_and_what_helps_most() -> None:
    told = Figures(points={BANYUASIN.id: Points("1/3", "0")})

    outlook = outlook_on_scores(REGENT, [(BANYUASIN, totals(10**9, 0))], library(), told)

    text = plain(write(outlook))
    template = write(outlook).template
    assert template
    assert template.parameters[1:] == ("Kabupaten Banyuasin", "mandiri 3 (+2,67), belum ada predikat")
    assert "Kabupaten Banyuasin, 2 Maret 2026\n(perkiraan, bukan hasil KemenPPPA)" in text
    assert "belum ada predikat" in text
    assert "Sejak ringkasan sebelumnya: mandiri +" in text
    assert "terverifikasi 0" in text
    assert "poin lagi ke Pratama (500)." in text
    assert labels(write(outlook)) == ["Mengapa?", "Atur kabar"]


def test_a_score_that_stands_still_is_told_without_a_change() -> None:
    first = outlook_on_scores(REGENT, [(BANYUASIN, totals(10**9, 0))], library(), NOTHING_TOLD)

    again = outlook_on_scores(REGENT, [(BANYUASIN, totals(10**9, 0))], library(), kept(first))

    text = plain(write(again))
    assert not again.has_changed
    assert "Belum ada yang berubah sejak ringkasan sebelumnya." in text
    assert "mandiri +" not in text


def test_a_governor_reads_of_each_district() -> None:
    told = Figures(points={KAUR.id: Points("0", "0")})

    outlook = outlook_on_scores(GOVERNOR, [(KAUR, totals(0, 0)), (BANYUASIN, totals(10**9, 0))], library(), told)

    message = write(outlook)
    text = plain(message)
    assert "Sumatera Selatan, 2 Maret 2026" in text
    assert text.index("• Kabupaten Banyuasin: ") < text.index("• Kabupaten Kaur: mandiri 0 (0), belum ada predikat")
    assert labels(message) == ["Atur kabar"]
    assert message.template
    assert message.template.parameters[2] == "nilai 1 dari 2 kabupaten/kota berubah"
    assert message.template.payloads == ("na:now",)


def test_several_posts_come_in_one_message() -> None:
    silent = outlook_on_scores(REGENT, [], library(), NOTHING_TOLD)

    message = write(silent, on(HEAD, form(4, SUNGAI_REBO, "##")), on(CAMAT, form(5, MARIANA, "##")))

    assert labels(message) == ["Lanjutkan", "Skor", "Atur kabar"]
    assert plain(message).count("Ini ringkasan mingguan.") == 1


def test_somebody_without_a_name_is_greeted_in_english() -> None:
    message = write(on(HEAD, form(4, SUNGAI_REBO, "##")), reader=Person(1, language="en"))

    assert "2 of 20 answered (2 more)\nStill missing: 18 answers, about 22 minutes." in plain(message)


def test_what_has_not_begun_is_as_what_was_never_told() -> None:
    outlook = on(HEAD, form(4, SUNGAI_REBO, ""))

    assert outlook.figures == NOTHING_TOLD
    assert not outlook.has_changed
    assert not outlook.is_empty


@pytest.mark.parametrize(
    ("marks", "sent_at"), [("###", None), ("#x", None), ("#!", None), ("##", START)], ids=["more", "x", "back", "sent"]
)
def test_each_step_of_a_form_is_a_change(marks: str, sent_at: datetime | None) -> None:
    told = kept(on(HEAD, form(4, SUNGAI_REBO, "##")))

    assert on(HEAD, form(4, SUNGAI_REBO, marks, sent_at=sent_at), told=told).has_changed
    assert not on(HEAD, form(4, SUNGAI_REBO, "##"), told=told).has_changed


def test_a_new_cycle_takes_the_place_of_the_old_one() -> None:
    outlook = on(HEAD, form(4, SUNGAI_REBO, "##"), form(8, SUNGAI_REBO, "#", cycle=2))

    assert outlook.figures == Figures({8: Seen(1, 0, 0, is_sent=False)})


@pytest.mark.parametrize(
    ("post", "at", "waits"),
    [
        (CAMAT, "2026-03-28T07:30+07:00", True),
        (CAMAT, "2026-03-28T08:03+07:00", True),
        (CAMAT, "2026-03-28T16:00+07:00", False),
        (CAMAT, "2026-03-27T08:00+07:00", False),
        (COORDINATOR, "2026-03-28T07:30+07:00", False),
        (COORDINATOR, "2026-03-30T07:30+07:00", True),
        (REGENT, "2026-03-28T07:30+07:00", False),
    ],
)
def test_a_summary_leaves_the_day_to_a_card_that_comes_later_on_it(post: Post, at: str, waits: bool) -> None:
    window = Window("evaluasi_mandiri", START - timedelta(days=30), DUE, DUE)
    mariana = msgspec.structs.replace(form(5, MARIANA, "#"), windows=(window,))

    assert has_to_wait([on(post, mariana)], library(), default_rules(), datetime.fromisoformat(at)) is waits


@pytest.mark.parametrize(
    ("post", "assignment", "at", "waits"),
    [
        (HEAD, form(4, SUNGAI_REBO, "#"), "2026-03-24T08:00+07:00", False),
        (HEAD, form(4, SUNGAI_REBO, "#"), "2026-03-30T08:00+07:00", True),
        (HEAD, form(4, SUNGAI_REBO, "#"), "2026-03-30T16:00+07:00", False),
        (HEAD, form(4, SUNGAI_REBO, "#", sent_at=START), "2026-03-30T08:00+07:00", False),
        (CAMAT, form(3, BANYUASIN_I, "#", key="kelana"), "2026-03-30T08:00+07:00", True),
        (CAMAT, form(4, SUNGAI_REBO, "#"), "2026-03-30T08:00+07:00", False),
    ],
)
def test_a_summary_leaves_the_day_to_a_reminder_that_comes_later_on_it(
    post: Post, assignment: Assignment, at: str, waits: bool
) -> None:
    window = Window("evaluasi_mandiri", START - timedelta(days=30), DUE, DUE)
    mine = msgspec.structs.replace(assignment, windows=(window,))

    assert has_to_wait([on(post, mine)], library(), default_rules(), datetime.fromisoformat(at)) is waits


def test_where_nobody_is_to_be_told_a_summary_waits_for_nothing() -> None:
    endless = msgspec.structs.replace(form(5, MARIANA, "#"), windows=(Window("evaluasi_mandiri"),))

    assert not has_to_wait([on(CAMAT, endless), on(HEAD, form(4, SUNGAI_REBO, "#"))], library(), default_rules(), START)


@pytest.mark.parametrize(("points", "written"), [("123/10", "+12,3"), ("-4", "-4"), ("0", "0"), ("1/1000", "0")])
def test_a_change_of_points_has_its_sign(points: str, written: str) -> None:
    assert signed(Fraction(points), texts_for("id")) == written

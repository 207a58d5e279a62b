"""How reminders read."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from conversations.calendar import Window
from conversations.people import Assignment, Invitation, Person, Post, Role, Standing
from conversations.tasks import Task, open_tasks
from conversations.views.reminders import reminder, unfinished
from tests.conversations.laws import check_message
from tests.conversations.places import DUE, MARIANA, START, SUNGAI_REBO, library
from tests.conversations.transcripts import plain_text

AHMAD = Person(1, "Ahmad", "Bapak")
SARAH = Person(2, "Sarah", language="en")
LIBRARY = library()
ROWS = len(LIBRARY.forms["dekela"].rows)
POSTS = (Post(1, Role.VILLAGE_HEAD, SUNGAI_REBO), Post(2, Role.VILLAGE_HEAD, MARIANA))


def tasks_of(*marks: str, ends: datetime | None = DUE) -> list[Task]:
    window = Window("em", None, ends, ends)
    assignments = [
        Assignment(number, "dekela", "1", post.region, 1, (window,), each.ljust(ROWS, "#"))
        for number, (post, each) in enumerate(zip(POSTS, marks, strict=False), 1)
    ]
    return open_tasks(POSTS, assignments, LIBRARY, START)


@pytest.mark.parametrize(
    ("marks", "said", "button"),
    [
        (
            "....xx",
            "Bapak Ahmad, formulir Dekela: kurang 4 dari 20, 2 tanpa bukti, kira-kira 6 menit lagi.",
            "Isi sekarang",
        ),
        ("xx", "Bapak Ahmad, formulir Dekela: kurang 2 bukti, kira-kira 1 menit lagi.", "Isi sekarang"),
        ("!", "1 baris dikembalikan koordinator untuk dilengkapi, kira-kira 1 menit.", "Isi sekarang"),
        ("!!.x", "2 baris dikembalikan koordinator untuk dilengkapi; selain itu kurang 1 jawaban dan 1 bukti", "Isi"),
        ("", "Dekela: sudah lengkap, tinggal dikirim ke koordinator.", "Kirim ke koordinator"),
    ],
)
def test_a_reminder_says_what_is_missing(marks: str, said: str, button: str) -> None:
    message = reminder(AHMAD, tasks_of(marks), (), at=START)

    check_message(message)
    assert said in plain_text(message)
    assert message.buttons[0][0].label.startswith(button)


@pytest.mark.parametrize(
    ("marks", "parameters"),
    [
        (("....xx",), ("Bapak Ahmad", "Dekela", "4 jawaban dan 2 bukti", "31 Maret 2026")),
        (("",), ("Bapak Ahmad", "Dekela", "tinggal dikirim ke koordinator", "31 Maret 2026")),
        (("..", "x"), ("Bapak Ahmad", "2 formulir", "2 jawaban dan 1 bukti", "31 Maret 2026")),
    ],
)
def test_a_closed_chat_gets_the_same_as_a_template(marks: tuple[str, ...], parameters: tuple[str, ...]) -> None:
    template = reminder(AHMAD, tasks_of(*marks), (), at=START).template

    assert template
    assert (template.name, template.parameters, len(template.payloads)) == ("pengingat", parameters, 3)


def test_where_nothing_ends_no_end_is_named() -> None:
    message = reminder(AHMAD, tasks_of(".", ends=None), (), at=START)

    assert "Sisa waktu" not in message.text
    assert message.template
    assert message.template.parameters[3] == "akhir masa pengisian"


def test_many_forms_are_named_as_far_as_they_fit() -> None:
    task = tasks_of(".")[0]

    message = reminder(AHMAD, [task] * 7, (), at=START)

    check_message(message)
    assert "• dan 2 formulir lain" in plain_text(message)


def test_time_left_is_told_as_people_count_it() -> None:
    message = reminder(SARAH, tasks_of("."), (), at=DUE - timedelta(hours=10))

    assert plain_text(message).startswith("Sarah, the form Dekela: 1 of 20 missing, about 1 minute more.")
    assert "Today is the last day" in message.text


@pytest.mark.parametrize(("name", "called"), [("Ahmad", "Bapak Ahmad"), ("", "Bapak/Ibu")])
def test_whoever_has_not_finished_registering_is_told_as_what(name: str, called: str) -> None:
    honorific = "Bapak" if name else ""
    shown = Invitation(5, Role.VILLAGE_HEAD, SUNGAI_REBO, Standing.DEFINITIVE, "", name, honorific, is_usable=True)

    message = unfinished(Person(9), shown, LIBRARY)

    check_message(message)
    assert f"{called}, pendaftaran sebagai Kepala Desa Sungai Rebo" in plain_text(message)
    assert message.template
    assert message.template.parameters[1] == "Kabupaten Banyuasin"

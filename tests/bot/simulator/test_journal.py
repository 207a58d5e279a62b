"""Chats outlive the program, and stay small."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bot.channels.simulator.bubbles import Bubble, Phone
from bot.channels.simulator.journal import MOST_BUBBLES, Journal

AT = datetime(2026, 3, 12, 8, tzinfo=UTC)
PHONE = Phone("phone-00000000000a", "stranger", AT)


def bubble(identifier: str, text: str = "halo") -> Bubble:
    return Bubble(id=identifier, side="person", at=AT, text=text)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path)
    journal.open(PHONE)
    return journal


def test_a_chat_is_there_again_after_a_restart(journal: Journal, tmp_path: Path) -> None:
    for each in (bubble("one"), bubble("two"), bubble("one", "diubah")):
        journal.put(PHONE.id, each)

    again = Journal(tmp_path)

    assert again.phones() == [PHONE]
    assert list(again.chat(PHONE.id).values()) == [bubble("one", "diubah"), bubble("two")]


def test_what_was_on_its_way_when_the_program_ended_is_marked_as_failed(journal: Journal, tmp_path: Path) -> None:
    journal.put(PHONE.id, msgspec.structs.replace(bubble("one"), sending="sending"))

    again = Journal(tmp_path)

    assert [each.sending for each in again.chat(PHONE.id).values()] == ["failed"]


def test_a_line_that_was_cut_off_by_a_crash_loses_that_line_only(journal: Journal, tmp_path: Path) -> None:
    journal.put(PHONE.id, bubble("one"))
    journal.put(PHONE.id, bubble("two"))
    path = tmp_path / f"{PHONE.id}.jsonl"
    path.write_bytes(path.read_bytes()[:-9])

    again = Journal(tmp_path)
    again.put(PHONE.id, bubble("three"))

    assert list(Journal(tmp_path).chat(PHONE.id)) == ["one", "three"]


def test_a_phone_forgets_its_oldest_messages_and_its_file_stays_small(journal: Journal, tmp_path: Path) -> None:
    forgotten = [old for number in range(3 * MOST_BUBBLES) for old in journal.put(PHONE.id, bubble(f"b{number}"))]

    assert len(forgotten) == 2 * MOST_BUBBLES
    assert forgotten[0].id == "b0"
    assert list(Journal(tmp_path).chat(PHONE.id)) == list(journal.chat(PHONE.id))
    assert len((tmp_path / f"{PHONE.id}.jsonl").read_bytes().splitlines()) <= 2 * MOST_BUBBLES + 1


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "phone-x.jsonl").write_bytes(b"not ours\n")
    (tmp_path / "phone-empty.jsonl").write_bytes(b"")

    assert Journal(tmp_path).phones() == []
    assert (tmp_path / "phone-x.jsonl").read_bytes() == b"not ours\n"


def test_nobody_else_on_the_machine_can_read_a_chat(journal: Journal, tmp_path: Path) -> None:
    journal.put(PHONE.id, bubble("one"))

    assert (tmp_path / f"{PHONE.id}.jsonl").stat().st_mode & 0o077 == 0


def test_a_phone_that_was_thrown_away_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    journal.put(PHONE.id, bubble("one"))

    assert journal.remove(PHONE.id) == [bubble("one")]
    assert Journal(tmp_path).phones() == []

"""Every chat of ``tests/scenarios`` is played, with session and sheets saved and reloaded between every two steps."""

from pathlib import Path

import pytest

from tests.conversations.transcripts import SCENARIOS, Player

CHATS = sorted(SCENARIOS.glob("*.chat"))


@pytest.mark.parametrize("chat", CHATS, ids=[chat.stem for chat in CHATS])
def test_a_chat_goes_as_its_transcript_says(chat: Path) -> None:
    Player().play(chat.read_text(encoding="utf-8"))


def test_there_are_chats_to_play() -> None:
    assert len(CHATS) >= 18


FAULTS = ("> Selamat pagi", "> [Tidak ada tombol ini]", ">! bantu", "= anak 5", "= 26.6 has 1 file", "no such line")


@pytest.mark.parametrize("line", FAULTS)
def test_a_line_that_does_not_hold_is_named(line: str) -> None:
    transcript = f"given ahmad is village_head of Sungai Rebo\n\ntono: halo\nahmad: isi\n{line}"

    with pytest.raises(AssertionError, match="line 5"):
        Player().play(transcript.replace("isi", "menu") if line == ">! bantu" else transcript)

"""What a message is for is kept as JSON, and says whether its reader waits for it."""

from __future__ import annotations

import msgspec
import pytest

from conversations.purposes import (
    ASKED,
    NUDGE,
    BroadcastCopy,
    CalendarChange,
    Digest,
    Purpose,
    Reminder,
    Returned,
    Summary,
    Unfinished,
    is_awaited,
)

AWAITED: list[Purpose] = [Returned(7), Reminder((7,), ASKED)]
OTHERS: list[Purpose] = [
    Reminder((7, 8), "14"),
    Reminder((7,), NUDGE, by=3),
    Unfinished(4, "16.07.01.2001"),
    Digest(5, 1_767_225_600),
    BroadcastCopy(6),
    CalendarChange(((7, '[["evaluasi_mandiri",null,1,1,0]]'),)),
    Summary(),
]


@pytest.mark.parametrize("purpose", [*AWAITED, *OTHERS], ids=repr)
def test_a_purpose_that_is_kept_is_read_back_as_it_was(purpose: Purpose) -> None:
    kept = msgspec.json.encode(purpose)

    assert msgspec.json.decode(kept, type=Purpose) == purpose


def test_only_what_was_returned_or_asked_for_is_awaited() -> None:
    assert [each for each in (*AWAITED, *OTHERS) if is_awaited(each)] == AWAITED

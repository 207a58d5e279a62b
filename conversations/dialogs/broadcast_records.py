"""Hands over the workbook that says who got a broadcast."""

from __future__ import annotations

from conversations.actions import Say
from conversations.events import RecordWritten
from conversations.messages import Message
from conversations.turn import Turn


def hand_over(turn: Turn, event: RecordWritten) -> None:
    """Send it where the person is; what they were doing goes on as it was."""
    turn.do(Say(Message(str(turn.texts("broadcast.record")), file=event.file)))

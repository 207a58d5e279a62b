"""The two ways in which a bot's updates come in: we ask for them, or Telegram brings them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from bot.channels.port import Accept
from bot.channels.telegram.decoding import Decoded

Afterwards = Callable[[Sequence[Decoded]], None]
"""Starts what is done with updates after their commit: best effort, never in the way of the next ones."""

_log = structlog.get_logger(__name__)


class Intake(Protocol):
    """Takes the updates of one bot in."""

    is_polled: bool
    """We ask, in one process at a time."""

    async def run(self, accept: Accept, afterwards: Afterwards) -> None:
        """Take updates in until cancelled; Telegram keeps each until ``accept`` has returned."""
        ...

    def trouble(self, at: datetime) -> str:
        """Say why no updates come in, and what to do; empty: they come in, or could."""
        ...


def report_problems(updates: Sequence[Decoded]) -> None:
    """Log which updates could not be read. They count as taken: Telegram would bring them again for a day."""
    for each in updates:
        if each.problem:
            _log.error("update_unreadable", update_id=each.update_id, problem=each.problem)

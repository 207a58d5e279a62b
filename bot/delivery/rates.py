"""How much may be sent now: for a whole account, and for one chat. Told the time, never asking for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.port import Rates
from storage.outbox import Priority

WINDOW = timedelta(seconds=1)
AHEAD = timedelta(minutes=1)
"""A moment that we noted and that is still further ahead was told by a clock that has been set back since: it is past.
Less than that is the time between two readings of the clock."""
UNLIMITED = 50
"""Room of a channel without limits: a convenient number to claim at once."""


def is_bulk(priority: Priority) -> bool:
    """Tell whether nobody is sitting there waiting for it."""
    return priority in (Priority.REMINDER, Priority.BULK)


@dataclass(slots=True)
class _Window:
    """Slots that are taken from the start of a send until a second after its end.

    Counting from the end makes the limit hold at the other side too, however long the sends travel.
    """

    slots: int
    under_way: int = 0
    ended_at: deque[datetime] = field(default_factory=deque)

    def room(self, at: datetime) -> int:
        while self.ended_at and not -AHEAD < at - self.ended_at[0] < WINDOW:
            self.ended_at.popleft()
        return self.slots - self.under_way - len(self.ended_at)

    def opens_at(self, at: datetime) -> datetime | None:
        """Say when a slot comes free by itself; None while that depends on a send under way."""
        if self.room(at) > 0:
            return at
        return self.ended_at[0] + WINDOW if self.ended_at else None

    def end(self, at: datetime) -> None:
        self.under_way -= 1
        self.ended_at.append(at)


class AccountRate:
    """The sliding second of one account, with room kept free for replies."""

    def __init__(self, rates: Rates | None) -> None:
        self._all = _Window(rates.account_messages if rates else UNLIMITED)
        self._bulk = _Window(rates.bulk_messages if rates else UNLIMITED)
        self._is_limited = rates is not None
        self._pause: tuple[datetime, datetime] | None = None
        """Since when, until when."""

    def room(self, at: datetime, priority: Priority = Priority.REPLY) -> int:
        """Give how many messages of this kind may be started now."""
        if self._paused_until(at):
            return 0
        room = self._all.room(at)
        return min(room, self._bulk.room(at)) if is_bulk(priority) else room

    def opens_at(self, at: datetime, priority: Priority = Priority.REPLY) -> datetime | None:
        """Say when there will be room again; None when only the end of a send can make it."""
        if paused_until := self._paused_until(at):
            return paused_until
        moments = [self._all.opens_at(at), *([self._bulk.opens_at(at)] if is_bulk(priority) else [])]
        known = [moment for moment in moments if moment]
        return max(known) if len(known) == len(moments) else None

    def start(self, priority: Priority) -> None:
        """Take a slot for a send that begins."""
        self._all.under_way += 1
        self._bulk.under_way += is_bulk(priority)

    def end(self, priority: Priority, at: datetime) -> None:
        """Note that a send has ended, however it ended; its slot is free a second later."""
        moment = at if self._is_limited else at - WINDOW
        self._all.end(moment)
        if is_bulk(priority):
            self._bulk.end(moment)

    def pause(self, at: datetime, until: datetime) -> None:
        """Send nothing before this moment: the platform has just asked for silence."""
        self._pause = at, max(until, self._paused_until(at) or until)

    def _paused_until(self, at: datetime) -> datetime | None:
        is_paused = self._pause is not None and self._pause[0] - AHEAD < at < self._pause[1]
        return self._pause[1] if self._pause and is_paused else None


class ChatRates:
    """A bucket for each chat: a few messages at once, then one in each interval."""

    def __init__(self) -> None:
        self._full_at: dict[int, datetime] = {}
        """When a chat's bucket will be full again."""
        self._free_at: dict[int, datetime] = {}
        """When the next message to a chat that has used its burst may go."""

    def spend(self, address_id: int, at: datetime, rates: Rates | None) -> None:
        """Count a message to this chat."""
        if rates is None:
            return
        kept = self._full_at.get(address_id, at)
        full_at = (kept if at < kept < at + AHEAD else at) + rates.chat_interval
        self._full_at[address_id] = full_at
        free_at = full_at - rates.chat_interval * (rates.chat_burst - 1)
        if free_at > at:
            self._free_at[address_id] = free_at

    def cooling(self, at: datetime) -> frozenset[int]:
        """Give the chats that may not be written to yet."""
        for moments in (self._full_at, self._free_at):
            for address_id in [each for each, moment in moments.items() if not at < moment < at + AHEAD]:
                del moments[address_id]
        return frozenset(self._free_at)

    def next_free(self) -> datetime | None:
        """Say when the first of the cooling chats is free."""
        return min(self._free_at.values(), default=None)

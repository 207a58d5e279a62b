"""How much may be sent now: for a whole account, and for one chat. Told the time, never asking for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.port import Rates
from storage.outbox import Priority, Room
from storage.outbox_states import UNHURRIED

WINDOW = timedelta(seconds=1)
AHEAD = timedelta(milliseconds=150)
"""Messages are handed out and judged so long before their slots are free: nothing of the second is lost with that."""
REMEMBERED = 300
"""Sends among which the shortest is looked for: about ten seconds of a broadcast."""
FEWEST_REMEMBERED = 30
"""Before so many have been seen, the shortest of them says little: the first ones open connections."""
SHARE_TRUSTED = 0.5
"""So much of the shortest send is taken off the second: with all of it 29 count in one now and then (measured)."""
UNLIMITED = 50
"""Room of a channel without limits: a convenient number to claim at once."""


def is_bulk(priority: Priority) -> bool:
    """Tell whether nobody is sitting there waiting for it."""
    return priority in UNHURRIED


@dataclass(slots=True)
class _Window:
    """Slots that are taken from the start of a send until the next one in its place may start."""

    slots: int
    under_way: int = 0
    free_at: deque[datetime] = field(default_factory=deque)
    """When the slots come free whose sends have ended, in order."""

    def room(self, at: datetime) -> int:
        """Count the slots that are free at this moment."""
        return self.slots - self.under_way - sum(each > at for each in self.free_at)

    def take(self, at: datetime) -> datetime:
        """Take the slot that is free first, and say when that is: this moment or later."""
        while self.free_at and self.free_at[0] <= at:
            self.free_at.popleft()
        is_used_up = self.under_way + len(self.free_at) >= self.slots and self.free_at
        self.under_way += 1
        return self.free_at.popleft() if is_used_up else at

    def opens_at(self) -> datetime | None:
        """Say when a slot comes free by itself; None while that depends on a send under way."""
        return self.free_at[0] if self.free_at else None

    def end(self, free_at: datetime) -> None:
        self.under_way -= 1
        self.free_at.append(free_at)


class AccountRate:
    """The sliding second of one account, with room kept free for replies. Its moments are those of a steady clock."""

    def __init__(self, rates: Rates | None) -> None:
        self._all = _Window(rates.account_messages if rates else UNLIMITED)
        self._bulk = _Window(rates.bulk_messages if rates else UNLIMITED)
        self._is_limited = rates is not None
        self._took: deque[timedelta] = deque(maxlen=REMEMBERED)
        self._paused_until: datetime | None = None

    def room(self, at: datetime) -> Room:
        """Give how many messages may be handed out now: there are slots for them at once, or ``AHEAD`` from now."""
        if self.is_paused(at):
            return Room(0, 0)
        room = max(self._all.room(at + AHEAD), 0)
        return Room(room, min(room, max(self._bulk.room(at + AHEAD), 0)))

    def opens_at(self, at: datetime) -> datetime | None:
        """Say when there will be room where there is none now; None when only the end of a send can make it."""
        if self.is_paused(at):
            return self._paused_until
        moments = [each.opens_at() for each in (self._all, self._bulk) if each.room(at + AHEAD) <= 0]
        return min((moment - AHEAD for moment in moments if moment), default=None)

    def start(self, priority: Priority, at: datetime) -> datetime:
        """Take a slot for a message, and say when it may be sent: now, or in a moment."""
        moment = self._all.take(at)
        return max(moment, self._bulk.take(at)) if is_bulk(priority) else moment

    def end(self, priority: Priority, at: datetime, took: timedelta | None = None) -> None:
        """Note that a send has ended, however it ended, and how long it took where the platform has taken it.

        Its message counted over there at this moment at the latest, and the next one in its place will count later than
        it starts: so a second from now the limit holds, however long they travel, and a little earlier too.
        """
        if took is not None:
            self._took.append(took)
        free_at = at + WINDOW - self._on_the_way() if self._is_limited else at
        self._all.end(free_at)
        if is_bulk(priority):
            self._bulk.end(free_at)

    def _on_the_way(self) -> timedelta:
        """Say how long two messages are surely on their way, the first one's receipt and the second one itself.

        That is the whole of the shortest send, if both ways are at their shortest then; half of it leaves a margin.
        """
        return min(self._took) * SHARE_TRUSTED if len(self._took) >= FEWEST_REMEMBERED else timedelta()

    def is_paused(self, at: datetime) -> bool:
        """Tell whether the platform has asked for silence."""
        return self._paused_until is not None and at < self._paused_until

    def pause(self, until: datetime) -> None:
        """Send nothing before this moment: the platform has asked for silence."""
        self._paused_until = max(until, self._paused_until or until)


class ChatRates:
    """A bucket for each chat: a few messages at once, then one in each interval. Its moments are a steady clock's."""

    def __init__(self) -> None:
        self._full_at: dict[int, datetime] = {}
        """When a chat's bucket will be full again."""
        self._free_at: dict[int, datetime] = {}
        """When the next message to a chat that has used its burst may go."""

    def spend(self, address_id: int, at: datetime, rates: Rates | None) -> None:
        """Count a message to this chat."""
        if rates is None:
            return
        full_at = max(self._full_at.get(address_id, at), at) + rates.chat_interval
        self._full_at[address_id] = full_at
        free_at = full_at - rates.chat_interval * (rates.chat_burst - 1)
        if free_at > at:
            self._free_at[address_id] = free_at

    def cooling(self, at: datetime) -> frozenset[int]:
        """Give the chats that may not be written to yet."""
        for address_id in [each for each, full_at in self._full_at.items() if full_at <= at]:
            del self._full_at[address_id]
        for address_id in [each for each, free_at in self._free_at.items() if free_at <= at]:
            del self._free_at[address_id]
        return frozenset(self._free_at)

    def next_free(self) -> datetime | None:
        """Say when the first of the cooling chats is free."""
        return min(self._free_at.values(), default=None)

"""What goes wrong in a rehearsal: programs are killed, channels fail, updates come twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.port import ChannelError
from bot.clock import Clock
from storage.outbox import OutboxRow

KILLED_EVERY = timedelta(days=5)
OUTAGE_EVERY = timedelta(days=3)
OUTAGE = timedelta(minutes=40)
LATE_OUTAGE = timedelta(hours=3)
BY_DAY = (7, 18)
"""The hours in which outages begin: at night nobody would notice."""
TWICE = 0.03
"""Share of the updates that come twice."""
UNCERTAIN = 0.005
"""Share of the sends that arrive while we are told nothing."""
FLOOD = 0.001
SILENCE = timedelta(seconds=45)
"""How long a platform asks for silence that was written to too quickly."""


@dataclass(slots=True)
class Mishaps:
    """A list of what is to go wrong, and of what did."""

    clock: Clock
    chance: random.Random
    kills: list[datetime] = field(default_factory=list)
    """When the program is killed: in the middle of the next send after each."""
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)
    """From when until when no channel takes anything."""
    happened: Counter[str] = field(default_factory=Counter)
    are_on: bool = False

    def spread(self, start: datetime, end: datetime) -> None:
        """Spread mishaps over this time."""
        self.are_on = True
        self.kills = list(_spread(start, end, KILLED_EVERY, self.chance))
        for number, each in enumerate(_spread(start, end, OUTAGE_EVERY, self.chance)):
            begins = each.replace(hour=self.chance.randint(*BY_DAY))
            self.outages.append((begins, begins + (LATE_OUTAGE if number % 2 else OUTAGE)))

    def is_killed(self, *, while_people_act: bool) -> bool:
        """Tell whether it is time to kill the program; each time once, and every third time not while people act."""
        is_time = bool(self.kills) and self.clock.now() >= self.kills[0]
        if not is_time or while_people_act is (len(self.kills) % 3 == 0):
            return False
        self.kills.pop(0)
        self.happened["programs killed"] += 1
        return True

    def comes_twice(self) -> bool:
        """Tell whether an update is brought again."""
        is_twice = self.are_on and self.chance.random() < TWICE
        self.happened["updates that came twice"] += is_twice
        return is_twice

    def next_moment(self, at: datetime) -> datetime | None:
        """Say when a channel comes back."""
        return min((end for _, end in self.outages if end > at), default=None)

    def of_send(self, _row: OutboxRow) -> ChannelError | None:
        """Give what goes wrong with sending a message now, if anything."""
        if not self.are_on:
            return None
        now = self.clock.now()
        if any(start <= now < end for start, end in self.outages):
            self.happened["sends while a channel was away"] += 1
            return ChannelError("the platform is away", retryable=True)
        drawn = self.chance.random()
        if drawn < UNCERTAIN:
            self.happened["sends without an answer"] += 1
            return ChannelError("no answer", retryable=True, is_uncertain=True)
        if drawn < UNCERTAIN + FLOOD:
            self.happened["silences asked for"] += 1
            return ChannelError("too many", retryable=True, retry_after=SILENCE)
        return None


def _spread(start: datetime, end: datetime, every: timedelta, chance: random.Random) -> Iterator[datetime]:
    """Give moments by day, one in each of these times."""
    while start < end:
        yield start + every * chance.random()
        start += every

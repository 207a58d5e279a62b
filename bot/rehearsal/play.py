"""The play itself: a cycle from its first to its last day, moment after moment in which something happens."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from structlog.testing import capture_logs

from bot.channels.telegram.channel import LIMITS as TELEGRAM_LIMITS
from bot.channels.whatsapp.limits import LIMITS as WHATSAPP_LIMITS
from bot.composition import load_library, open_store
from bot.rehearsal.agenda import Year
from bot.rehearsal.casting import cast_all
from bot.rehearsal.channel import Arrival, RecordingChannel
from bot.rehearsal.clock import UNHURRIED, TurnedClock
from bot.rehearsal.mishaps import Mishaps
from bot.rehearsal.people import Player
from bot.rehearsal.program import Ground, Program, running
from bot.running import settle_memory
from bot.settings import Settings
from conversations.hours import zone_of
from conversations.rules import Rules
from storage.database import migrate
from storage.envelopes import Envelope
from storage.kept import Kept

BEGINS = time(7)
"""When the first day begins there."""
AFTERWARDS = timedelta(days=8)
"""How many of the days lie behind the end of the time for answers."""
LOOK_EVERY = timedelta(hours=1)
"""How often the planners look by day; the program does so every minute."""
NIGHT = (time(20), time(6))
MEANT = "send_failed"
"""Logged when a send fails, as it was to."""
FIRST = 1
"""Number of the first program, and of its database."""
ACCOUNTS = (("telegram", "1", TELEGRAM_LIMITS), ("whatsapp", "5", WHATSAPP_LIMITS))


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be played."""

    district: str
    """Code of the kabupaten or kota."""
    first_day: date
    days: int
    people: int
    """Village heads and camats."""
    seed: str = "1"
    has_mishaps: bool = True

    @property
    def zone(self) -> timezone:
        """The time zone of the district."""
        return zone_of(self.district)

    @property
    def starts_at(self) -> datetime:
        """When the invitations go out."""
        return datetime.combine(self.first_day, BEGINS, self.zone)

    @property
    def ends_at(self) -> datetime:
        """When the rehearsal is over."""
        return self.starts_at + timedelta(days=self.days)

    @property
    def due_at(self) -> datetime:
        """When the time for answers ends: some days before the rehearsal does."""
        return datetime.combine((self.ends_at - AFTERWARDS).date(), time(), self.zone)


class Doing(NamedTuple):
    """Something that somebody did."""

    at: datetime
    player: int


class Sent(NamedTuple):
    """A message that came to somebody."""

    player: int
    arrival: Arrival


NOTHING = Kept(frozenset(), {}, {}, (), (), {}, 0)


@dataclass(slots=True, repr=False)  # asyncio writes out what a program returns when it ends: all that happened
class Played:
    """What happened."""

    script: Script
    rules: Rules
    players: Mapping[int, Player]
    """By the numbers of their parts."""
    mishaps: Mishaps
    done: list[Doing] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    kept: Kept = NOTHING
    """What the last program left in its database."""
    errors: Counter[str] = field(default_factory=Counter)
    """What the programs logged as errors, by event; sends that failed on purpose are left out."""


async def play(script: Script, settings: Settings, folder: Path) -> Played:
    """Play a script in this folder, in which nothing else lies.

    Raises:
        StorageError: the district is unknown.
        FormError: a form cannot be used.
        RulesError: the file of rules cannot be used.
    """
    settings = settings.model_copy(update={"files_folder": folder / "files"})
    clock = TurnedClock(script.starts_at)
    channels = [RecordingChannel(name, account, limits, clock) for name, account, limits in ACCOUNTS]
    ground = Ground(settings, load_library(settings), clock, channels, folder, script.seed)
    played = await _prepared(ground, script)
    settle_memory()
    town = {each.part.address.user: each for each in played.players.values()}

    def take(arrival: Arrival) -> None:
        player = town[arrival.row.address.user]
        player.hear(arrival)
        played.sent.append(Sent(player.part.number, arrival))

    for each in channels:
        each.take, each.mishap = take, played.mishaps.of_send
    with capture_logs() as logged:
        await _Stage(ground, played).run()
    wrong = [str(each["event"]) for each in logged if each["log_level"] == "error"]
    played.errors = Counter(each for each in wrong if each != MEANT)
    return played


async def _prepared(ground: Ground, script: Script) -> Played:
    """Put the district on the roster of a fresh database and give everybody their parts."""
    settings = ground.settings_of(FIRST)
    await migrate(settings.database_url)
    store = open_store(settings, ground.library)
    try:
        await store.roster.add_district(script.district, script.first_day.year, script.due_at, at=script.starts_at)
        players = await cast_all(store, script.district, script.starts_at, people=script.people, seed=script.seed)
    finally:
        await store.close()
    chance = random.Random(f"{script.seed} mishaps")  # noqa: S311 - what goes wrong guards nothing
    mishaps = Mishaps(ground.clock, chance)
    if script.has_mishaps:
        mishaps.spread(script.starts_at, script.ends_at)
    return Played(script, store.rules, {each.part.number: each for each in players}, mishaps)


class _Stage:
    """Where it happens: the clock is put forward, people act, chores are done, programs are killed."""

    def __init__(self, ground: Ground, played: Played) -> None:
        self._ground = ground
        self._clock = ground.clock
        self._played = played
        self._script = played.script
        self._look_at = played.script.starts_at
        script = played.script
        self._year = Year(script.district, script.starts_at, script.due_at, list(played.players.values()))
        self._has_looked: bool
        """Planners may have put something into the outbox since it was asked what is due."""
        self._handed_in: Sequence[Envelope] = ()
        """What was handed in last: a channel brings it again to a program that did not live to say that it has it."""

    async def run(self) -> None:
        """Play to the end, with as many programs as it takes."""
        for number in itertools.count(FIRST):
            self._has_looked = True
            async with running(self._ground, number) as program:
                await program.take(self._handed_in)
                if await self._is_over(program):
                    self._played.kept = await program.store.kept.read()
                    return
                self._ground.photograph(number)
            for each in self._ground.channels:
                each.hangs, each.hanging = "", 0

    async def _is_over(self, program: Program) -> bool:
        """Play until the end; False: until the program has to be killed."""
        await program.rest()
        while (at := await self._next_moment(program)) < self._script.ends_at:
            self._clock.put_forward(at)
            self._perhaps_kill(while_people_act=False)
            await program.rest()
            await self._year.do(program.store, at)
            if at >= self._look_at:
                await program.look(at)
                self._has_looked = True
                self._look_at = self._next_look(at)
            await self._let_act(program, at)
            if any(each.hanging for each in self._ground.channels):
                return False
        return True

    def _perhaps_kill(self, *, while_people_act: bool) -> None:
        if self._played.mishaps.is_killed(while_people_act=while_people_act):
            for each in self._ground.channels:
                each.hangs = self._played.mishaps.chance.choice(("before", "after"))

    async def _next_moment(self, program: Program) -> datetime:
        """Say when something happens next. The outbox is asked after the planners, and before a leap."""
        now = self._clock.now()
        people = (each.next_at for each in self._played.players.values() if each.next_at)
        others = (self._played.mishaps.next_moment(now), self._year.next_moment())
        known = min([self._look_at, *people, *self._clock.awaited(), *(each for each in others if each)])
        if known - now < UNHURRIED and not self._has_looked:
            return max(known, now)
        self._has_looked = False
        due = await program.send_due()
        return max(min(known, due or known, *self._clock.awaited()), now)

    def _next_look(self, at: datetime) -> datetime:
        """Say when the planners look again: by night once an hour is enough."""
        there = at.astimezone(self._script.zone)
        every = LOOK_EVERY if NIGHT[1] <= there.time() < NIGHT[0] else timedelta(hours=3)
        return self._script.starts_at + every * ((at - self._script.starts_at) // every + 1)

    async def _let_act(self, program: Program, at: datetime) -> None:
        """Let everybody act whose time has come, all at once; some updates come twice."""
        envelopes: list[Envelope] = []
        for player in self._played.players.values():
            if player.next_at is None or player.next_at > at:
                continue
            if done := player.act(at):
                self._played.done.append(Doing(at, player.part.number))
                envelopes += [done] * (2 if self._played.mishaps.comes_twice() else 1)
        self._handed_in = envelopes
        if envelopes:
            self._perhaps_kill(while_people_act=True)
            await program.take(envelopes)

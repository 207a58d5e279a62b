"""What the year and its coordinator bring along: a calendar, a broadcast, rows that come back, a stage that moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.rehearsal.answering import Errand
from bot.rehearsal.people import Player
from conversations.people import Role
from conversations.sheets import Returned
from conversations.taps import Verb
from indicators.form import REPEAT_MARK
from storage.store import Store

FIRST_STAGE, REPAIR = "evaluasi_mandiri", "perbaikan"
GRACE = timedelta(days=2)
"""Between the day that people are told and the end of the time for answers."""
REPAIR_AFTER = timedelta(days=4, hours=9)
REPAIR_LASTS = timedelta(hours=48)
BROADCAST_BEFORE = timedelta(days=20, hours=14)
"""Before the last day ..."""
SHORTLY = timedelta(days=3)
"""... and not before some have registered."""
COMES_BACK = 10
"""Of so many who have handed over, one gets a row back."""
REASON = "Tahun peraturannya belum sesuai, mohon dilengkapi."
BROADCAST = (
    "siarkan",
    "Selamat siang {nama}. Rapat gugus tugas KLA hari Senin pukul 09.00. {desa} masih kurang {kurang}.",
    Errand(Verb.BROADCAST, "everybody"),
    Errand(Verb.BROADCAST, "preview"),
    Errand(Verb.BROADCAST, "now"),
    Errand(Verb.BROADCAST, "send"),
)
"""How a coordinator writes one: what is typed, and what is tapped."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is done at a moment, by the coordinator or whoever runs the machine."""

    at: datetime
    do: Callable[[Store, datetime], Awaitable[None]]


class Year:
    """The calendar of a rehearsal, and what is done in it."""

    def __init__(self, district: str, starts_at: datetime, due_at: datetime, players: Sequence[Player]) -> None:
        self._district = district
        self._due_at = due_at
        self._players = players
        morning = datetime.combine(starts_at, time(10), starts_at.tzinfo)
        broadcast_at = max(due_at - BROADCAST_BEFORE, morning + SHORTLY)
        tasks = [
            Task(starts_at, self._set_times),
            Task(broadcast_at, self._broadcast),
            Task(due_at + REPAIR_AFTER, self._return_rows),
        ]
        self._tasks = sorted(tasks, key=lambda task: task.at)

    def next_moment(self) -> datetime | None:
        """Say when something is to be done next."""
        return self._tasks[0].at if self._tasks else None

    async def do(self, store: Store, at: datetime) -> None:
        """Do what is to be done by this moment; each once."""
        while self._tasks and self._tasks[0].at <= at:
            await self._tasks.pop(0).do(store, at)

    async def _set_times(self, store: Store, at: datetime) -> None:
        """Let answers be taken a little longer than people are told, and again when rows have come back."""
        due_at = self._due_at
        times = store.calendar.set_times
        _ = await times(self._district, FIRST_STAGE, "", at=at, due_at=due_at, closes_at=due_at + GRACE)
        opens_at = due_at + REPAIR_AFTER
        ends_at = opens_at + REPAIR_LASTS
        _ = await times(self._district, REPAIR, "", at=at, opens_at=opens_at, due_at=ends_at, closes_at=ends_at)

    async def _broadcast(self, _store: Store, at: datetime) -> None:
        for player in self._players:
            if player.part.role is Role.COORDINATOR:
                player.run_errands(BROADCAST, at)

    async def _return_rows(self, store: Store, at: datetime) -> None:
        """Give a row back to some of those who have handed over."""
        over = [each for each in self._players if each.sent_at and each.memory.acknowledged]
        for player in over[::COMES_BACK]:
            number, key = next(reversed(player.memory.acknowledged))
            row = player.row_of(key.partition(REPEAT_MARK)[0])
            await store.roster.return_row(number, row, Returned(REASON, int(at.timestamp())), at=at)
            player.sent_at, player.has_row_back = None, True

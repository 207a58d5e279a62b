"""What only one process may do at a time: who does it, and when to stop for fear that somebody else has begun.

A process that dies stops beating; the others see the beat stand still for ``TERM`` and take over. One that lives but
cannot beat (no database, a machine that hangs) stops by its own clock ``MARGIN`` before that. Why it is so:
docs/decisions/0008-leases-by-beats.md
"""

from __future__ import annotations

import asyncio
import functools
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.logging import described
from bot.metrics import LEASE_HELD
from storage.errors import StorageError
from storage.leases import NOBODY, Leases, SeenLease

TERM = timedelta(seconds=6)
"""A holder whose beat has stood still for so long is dead: three beats may be lost on a busy machine, not six."""
MARGIN = timedelta(seconds=2)
"""Between the end of a holder's trust and the next holder's beginning: the second that a platform's limit looks back
on, and another one for what was still on its way and for clocks that do not go alike."""
LOOK_EVERY = timedelta(seconds=1)
LONGEST_END = timedelta(seconds=20)
"""How long work that is broken off may take to note what it has done, before it is told once more."""
CHORES = "chores"
"""The lease for what is done at set times."""
PATIENCE = timedelta(seconds=2)
"""How long the database may take to answer a look."""

_log = structlog.get_logger(__name__)


def sending(via: str) -> str:
    """Name the lease for sending by a channel's account."""
    return f"send:{via}"


def polling(via: str) -> str:
    """Name the lease for asking a channel's account for updates."""
    return f"poll:{via}"


class Tenure:
    """A time during which this process holds a lease."""

    def __init__(self, name: str, number: int, clock: Clock, until: datetime | None) -> None:
        self.name = name
        self.number = number
        """Grows with every tenure of this lease, in whatever process."""
        self.changed = asyncio.Event()
        self._clock = clock
        self._until = until
        """Nobody else begins before; None: nobody ever does."""
        self._is_over = False

    @property
    def until(self) -> datetime | None:
        """By the steady clock: up to here this process may believe that it is alone; None: for ever."""
        return self._until

    def is_certain(self) -> bool:
        """Tell whether this process is certainly the only one. Ask right before doing what only one may do."""
        return not self._is_over and (self._until is None or self._clock.now() < self._until)

    def extend(self, until: datetime | None) -> None:
        """Believe in it for longer, unless it was over before."""
        if self.is_certain():
            self._until = until
            self.changed.set()

    def end(self) -> None:
        """Let nobody believe in it any more."""
        self._is_over = True
        self.changed.set()


Work = Callable[[Tenure], Awaitable[None]]


class _Place:
    """A lease that is wanted: what was seen of it, and the tenure while there is one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: SeenLease | None = None
        self.since: datetime
        """Since when it has stood like that."""
        self.tenure: Tenure | None = None
        self.is_at_work = False
        """Whether work that was begun for it has not come to its end, though the tenure may have."""
        self.is_due = asyncio.Event()
        """Set when somebody who waits should look: held now, or nothing to wait for any more."""


class Leadership:
    """Takes and keeps leases. One instance a process; ``run`` works until ``retire`` and the end of all work.

    ``alone_since``: no other process has used this database since that moment of the steady clock, nor can.
    """

    def __init__(
        self, leases: Leases, names: Iterable[str], *, steady: Clock, alone_since: datetime | None = None
    ) -> None:
        self._leases = leases
        self._places = {name: _Place(name) for name in names}
        self._clock = steady
        self._alone_since = alone_since
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._working = 0
        self._is_retired = False
        for name in self._places:
            LEASE_HELD.labels(name).set_function(functools.partial(self.holds, name))
        self._woken = asyncio.Event()
        self.trouble = ""
        """Why the leases cannot be looked at now; empty: they can."""

    def holds(self, name: str) -> bool:
        """Tell whether this process certainly holds this lease."""
        tenure = self._places[name].tenure
        return tenure is not None and tenure.is_certain()

    def retire(self) -> None:
        """Take nothing more; what is held is kept until its work has ended."""
        self._is_retired = True
        self._woken.set()
        for place in self._places.values():
            place.is_due.set()

    async def while_held(self, name: str, work: Work) -> None:
        """Do this work whenever the lease is held, and break it off when that is not certain any more.

        Returns when the work has ended by itself, or when there is nothing to wait for after ``retire``.
        """
        self._working += 1
        try:
            while (tenure := await self._gained(name)) and not await self._done(tenure, work):
                pass
        finally:
            self._working -= 1
            self._woken.set()

    async def run(self) -> None:
        """Keep the leases until retired and all work has ended; then give them back."""
        while not self._is_retired or self._working:
            self._woken.clear()
            await self._clock.wait(self._woken, await self.look())
        await self._give_back()

    async def look(self) -> datetime | None:
        """Beat for what is held, take what is free, and say when to look again; None: not before something happens."""
        started = self._clock.now()
        self._drop_what_is_over()
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._beat(started)
                await self._take_what_is_free()
        except (StorageError, TimeoutError) as error:
            self._note(f"the leases cannot be kept: {described(error)}")
        else:
            self._note("")
        is_settled = self._alone_since is not None and all(each.tenure for each in self._places.values())
        return None if is_settled else started + LOOK_EVERY

    async def _gained(self, name: str) -> Tenure | None:
        place = self._places[name]
        while not self._is_retired:
            if place.tenure and place.tenure.is_certain():
                return place.tenure
            place.is_due.clear()
            await place.is_due.wait()
        return None

    async def _done(self, tenure: Tenure, work: Work) -> bool:
        """Tell whether the work has ended by itself, and not been broken off."""

        async def working() -> None:
            await work(tenure)

        place = self._places[tenure.name]
        place.is_at_work = True
        try:
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(working())
                watch = tasks.create_task(self._break_off(tenure, task))
                await asyncio.wait([task])
                watch.cancel()
        finally:
            place.is_at_work = False
        return not task.cancelled()

    async def _break_off(self, tenure: Tenure, task: asyncio.Task[None]) -> None:
        while tenure.is_certain():
            tenure.changed.clear()
            await self._clock.wait(tenure.changed, tenure.until)
        tenure.end()
        _log.warning("lease_over", lease=tenure.name, tenure=tenure.number)
        has_ended = asyncio.Event()
        task.add_done_callback(lambda _task: has_ended.set())
        while not has_ended.is_set():
            task.cancel()
            await self._clock.wait(has_ended, self._clock.now() + LONGEST_END)

    async def _beat(self, started: datetime) -> None:
        """Give a sign of life. What counts is when it was sent: the database may have had it from then on."""
        held = {name: tenure for name, tenure in self._held().items() if tenure.until is not None}
        if not held:
            return
        kept = await self._leases.beat({name: each.number for name, each in held.items()}, self._holder)
        for name, tenure in held.items():
            if name in kept:
                tenure.extend(started + TERM - MARGIN)
            else:
                tenure.end()

    async def _take_what_is_free(self) -> None:
        wanted = [name for name, each in self._places.items() if each.tenure is None]
        if not wanted or self._is_retired:
            return
        found = await self._leases.look(wanted)
        now = self._clock.now()
        for seen in found:
            place = self._places[seen.name]
            self._watch(place, seen, now)
            if not place.is_at_work and self._is_free(seen, now - place.since):
                await self._take(place, seen)

    def _watch(self, place: _Place, seen: SeenLease, now: datetime) -> None:
        before, place.seen = place.seen, seen
        if before == seen:
            return
        place.since = self._alone_since or now
        is_news = before is None or before.holder != seen.holder
        if is_news and seen.holder not in (NOBODY, self._holder) and self._alone_since is None:
            _log.info("lease_held_elsewhere", lease=seen.name, holder=seen.holder)

    def _is_free(self, seen: SeenLease, stood_still: timedelta) -> bool:
        """Tell whether nobody can believe in it any more, and what the last one did lies far enough back."""
        if seen.tenure == 0 or seen.holder == self._holder:
            return True
        is_left = seen.holder == NOBODY or self._alone_since is not None
        return stood_still >= (MARGIN if is_left else TERM)

    async def _take(self, place: _Place, seen: SeenLease) -> None:
        started = self._clock.now()
        number = await self._leases.take(seen, self._holder)
        if number is None:
            return
        until = None if self._alone_since is not None else started + TERM - MARGIN
        place.tenure = Tenure(place.name, number, self._clock, until)
        place.is_due.set()
        _log.info("lease_taken", lease=place.name, tenure=number, after=seen.holder)

    def _held(self) -> Mapping[str, Tenure]:
        return {name: each.tenure for name, each in self._places.items() if each.tenure and each.tenure.is_certain()}

    def _drop_what_is_over(self) -> None:
        for place in self._places.values():
            if place.tenure and not place.tenure.is_certain():
                place.tenure.end()
                place.tenure = None

    def _note(self, trouble: str) -> None:
        if bool(trouble) != bool(self.trouble):
            _log.warning("leases_in_trouble" if trouble else "leases_well_again", error=trouble)
        self.trouble = trouble

    async def _give_back(self) -> None:
        held = {name: each.number for name, each in self._held().items()}
        for name in held:
            self._places[name].tenure = None
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._leases.release(held, self._holder)
        except (StorageError, TimeoutError) as error:
            _log.warning("leases_not_given_back", error=described(error))  # others wait for their end

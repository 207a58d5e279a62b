"""Puts reminders into the outbox whose turn it is, a person's together; what they say is judged when they are sent.

Whose turn it is follows from the database and the moment alone: from calendars, rules and the keys of what was planned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.hours import day_there
from conversations.ladder import Rung, rung_at
from conversations.people import ROLES_BY_KIND, Post
from conversations.purposes import ASKED, Purpose, Reminder, Unfinished
from conversations.tasks import Task, open_tasks
from storage.calendar import KIND_BY_UNIT, ListedWindow, windows_of_districts
from storage.database import Database
from storage.moments import as_ms, from_ms
from storage.planning.claiming import take, unplanned
from storage.posts_held import running_assignments
from storage.registering import registering
from storage.rows import LASTS, POST, read_post
from storage.tables import holding, post, region, snooze
from storage.turn_state import Shared
from storage.unasked import Unasked, put


class Due(NamedTuple):
    """A rung whose turn it is for everybody who answers in a window."""

    listed: ListedWindow
    rung: Rung

    @property
    def key(self) -> str:
        """Name it: planned once for as long as the window ends at this moment."""
        window = self.listed.window
        assert window.due_at is not None
        where = (self.listed.cycle, self.listed.district, self.listed.form, window.stage, window.post)
        return ":".join(map(str, ("ladder", *where, as_ms(window.due_at), self.rung.name)))

    def concerns(self, task: Task) -> bool:
        """Tell whether a task is answered in this window."""
        window, assignment = self.listed.window, task.assignment
        is_form = (assignment.cycle, assignment.form) == (self.listed.cycle, self.listed.form)
        mine = task.window
        return (
            is_form
            and mine is not None
            and (mine.stage, mine.due_at, mine.post)
            == (
                window.stage,
                window.due_at,
                window.post,
            )
        )


class Reminders:
    """Plans them."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self._database = database
        self._shared = shared

    async def plan(self, at: datetime) -> int:
        """Plan what is due and was not planned, a district in each transaction; tell how many messages are new.

        Of all that fell due while nobody looked, each person gets one. Any number of processes may do this at once.
        """
        new = await self._plan_asked(at)
        for district, due in (await self._due(at)).items():
            new += await self._plan_district(district, due, at)
        return new

    async def _due(self, at: datetime) -> Mapping[int, list[Due]]:
        """Find rungs whose turn it is and that nobody has planned, by district."""
        shared = self._shared
        async with self._database.reading("Looking for reminders") as connection:
            listed = await windows_of_districts(connection, shared, at)
            await shared.regions.know(connection, {each.district for each in listed})
            rungs = ((each, self._rung(each, at)) for each in listed if each.window.is_open(at))
            due = {one.key: one for one in (Due(each, rung) for each, rung in rungs if rung)}
            fresh = await unplanned(connection, due.keys())
        found: defaultdict[int, list[Due]] = defaultdict(list)
        for key in sorted(fresh):
            found[due[key].listed.district].append(due[key])
        return found

    def _rung(self, listed: ListedWindow, at: datetime) -> Rung | None:
        code = self._shared.regions.region(listed.district).code
        return rung_at(listed.window, code, self._shared.rules, at)

    async def _plan_district(self, district: int, due: Sequence[Due], at: datetime) -> int:
        async with self._database.writing("Planning reminders") as connection:
            mine = await take(connection, [each.key for each in due], at)
            fresh = [each for each in due if each.key in mine]
            if not fresh:
                return 0
            messages = [
                *await self._for_holders(connection, district, fresh, at),
                *await self._for_registering(connection, district, fresh, at),
            ]
            new = await put(connection, messages, at)
            await connection.commit()
        return len(new)

    async def _for_holders(
        self, connection: AsyncConnection, district: int, due: Sequence[Due], at: datetime
    ) -> Iterable[Unasked]:
        """Remind everybody who still has something to do in these windows, once for all of it."""
        shared = self._shared
        held = await _held(connection, shared, district)
        regions = {each.region.id for posts in held.values() for each in posts}
        assigned = await running_assignments(connection, shared, regions)
        messages = []
        for who, posts in held.items():
            mine = {each.id: each for one in posts for each in assigned.get(one.region.id, ())}
            tasks = open_tasks(posts, mine.values(), shared.library, at)
            found = [(task, each.rung) for task in tasks for each in due if each.concerns(task)]
            if found:
                purpose = Reminder(tuple(task.assignment.id for task, _ in found), found[0][1].name)
                messages.append(self._message(who, purpose, [rung for _, rung in found], (posts[0].region.code, at)))
        return messages

    async def _for_registering(
        self, connection: AsyncConnection, district: int, due: Sequence[Due], at: datetime
    ) -> Iterable[Unasked]:
        """Remind those who have shown an invitation to a post that answers in these windows, and went no further."""
        rungs: defaultdict[str, list[Rung]] = defaultdict(list)
        for each in due:
            if not each.listed.window.post:
                rungs[KIND_BY_UNIT[self._shared.library.forms[each.listed.form].unit]].append(each.rung)
        messages = []
        for who, shown in (await registering(connection, self._shared, at)).items():
            place = shown.region
            if place.district_id == district and place.kind in rungs and shown.role in ROLES_BY_KIND[place.kind]:
                purpose = Unfinished(shown.id, place.code)
                messages.append(self._message(who, purpose, rungs[place.kind], (place.code, at)))
        return messages

    def _message(self, who: int, purpose: Purpose, rungs: Sequence[Rung], where: tuple[str, datetime]) -> Unasked:
        code, at = where
        once = f"remind:{who}:{day_there(at, code):%Y%m%d}"
        return Unasked(who, purpose, once, not_before=at, not_after=max(rung.until for rung in rungs))

    async def _plan_asked(self, at: datetime) -> int:
        """Remind those who have asked for it by now, of everything that they have to do."""
        late = timedelta(hours=self._shared.rules.ladder.late_hours)
        ripe = snooze.c.until <= as_ms(at)
        async with self._database.reading("Looking for reminders that were asked for") as connection:
            if not await connection.scalar(select(snooze.c.person_id).where(ripe).limit(1)):
                return 0
        async with self._database.writing("Planning reminders that were asked for") as connection:
            rows = (await connection.execute(select(snooze).where(ripe))).all()
            messages = [
                Unasked(
                    row.person_id,
                    Reminder((), ASKED),
                    f"snooze:{row.person_id}:{row.until}",
                    not_before=from_ms(row.until),
                    not_after=at + late,
                )
                for row in rows
            ]
            new = await put(connection, messages, at)
            await connection.execute(delete(snooze).where(ripe))
            await connection.commit()
        return len(new)


async def _held(connection: AsyncConnection, shared: Shared, district: int) -> dict[int, list[Post]]:
    """Give those who hold posts in a district, with these."""
    statement = (
        select(holding.c.person_id, *POST)
        .join(post, post.c.id == holding.c.post_id)
        .join(region, region.c.id == post.c.region_id)
        .where(region.c.district_id == district, LASTS)
        .order_by(holding.c.id)
    )
    rows = (await connection.execute(statement)).all()
    await shared.regions.know(connection, {row.region_id for row in rows})
    held: defaultdict[int, list[Post]] = defaultdict(list)
    for row in rows:
        held[row.person_id].append(read_post(row[1:], shared.regions))
    return held

"""Puts digests into the outbox: camat and coordinators learn in time who has not finished, each on one card."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.escalation import DIGEST_ROLES, digest_at
from conversations.people import Role, Standing
from conversations.purposes import Digest
from storage.calendar import KIND_BY_UNIT, ListedWindow, windows_of_districts
from storage.database import Database
from storage.moments import as_ms
from storage.planning.claiming import take, unplanned
from storage.rows import LASTS
from storage.tables import holding, post, region
from storage.tables.base import AnyRow
from storage.turn_state import Shared
from storage.unasked import Unasked, put

DUTIES = {"village": DIGEST_ROLES, "subdistrict": (Role.COORDINATOR,)}
"""Who is told of those who answer the forms of this kind of region."""


class Due(NamedTuple):
    """Those of a role in a district are to be told of an end."""

    cycle: int
    district: int
    role: Role
    due_at: datetime
    since: datetime
    until: datetime
    """Of no use any more from then on."""

    @property
    def key(self) -> str:
        """Name it: planned once, however many forms end then."""
        return f"digest:{self.cycle}:{self.district}:{self.role}:{as_ms(self.due_at)}"


class Digests:
    """Plans them."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self._database = database
        self._shared = shared

    async def plan(self, at: datetime) -> int:
        """Plan what is due and was not planned, a district in each transaction; tell how many messages are new.

        What fell due while nobody looked is planned as long as it is of use. Any number of processes may do this.
        """
        new = 0
        for due in (await self._due(at)).values():
            async with self._database.writing("Planning digests") as connection:
                mine = await take(connection, [each.key for each in due], at)
                messages = await _messages(connection, [each for each in due if each.key in mine])
                new += len(await put(connection, messages, at))
                await connection.commit()
        return new

    async def _due(self, at: datetime) -> Mapping[int, list[Due]]:
        """Find what nobody has planned, by district."""
        shared = self._shared
        async with self._database.reading("Looking for digests") as connection:
            listed = await windows_of_districts(connection, shared, at)
            await shared.regions.know(connection, {each.district for each in listed})
            due = {one.key: one for each in listed for one in self._of_window(each, at)}
            fresh = await unplanned(connection, due.keys())
        found: defaultdict[int, list[Due]] = defaultdict(list)
        for key in sorted(fresh):
            found[due[key].district].append(due[key])
        return found

    def _of_window(self, listed: ListedWindow, at: datetime) -> Iterator[Due]:
        window, rules = listed.window, self._shared.rules
        if window.post or window.due_at is None or window.closes_at is None or not window.is_open(at):
            return
        code = self._shared.regions.region(listed.district).code
        late = timedelta(hours=rules.ladder.late_hours)
        for role in DUTIES.get(KIND_BY_UNIT[self._shared.library.forms[listed.form].unit], ()):
            told_at = digest_at(window, role, code, rules)
            if told_at and told_at <= at < (until := min(told_at + late, window.closes_at)):
                yield Due(listed.cycle, listed.district, role, window.due_at, told_at, until)


async def _messages(connection: AsyncConnection, due: Sequence[Due]) -> list[Unasked]:
    """Write to those who lead the posts themselves, not to their helpers."""
    roles = {each.role for each in due}
    inside = region.c.district_id.in_({each.district for each in due}) & post.c.role.in_(roles)
    statement = (
        select(holding.c.person_id, post.c.id, post.c.role)
        .join(post, post.c.id == holding.c.post_id)
        .join(region, region.c.id == post.c.region_id)
        .where(inside, LASTS, holding.c.standing != Standing.OPERATOR)
        .order_by(holding.c.id)
    )
    rows = (await connection.execute(statement)).all()
    return [_message(each, row) for each in due for row in rows if row.role == each.role]


def _message(due: Due, row: AnyRow) -> Unasked:
    """It goes at once: the gate holds it back while nobody is to be told anything."""
    purpose = Digest(row.id, int(due.due_at.timestamp()))
    once = f"{due.key}:{row.id}:{row.person_id}"
    return Unasked(row.person_id, purpose, once, not_before=due.since, not_after=due.until)

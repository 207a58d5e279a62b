"""Changing a district's calendar: the rows, and the windows that follow from them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.calendar import ALL_FORMS, Calendar, Extension, Fault, Times, moved
from conversations.people import Region, Role
from storage.calendar import Changed, fit_windows, lock_calendar, read_calendars
from storage.database import Database
from storage.errors import StorageError
from storage.inserting import insert_into
from storage.moments import as_ms, as_optional_ms
from storage.planning.calendar import plan_news
from storage.tables import extension, post, region, stage, window_change
from storage.turn_state import Shared

EXPLAINED = {
    Fault.NO_MOMENT: "A moment was expected; none was given. Say --opens, --due, --closes or --hours.",
    Fault.ENDS_TOO_EARLY: "An end after the beginning was expected; it is not. Correct one of them.",
    Fault.CLOSES_TOO_EARLY: "A closing not before the due moment was expected; it is. Correct one of them.",
}


async def put_times(connection: AsyncConnection, shared: Shared, changed: Changed, times: Times) -> int:
    """Let a stage be at these times; tell how many assignments have other windows by it."""
    await lock_calendar(connection, changed.district)
    row = {
        "cycle_id": changed.cycle,
        "district_id": changed.district,
        "form": times.form,
        "key": times.key,
        "opens_at": as_optional_ms(times.opens_at),
        "due_at": as_optional_ms(times.due_at),
        "closes_at": as_optional_ms(times.closes_at),
    }
    statement = insert_into(connection, stage)
    new = {name: statement.excluded[name] for name in ("opens_at", "due_at", "closes_at")}
    primary = [column.name for column in stage.primary_key]
    await connection.execute(statement.on_conflict_do_update(index_elements=primary, set_=new), row)
    return await fit_windows(connection, shared, changed)


async def put_extension(connection: AsyncConnection, shared: Shared, changed: Changed, granted: Extension) -> int:
    """Let a post have a later end, instead of an earlier extension of the same; tell how many windows are others."""
    await lock_calendar(connection, changed.district)
    row = {
        "cycle_id": changed.cycle,
        "post_id": granted.post,
        "form": granted.form,
        "stage": granted.stage,
        "until": as_ms(granted.until),
        "reason": granted.reason,
        "granted_by": changed.by,
        "granted_at": as_ms(changed.at),
    }
    statement = insert_into(connection, extension)
    new = {name: statement.excluded[name] for name in ("until", "reason", "granted_by", "granted_at")}
    primary = [column.name for column in extension.primary_key]
    await connection.execute(statement.on_conflict_do_update(index_elements=primary, set_=new), row)
    return await fit_windows(connection, shared, changed)


async def find_post(connection: AsyncConnection, place: int, role: Role, office: str) -> int | None:
    """Give the number of a region's post."""
    mine = (post.c.region_id == place) & (post.c.role == role) & (post.c.office == office)
    number: int | None = await connection.scalar(select(post.c.id).where(mine))
    return number


class Calendars:
    """The calendars of all districts: for the command line, and for what is done now and then."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self._database = database
        self._shared = shared

    async def of(self, code: str) -> tuple[Region, Calendar]:
        """Give the district of this code, or of the region of this code, and its calendar.

        Raises:
            StorageError: it is not on the roster.
        """
        async with self._database.reading("Looking up a calendar") as connection:
            return await self._find(connection, code)

    async def set_times(
        self,
        code: str,
        key: str,
        form: str,
        *,
        at: datetime,
        opens_at: datetime | None = None,
        due_at: datetime | None = None,
        closes_at: datetime | None = None,
    ) -> tuple[Times, int]:
        """Move a stage, for all forms (empty) or for one; give its times, and how many assignments they change.

        Raises:
            StorageError: the district is not on the roster, or the times cannot be.
        """
        async with self._database.writing("Changing a calendar") as connection:
            here, calendar = await self._find(connection, code)
            old = calendar.times_of(key, form) or Times(key)
            known = Times(key, form, old.opens_at, old.due_at, old.closes_at)
            times = moved(known, opens_at=opens_at, due_at=due_at, closes_at=closes_at)
            if isinstance(times, Fault):
                raise StorageError(EXPLAINED[times])
            changed = Changed(calendar.cycle, here.id, at)
            many = await put_times(connection, self._shared, changed, times)
            await connection.commit()
        return times, many

    async def clear(self, code: str, key: str, form: str, *, at: datetime) -> int:
        """Forget the times of a stage; the first stage for answers is open without an end then.

        Raises:
            StorageError: the district is not on the roster.
        """
        async with self._database.writing("Changing a calendar") as connection:
            here, calendar = await self._find(connection, code)
            changed = Changed(calendar.cycle, here.id, at)
            if form == ALL_FORMS and key == self._shared.library.instrument.answering[0]:
                many = await put_times(connection, self._shared, changed, Times(key))
            else:
                await lock_calendar(connection, here.id)
                mine = (stage.c.cycle_id == calendar.cycle) & (stage.c.district_id == here.id)
                await connection.execute(delete(stage).where(mine, stage.c.key == key, stage.c.form == form))
                many = await fit_windows(connection, self._shared, changed)
            await connection.commit()
        return many

    async def extend(self, code: str, granted: Extension) -> int:
        """Give a post a later end; tell how many assignments it changes.

        Raises:
            StorageError: the district is not on the roster.
        """
        async with self._database.writing("Extending a time") as connection:
            here, calendar = await self._find(connection, code)
            changed = Changed(calendar.cycle, here.id, granted.granted_at)
            many = await put_extension(connection, self._shared, changed, granted)
            await connection.commit()
        return many

    async def withdraw(self, code: str, number: int, *, at: datetime) -> int:
        """Take all extensions of a post back; tell how many assignments that changes.

        Raises:
            StorageError: the district is not on the roster.
        """
        async with self._database.writing("Withdrawing an extension") as connection:
            here, calendar = await self._find(connection, code)
            await lock_calendar(connection, here.id)
            mine = (extension.c.cycle_id == calendar.cycle) & (extension.c.post_id == number)
            await connection.execute(delete(extension).where(mine))
            many = await fit_windows(connection, self._shared, Changed(calendar.cycle, here.id, at))
            await connection.commit()
        return many

    async def plan_news(self, at: datetime) -> int:
        """Plan to tell everybody whose own time has changed (``storage.planning.calendar``); tell how many."""
        async with self._database.reading("Looking for changed calendars") as connection:
            if await connection.scalar(select(window_change.c.assignment_id).limit(1)) is None:
                return 0  # nearly always
        async with self._database.writing("Planning news of calendars") as connection:
            many = await plan_news(connection, self._shared, at)
            await connection.commit()
        return many

    async def _find(self, connection: AsyncConnection, code: str) -> tuple[Region, Calendar]:
        number = await connection.scalar(select(region.c.district_id).where(region.c.code == code))
        calendars = await read_calendars(connection, [number]) if number else {}
        if not number or number not in calendars:
            raise StorageError(
                f"The code of a kabupaten or kota on the roster, or of a region in one, was expected; {code!r} is "
                "none. Add it with `jemputbola district add`."
            )
        await self._shared.regions.know(connection, {number})
        return self._shared.regions.region(number), calendars[number]

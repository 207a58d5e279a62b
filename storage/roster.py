"""The roster: regions, posts and who holds them, invitations, approvals. The rare paths of an administrator."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Person, Post, Region, Role, Standing
from conversations.sheets import Returned
from storage import approvals
from storage.database import Database
from storage.districts import AddedDistrict, Wish, add_district
from storage.envelopes import AddressKey
from storage.errors import StorageError
from storage.flushing.forgetting import forget
from storage.form_renewal import renew_forms
from storage.identity import Move, move
from storage.invitations import insert_invitation, new_code
from storage.locks import lock_roster, lock_rows
from storage.moments import as_ms, as_optional_ms
from storage.posts_listed import ListedPost, in_district, list_posts
from storage.reaching import opt_out
from storage.region_loading import load_regions
from storage.rows import LASTS, PERSON, POST, read_person, read_post
from storage.tables import address, assignment, cycle, holding, invitation, person, post, region, stage
from storage.turn_state import Shared


@dataclass(frozen=True, slots=True)
class Issued:
    """An invitation just made; its code is known only here."""

    code: str
    post: ListedPost


class Roster:
    """Who is asked what, and who may answer."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self._database = database
        self._shared = shared

    async def load_regions(self) -> int:
        """Insert the provinces, kabupaten and kota that are not there yet; tell how many."""
        async with self._database.writing("Loading regions") as connection:
            await lock_roster(connection)
            loaded = await load_regions(connection)
            await connection.commit()
        return loaded

    async def add_district(
        self, code: str, year: int, due_at: datetime | None, *, at: datetime, forms: Collection[str] = ()
    ) -> AddedDistrict:
        """Put a kabupaten or kota on the roster of a year, with everybody who is asked. Again: only the end moves.

        ``due_at`` is the end of the first stage that takes answers; without it the calendar stays as it is.
        Forms that carry points are assigned; others (``drppa``) only when ``forms`` names them.

        Raises:
            StorageError: the code or a form is unknown.
        """
        await self._shared.form_rows.prepare(self._database)
        async with self._database.writing("Adding a district") as connection:
            await lock_roster(connection)
            added = await add_district(connection, self._shared, Wish(code, year, due_at, at, forms))
            await connection.commit()
        return added

    async def renew_forms(self) -> int:
        """Fit running assignments to the library's versions of their forms; tell how many had another."""
        await self._shared.form_rows.prepare(self._database)
        async with self._database.writing("Fitting assignments to new versions of forms") as connection:
            await lock_roster(connection)
            renewed = await renew_forms(connection, self._shared)
            await connection.commit()
        return renewed

    async def find_region(self, code: str) -> Region | None:
        """Give a region of the database by its code."""
        async with self._database.reading("Looking up a region") as connection:
            number = await connection.scalar(select(region.c.id).where(region.c.code == code))
            if number is None:
                return None
            await self._shared.regions.know(connection, {number})
        return self._shared.regions.region(number)

    async def find_post(self, region_code: str, role: Role, office: str = "") -> int | None:
        """Give the number of a post on the roster."""
        mine = (region.c.code == region_code) & (post.c.role == role) & (post.c.office == office)
        statement = select(post.c.id).join(region, region.c.id == post.c.region_id).where(mine)
        async with self._database.reading("Looking up a post") as connection:
            return await connection.scalar(statement)

    async def find_assignment(self, region_code: str, form: str) -> int | None:
        """Give the number of what a region has to answer in the newest running cycle."""
        mine = (region.c.code == region_code) & (assignment.c.form == form) & cycle.c.closed_at.is_(None)
        statement = select(func.max(assignment.c.id)).join(region, region.c.id == assignment.c.region_id)
        async with self._database.reading("Looking up an assignment") as connection:
            joined = statement.join(cycle, cycle.c.id == assignment.c.cycle_id).where(mine)
            number: int | None = await connection.scalar(joined)
        return number

    async def posts(self, *, role: Role | None = None, district: str = "") -> list[ListedPost]:
        """Give the posts of a role (or of all), in a district (or everywhere), by code of region."""
        conditions = [post.c.role == role] if role else []
        if district:
            conditions.append(in_district(district))
        async with self._database.reading("Listing posts") as connection:
            return await list_posts(connection, self._shared.regions, conditions)

    async def districts(self) -> list[Region]:
        """Give the districts on the roster of a running cycle, by code."""
        running = select(stage.c.district_id).join(cycle).where(cycle.c.closed_at.is_(None))
        statement = select(region.c.id).where(region.c.id.in_(running)).order_by(region.c.code)
        async with self._database.reading("Listing districts") as connection:
            numbers = (await connection.scalars(statement)).all()
            await self._shared.regions.know(connection, set(numbers))
        return [self._shared.regions.region(number) for number in numbers]

    async def issue_invitation(
        self,
        post_id: int,
        standing: Standing,
        *,
        at: datetime,
        name: str = "",
        honorific: str = "",
        expires_at: datetime | None = None,
    ) -> str:
        """Make a single-use invitation and give its code, which is not kept; it lives 60 days unless said otherwise."""
        code = new_code()
        expires = None if expires_at is None else as_ms(expires_at)
        async with self._database.writing("Making an invitation") as connection:
            await insert_invitation(
                connection,
                code,
                post=post_id,
                standing=standing,
                name=name,
                at=as_ms(at),
                honorific=honorific,
                expires_at=expires,
            )
            await connection.commit()
        return code

    async def invite_vacant(self, district: str, *, at: datetime, expires_at: datetime | None = None) -> list[Issued]:
        """Make an invitation for each post that nobody holds; older unused ones to these posts end."""
        expires = None if expires_at is None else as_ms(expires_at)
        async with self._database.writing("Making invitations") as connection:
            await lock_roster(connection)
            listed = await list_posts(connection, self._shared.regions, [in_district(district)])
            vacant = [each for each in listed if not each.is_held]
            await _withdraw(connection, [each.id for each in vacant], as_ms(at))
            issued = [Issued(new_code(), each) for each in vacant]
            for each in issued:
                await insert_invitation(
                    connection,
                    each.code,
                    post=each.post.id,
                    standing=Standing.DEFINITIVE,
                    name="",
                    at=as_ms(at),
                    expires_at=expires,
                )
            await connection.commit()
        return issued

    async def approve(self, number: int, row: str, *, by: int | None, at: datetime) -> None:
        """Let a row count in the verified figure, at the share that it claims now; ``by`` is a person, or nobody known.

        Raises:
            StorageError: nothing whose worth is known has been answered there.
        """
        await self._shared.form_rows.prepare(self._database)
        async with self._database.writing("Approving a row") as connection:
            await approvals.approve(connection, self._shared, (number, row), by=by, at=as_ms(at))
            await connection.commit()

    async def take_approval_back(self, number: int, row: str) -> None:
        """Let a row count as claimed only.

        Raises:
            StorageError: nothing has been answered there.
        """
        await self._shared.form_rows.prepare(self._database)
        async with self._database.writing("Taking an approval back") as connection:
            await approvals.take_back(connection, self._shared, (number, row))
            await connection.commit()

    async def return_row(self, number: int, row: str, why: Returned, *, at: datetime) -> None:
        """Give a row back to be completed; whoever answers for it is told a little later, of all such rows at once.

        Its answers stay and count as claimed, not as verified; what was sent counts as not sent.

        Raises:
            StorageError: nothing has been answered there.
        """
        await self._shared.form_rows.prepare(self._database)
        async with self._database.writing("Returning a row") as connection:
            await approvals.return_row(connection, self._shared, (number, row), why, at=at)
            await connection.commit()

    async def posts_of(self, person_id: int) -> tuple[Post, ...]:
        """Give the posts that a person holds."""
        statement = (
            select(*POST)
            .join(holding, holding.c.post_id == post.c.id)
            .where(holding.c.person_id == person_id, LASTS)
            .order_by(holding.c.id)
        )
        async with self._database.reading("Looking up a person's posts") as connection:
            rows = (await connection.execute(statement)).all()
            await self._shared.regions.know(connection, {row.region_id for row in rows})
        return tuple(read_post(row, self._shared.regions) for row in rows)

    async def holders(self, post_id: int) -> tuple[Person, ...]:
        """Give the people who hold a post."""
        statement = (
            select(*PERSON).join(holding, holding.c.person_id == person.c.id).where(holding.c.post_id == post_id, LASTS)
        )
        async with self._database.reading("Looking up a post's holders") as connection:
            return tuple(read_person(row) for row in await connection.execute(statement.order_by(holding.c.id)))

    async def end_holding(self, person_id: int, post_id: int, at: datetime) -> bool:
        """Let a person hold a post no longer; tell whether they did."""
        mine = and_(holding.c.person_id == person_id, holding.c.post_id == post_id, LASTS)
        async with self._database.writing("Ending a post") as connection:
            ended = await connection.execute(update(holding).where(mine).values(until=as_ms(at)))
            await connection.commit()
        return ended.rowcount > 0

    async def mark_blocked(self, address_key: AddressKey, at: datetime | None) -> None:
        """Note that a chat is closed to us since this moment, or open again (``None``). Strangers are not noted."""
        mine = and_(*(address.c[name] == getattr(address_key, name) for name in ("channel", "account", "user")))
        blocked_at = None if at is None else as_ms(at)
        async with self._database.writing("Noting a closed chat") as connection:
            await connection.execute(update(address).where(mine).values(blocked_at=blocked_at))
            await connection.commit()

    async def move_chat(self, told: Move) -> None:
        """Note that a chat has another name from now on, as its channel says; a second time changes nothing."""
        async with self._database.writing("Noting another id or phone number") as connection:
            await move(connection, told)
            await connection.commit()

    async def opt_out(self, address_key: AddressKey, at: datetime | None, *, now: datetime) -> None:
        """Note that a chat wants nothing unasked since this moment, or does again (``None``). Strangers are not noted.

        What waits for it is sent to another chat of its person, or not at all.
        """
        mine = and_(*(address.c[name] == getattr(address_key, name) for name in ("channel", "account", "user")))
        async with self._database.writing("Noting an opt-out") as connection:
            number = await connection.scalar(select(address.c.id).where(mine))
            if number is not None:
                await opt_out(connection, number, as_optional_ms(at), now=as_ms(now))
            await connection.commit()

    async def forget(self, person_id: int, at: datetime) -> None:
        """Forget a person who asked for it outside the chat.

        Raises:
            StorageError: there is no such person.
        """
        async with self._database.writing("Forgetting a person") as connection:
            await lock_rows(connection, person, [person_id])
            language = await connection.scalar(select(person.c.language).where(person.c.id == person_id))
            if language is None:
                raise StorageError(f"The number of a person was expected; {person_id} is none. Look them up.")
            await forget(connection, person_id, language=language, at=as_ms(at))
            await connection.commit()


async def _withdraw(connection: AsyncConnection, posts: Sequence[int], at: int) -> None:
    free = invitation.c.used_at.is_(None) & invitation.c.withdrawn_at.is_(None)
    await connection.execute(update(invitation).where(free, invitation.c.post_id.in_(posts)).values(withdrawn_at=at))

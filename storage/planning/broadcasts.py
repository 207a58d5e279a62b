"""Looks after broadcasts: starts them, lists who gets a copy, shows how far they are, and ends them.

All of it is computed from the database, a little in each transaction and under the broadcast's lock, so that it may
stop anywhere, and be done by two processes at once: a person is listed once for a broadcast and gets one message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Subquery, case, delete, exists, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.broadcasts import Broadcast, BroadcastState, LeftOut
from conversations.hours import next_allowed
from conversations.purposes import BroadcastCopy
from conversations.texts import texts_for
from conversations.views.broadcast_progress import progress_message
from storage.broadcasts.audiences import members, reached
from storage.broadcasts.register import draft_of, drop_waiting, lock_broadcast, read_broadcasts
from storage.channel_terms import NO_TERMS
from storage.database import Database
from storage.inserting import insert_into
from storage.moments import FOREVER, as_ms
from storage.outbox_states import OutboxState, Priority
from storage.rows import PERSON, encode, read_person
from storage.tables import address, broadcast, outbox, person, recipient
from storage.tables.base import AnyRow
from storage.turn_state import Shared
from storage.unasked import Unasked, put
from storage.wakeups import Wakeups

CHUNK = 500
"""People that one transaction lists: turns wait for it no longer than for a batch of theirs."""
LIFE = timedelta(days=7)
"""So long after its start a broadcast may still arrive: phones are off, and days have one message."""
WORTH_A_NOTE = timedelta(minutes=10)
"""Whoever watches a broadcast that ends sooner sees it end; otherwise a message of its own says so."""
EDIT_LIFE = timedelta(minutes=10)


class Broadcasts:
    """Those that are under way. Any number of processes may have one."""

    def __init__(self, database: Database, shared: Shared, wakeups: Wakeups) -> None:
        self._database = database
        self._shared = shared
        self._wakeups = wakeups

    async def tend(self, at: datetime) -> frozenset[str]:
        """Do what is due for all of them; give by what messages go out now (``storage.wakeups``)."""
        vias: set[str] = set()
        for number in await self._due(at):
            while await self._tend(number, at, vias):
                pass
        return frozenset(vias)

    async def _due(self, at: datetime) -> Sequence[int]:
        async with self._database.reading("Looking for broadcasts") as connection:
            return (await connection.scalars(broadcasts_due(at))).all()

    async def _tend(self, number: int, at: datetime, vias: set[str]) -> bool:
        """Take one step with a broadcast; tell whether there is another one now."""
        async with self._database.writing("Looking after a broadcast") as connection:
            row = await lock_broadcast(connection, number)
            if row.ended_at is not None:
                return False
            row = await _started(connection, row, at)
            is_listing = row.state == BroadcastState.SENDING and row.listed_at is None
            if is_listing:
                is_listing = await self._list(connection, row, at)
            if row.state == BroadcastState.CANCELLED:
                await drop_waiting(connection, number, at=as_ms(at))
            news = set() if is_listing else await self._show(connection, number, at)
            vias |= news
            await self._wakeups.notify(connection, news)
            await connection.commit()
        return is_listing

    async def _list(self, connection: AsyncConnection, row: AnyRow, at: datetime) -> bool:
        """List some more people, and put their copies into the outbox; tell whether there may be others."""
        meant = self._meant(row, at)
        statement = select(meant.c.person_id, meant.c.post_id).where(meant.c.person_id > row.listed_to)
        people = (await connection.execute(statement.order_by(meant.c.person_id).limit(CHUNK))).all()
        await self._shared.regions.know(connection, {row.district_id})
        region = self._shared.regions.region(row.district_id)
        earliest = next_allowed(at, region.code, self._shared.rules)
        wanted = {each.person_id: _once(row.id, each.person_id) for each in people}
        copies = [
            Unasked(who, BroadcastCopy(row.id), once, earliest, earliest + LIFE, Priority.BULK)
            for who, once in wanted.items()
        ]
        found = await put(connection, copies, at)
        reasons = await _why_unreached(connection, {who for who, once in wanted.items() if once not in found})
        rows = [
            {
                "broadcast_id": row.id,
                "person_id": each.person_id,
                "post_id": each.post_id,
                "outbox_id": found.get(wanted[each.person_id]),
                "left_out": reasons.get(each.person_id, ""),
            }
            for each in people
        ]
        if rows:
            await connection.execute(insert_into(connection, recipient).on_conflict_do_nothing(), rows)
        is_last = len(people) < CHUNK
        listed: dict[str, Any] = {"listed_at": as_ms(at)} if is_last else {"listed_to": people[-1].person_id}
        await connection.execute(update(broadcast).where(broadcast.c.id == row.id).values(listed))
        return not is_last

    def _meant(self, row: AnyRow, at: datetime) -> Subquery:
        audience = draft_of(row).audience
        if audience.channel:
            return reached(audience, author=row.author_id, at=as_ms(at))
        return members(audience, author=row.author_id)

    async def _show(self, connection: AsyncConnection, number: int, at: datetime) -> set[str]:
        """Let the author see how far it is, and end it when nothing of it is under way; give by what that goes out.

        What waits until its readers write, for days perhaps, still goes when they do.
        """
        chosen = select(broadcast).where(broadcast.c.id == number)
        row = (await connection.execute(chosen)).one()
        [found] = await read_broadcasts(connection, chosen)
        is_over = found.waiting == found.held and (row.state == BroadcastState.CANCELLED or row.listed_at is not None)
        if is_over:
            ended = {"ended_at": as_ms(at)}
            if row.state != BroadcastState.CANCELLED:
                ended["state"] = int(BroadcastState.FINISHED)
            await connection.execute(update(broadcast).where(broadcast.c.id == number).values(ended))
            [found] = await read_broadcasts(connection, chosen)
        return await self._tell(connection, row, found, at=at)

    async def _tell(self, connection: AsyncConnection, row: AnyRow, found: Broadcast, *, at: datetime) -> set[str]:
        author = (await connection.execute(select(*PERSON).where(person.c.id == row.author_id))).one()
        who = read_person(author)
        await self._shared.regions.know(connection, {row.district_id})
        code = self._shared.regions.region(row.district_id).code
        shown = encode(progress_message(texts_for(who.language, who.honorific), found, code, at=at)).decode()
        card = (await connection.execute(select(outbox).where(outbox.c.id == row.shown_by))).one_or_none()
        if card is None or shown == row.shown:
            return set()
        can_edit = self._shared.terms.get(card.via.partition(":")[0], NO_TERMS).can_edit
        is_known = card.state == OutboxState.SENT and bool(card.message_id)
        vias = set()
        if can_edit and is_known:
            await _edit(connection, card, shown, row.id, at=at)
            vias.add(card.via)
        if found.ended_at and _is_worth_a_note(found, can_edit=can_edit and is_known):
            await _note(connection, card, shown, row.id, at=at)
            vias.add(card.via)
        if vias:
            await connection.execute(update(broadcast).where(broadcast.c.id == row.id).values(shown=shown))
        return vias


def broadcasts_due(at: datetime) -> Select[Any]:
    """Give the query for the broadcasts that have to be looked after, older first."""
    is_early = (broadcast.c.state == BroadcastState.SCHEDULED) & (broadcast.c.starts_at > as_ms(at))
    return select(broadcast.c.id).where(text("ended_at IS NULL"), ~is_early).order_by(broadcast.c.id)


async def _started(connection: AsyncConnection, row: AnyRow, at: datetime) -> AnyRow:
    """Start a broadcast whose time has come; give it as it is now."""
    if row.state != BroadcastState.SCHEDULED or row.starts_at > as_ms(at):
        return row
    starting = update(broadcast).where(broadcast.c.id == row.id).values(state=int(BroadcastState.SENDING))
    return (await connection.execute(starting.returning(*broadcast.c))).one()


def _once(number: int, who: int) -> str:
    return f"broadcast:{number}:{who}"


async def _why_unreached(connection: AsyncConnection, people: set[int]) -> dict[int, str]:
    """Say why these people have no chat in which they can be reached."""
    is_blocked = ~exists().where(address.c.person_id == person.c.id, address.c.blocked_at.is_(None))
    why = case((is_blocked, LeftOut.BLOCKED.value), else_=LeftOut.OPTED_OUT.value).label("why")
    rows = await connection.execute(select(person.c.id, why).where(person.c.id.in_(people)))
    return {row.id: row.why for row in rows}


def _is_worth_a_note(found: Broadcast, *, can_edit: bool) -> bool:
    took = found.ended_at - found.confirmed_at if found.ended_at else timedelta(0)
    return bool(found.people) and (not can_edit or took > WORTH_A_NOTE)


async def _edit(connection: AsyncConnection, card: AnyRow, shown: str, number: int, *, at: datetime) -> None:
    """Change what the author's message says; a change that nobody has tried to send yet is not needed any more."""
    name = f"broadcast:{number}"
    older = (outbox.c.address_id == card.address_id) & (outbox.c.supersedes == name) & (outbox.c.attempts == 0)
    await connection.execute(delete(outbox).where(older, text("state <= 1"), outbox.c.state == 0))
    row = _row(card, shown, at) | {
        "supersedes": name,
        "edits": card.id,
        "not_after": as_ms(at + EDIT_LIFE),
    }
    await connection.execute(insert(outbox).values(row))


async def _note(connection: AsyncConnection, card: AnyRow, shown: str, number: int, *, at: datetime) -> None:
    row = _row(card, shown, at) | {"dedupe": f"broadcast:{number}:end", "not_after": FOREVER}
    await connection.execute(insert_into(connection, outbox).on_conflict_do_nothing(), row)


def _row(card: AnyRow, shown: str, at: datetime) -> dict[str, Any]:
    return {
        "address_id": card.address_id,
        "via": card.via,
        "priority": int(Priority.ALERT),
        "body": shown,
        "created_at": as_ms(at),
    }

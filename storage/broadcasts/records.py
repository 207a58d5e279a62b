"""Reads who got a broadcast and who did not, person by person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.broadcasts import Failure, Fate, LeftOut, Recipient, Record
from conversations.people import Standing
from storage.broadcasts.register import failure_of, read_broadcasts
from storage.database import Database
from storage.envelopes import channel_name
from storage.errors import StorageError
from storage.moments import from_optional_ms
from storage.outbox_states import OutboxState
from storage.rows import PERSON, read_person, read_post
from storage.tables import address, broadcast, holding, outbox, person, post, recipient, region
from storage.tables.base import AnyRow
from storage.turn_state import Shared

FATES = {
    OutboxState.WAITING: Fate.WAITING,
    OutboxState.LEASED: Fate.WAITING,
    OutboxState.FAILED: Fate.FAILED,
    OutboxState.UNCERTAIN: Fate.UNCERTAIN,
    OutboxState.DROPPED: Fate.DROPPED,
}


class BroadcastRecords:
    """Reads them."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self._database = database
        self._shared = shared

    async def read(self, number: int, *, address: int) -> Record:
        """Give the record of a broadcast as it is now, in the language of whoever has this chat.

        Raises:
            StorageError: there is no such broadcast.
        """
        async with self._database.reading("Reading the record of a broadcast") as connection:
            found = await read_broadcasts(connection, select(broadcast).where(broadcast.c.id == number))
            if not found:
                raise StorageError(f"The number of a broadcast was expected; {number} is none. Correct the dialog.")
            rows = (await connection.execute(_recipients(number))).all()
            regions = self._shared.regions
            await regions.know(connection, {found[0].district, *(row.region_id for row in rows)})
            language = await _language(connection, address)
        people = tuple(self._recipient(row) for row in rows)
        return Record(language, found[0], regions.region(found[0].district).code, people)

    def _recipient(self, row: AnyRow) -> Recipient:
        held = (row.post_id, row.role, row.region_id, row.standing or Standing.DEFINITIVE, row.office)
        fate = _fate(row)
        return Recipient(
            person=read_person(row[: len(PERSON)]),
            post=read_post(held, self._shared.regions),
            channel_name=channel_name(row.channel) if row.channel else "",
            fate=fate,
            why=LeftOut(row.left_out) if row.left_out else Failure(row.failure) if row.failure else None,
            ended_at=from_optional_ms(row.done_at),
            delivered_at=from_optional_ms(row.delivered_at),
            read_at=from_optional_ms(row.read_at),
        )


def _recipients(number: int) -> Select[Any]:
    """Name everybody who was listed, by region; who has been replaced since is named with the post they had then."""
    newest = select(holding.c.standing).where(
        holding.c.person_id == recipient.c.person_id, holding.c.post_id == recipient.c.post_id
    )
    standing = newest.order_by(holding.c.id.desc()).limit(1).scalar_subquery().label("standing")
    told = (outbox.c[name] for name in ("state", "done_at", "delivered_at", "read_at"))
    return (
        select(*PERSON, recipient.c.post_id, post.c.role, post.c.region_id, post.c.office, standing)
        .add_columns(recipient.c.left_out, address.c.channel, *told, failure_of().label("failure"))
        .select_from(recipient)
        .join(person, person.c.id == recipient.c.person_id)
        .join(post, post.c.id == recipient.c.post_id)
        .join(region, region.c.id == post.c.region_id)
        .outerjoin(outbox, outbox.c.id == recipient.c.outbox_id)
        .outerjoin(address, address.c.id == outbox.c.address_id)
        .where(recipient.c.broadcast_id == number)
        .order_by(region.c.code, recipient.c.person_id)
    )


async def _language(connection: AsyncConnection, chat: int) -> str:
    asked = select(person.c.language).join(address, address.c.person_id == person.c.id).where(address.c.id == chat)
    language: str = (await connection.execute(asked)).scalar_one()
    return language


def _fate(row: AnyRow) -> Fate:
    if row.left_out or row.state is None:
        return Fate.LEFT_OUT
    if row.state != OutboxState.SENT:
        return FATES[OutboxState(row.state)]
    if row.read_at is not None:
        return Fate.READ
    return Fate.SENT if row.delivered_at is None else Fate.DELIVERED

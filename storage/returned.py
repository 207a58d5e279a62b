"""Lets people know of rows that came back: of all of an assignment at once, a little after the first."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import ROLES_BY_KIND, Role
from conversations.purposes import Returned
from storage.outbox_states import OutboxState
from storage.rows import LASTS, encode
from storage.tables import address, holding, outbox, post
from storage.tables.base import AnyRow
from storage.turn_state import Shared
from storage.unasked import Unasked, put

TOLD_AFTER = timedelta(minutes=10)
"""Whoever looks a form through gives several rows back, one after the other."""
STALE_AFTER = timedelta(days=14)


async def tell(connection: AsyncConnection, shared: Shared, row: AnyRow, at: datetime) -> None:
    """Have those told who answer an assignment of which this row just came back; once, while that waits."""
    purpose = Returned(row.assignment_id)
    people = await _answering(connection, shared, row) - await _waiting(connection, purpose)
    named = f"returned:{row.assignment_id}:{int(at.timestamp() * 1000)}"
    await put(
        connection,
        [
            Unasked(each, purpose, f"{named}:{each}", not_before=at + TOLD_AFTER, not_after=at + STALE_AFTER)
            for each in sorted(people)
        ],
        at,
    )


async def _answering(connection: AsyncConnection, shared: Shared, row: AnyRow) -> set[int]:
    """Find who is asked to complete a row: all of a village or kecamatan; of a kabupaten's many, who answered it."""
    await shared.regions.know(connection, {row.region_id})
    kind = shared.regions.region(row.region_id).kind
    here = (post.c.region_id == row.region_id) & post.c.role.in_(ROLES_BY_KIND[kind])
    held = select(holding.c.person_id, post.c.role).join(post, post.c.id == holding.c.post_id).where(here, LASTS)
    found = (await connection.execute(held)).all()
    everybody = {each.person_id for each in found}
    if kind != "district":
        return everybody
    return everybody & {row.updated_by} or {each.person_id for each in found if each.role == Role.COORDINATOR}


async def _waiting(connection: AsyncConnection, purpose: Returned) -> set[int]:
    waits = (outbox.c.state == OutboxState.WAITING) & (outbox.c.purpose == encode(purpose).decode())
    return set(await connection.scalars(select(address.c.person_id).join(outbox).where(waits)))

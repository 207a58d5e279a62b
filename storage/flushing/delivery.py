"""Writes what is to be sent and fetched after the commit, and events whose step failed."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.envelopes import via
from storage.inserting import insert_into, plain, write_many
from storage.tables import address, failed_event, job, outbox, session
from storage.turn_state import TurnState


async def write_delivery(connection: AsyncConnection, state: TurnState) -> None:
    """Write messages, jobs and failures, and count them."""
    pending = state.pending
    await _drop_superseded(connection, pending.superseded)
    await write_many(connection, plain(outbox), pending.outbox)
    told = await _addressed(connection, pending.told) if pending.told else []
    if told:
        await connection.execute(insert_into(connection, outbox).on_conflict_do_nothing(), told)
    await write_many(connection, plain(job), pending.jobs)
    await write_many(connection, plain(failed_event), pending.failed)
    state.messages += len(pending.outbox) + len(told)
    state.vias.update(row["via"] for row in (*pending.outbox, *told))
    state.jobs += len(pending.jobs)


async def _drop_superseded(connection: AsyncConnection, names: set[tuple[int, str]]) -> None:
    """A newer reply of the same name takes the place of one that nobody has tried to send yet."""
    for chat, name in names:
        same = (outbox.c.address_id == chat) & (outbox.c.supersedes == name) & (outbox.c.attempts == 0)
        await connection.execute(delete(outbox).where(same, text("state <= 1"), outbox.c.state == 0))


async def _addressed(connection: AsyncConnection, told: list[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Find where the people wrote last; whoever has never written, or is gone, is not told."""
    last = (
        select(session.c.person_id, session.c.address_id, address.c.channel, address.c.account)
        .join(address, address.c.id == session.c.address_id)
        .where(session.c.person_id.in_({person for person, _ in told}), address.c.blocked_at.is_(None))
    )
    where = {
        row.person_id: {"address_id": row.address_id, "via": via(row.channel, row.account)}
        for row in await connection.execute(last)
    }
    rows = [row | where[person] for person, row in told if person in where]
    return sorted(rows, key=itemgetter("dedupe"))  # two processes that tell the same wait for each other in one order

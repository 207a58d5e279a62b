"""Writes what is to be sent and fetched after the commit, and events whose step failed."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.envelopes import via
from storage.inserting import insert_into, plain, write_many
from storage.moments import as_ms
from storage.reaching import Because, Chosen, reach
from storage.tables import address, failed_event, job, letter, outbox
from storage.turn_state import Told, TurnState


async def write_delivery(connection: AsyncConnection, state: TurnState) -> None:
    """Write messages, jobs and failures, and count them."""
    pending = state.pending
    await _drop_superseded(connection, pending.superseded)
    await write_many(connection, plain(outbox), pending.outbox)
    told = await _addressed(connection, state) if pending.told else []
    if told:
        await connection.execute(insert_into(connection, outbox).on_conflict_do_nothing(), told)
    await write_many(connection, plain(letter), pending.letters)
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


async def _addressed(connection: AsyncConnection, state: TurnState) -> list[dict[str, Any]]:
    """Find where the people are reached; whoever cannot be, is not told."""
    told = state.pending.told
    chosen = await reach(connection, {one.person for one in told}, at=as_ms(state.at))
    rows = []
    for one in told:
        where = await _named(connection, one) if one.address else chosen.get(one.person)
        if where:
            rows.append(one.row | {"address_id": where.address, "via": where.via, "chosen_because": where.because})
    return sorted(rows, key=itemgetter("dedupe"))  # two processes that tell the same wait for each other in one order


async def _named(connection: AsyncConnection, told: Told) -> Chosen | None:
    """Give the chat that is meant, if it is the person's and takes what they did not ask for."""
    mine = (address.c.id == told.address) & (address.c.person_id == told.person)
    takes = address.c.blocked_at.is_(None) & address.c.opted_out_at.is_(None)
    found = (await connection.execute(select(address.c.channel, address.c.account).where(mine, takes))).one_or_none()
    return Chosen(told.address, via(found.channel, found.account), Because.NAMED) if found else None

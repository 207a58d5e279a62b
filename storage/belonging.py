"""Whose a chat is: it joins a person, leaves one, or turns out to be the same as another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.inserting import insert_into
from storage.tables import access_request, address, holding, job, link_code, message_topic, outbox, session

Owned = tuple[int, int]
"""An address and the person to whom it belongs."""


async def merge_chats(connection: AsyncConnection, gone: Owned, kept: Owned, *, at: int) -> bool:
    """Let everything of one chat be another's, which is the same; tell whether that was possible.

    Their people become one too, unless both hold a post: then nothing is changed.
    """
    people = {gone[1], kept[1]}
    holders = await _holders(connection, people, at)
    if len(holders) > 1:
        return False
    owner = next(iter(holders), kept[1])
    for other in people - {owner}:
        await _merge_people(connection, other, owner)
    await _move_chat(connection, gone[0], kept[0])
    return True


async def _holders(connection: AsyncConnection, people: Collection[int], at: int) -> set[int]:
    lasting = holding.c.person_id.in_(people) & (holding.c.since <= at) & (holding.c.until > at)
    return set((await connection.scalars(select(holding.c.person_id).where(lasting))).all())


async def _merge_people(connection: AsyncConnection, other: int, owner: int) -> None:
    """Give somebody's chats, requests and, where the owner has none, conversation to the owner."""
    for table in (address, access_request):
        await connection.execute(update(table).where(table.c.person_id == other).values(person_id=owner))
    await connection.execute(delete(link_code).where(link_code.c.person_id == other))
    if await connection.scalar(select(session.c.person_id).where(session.c.person_id == owner)) is None:
        await connection.execute(update(session).where(session.c.person_id == other).values(person_id=owner))
    await connection.execute(delete(session).where(session.c.person_id == other))


async def _move_chat(connection: AsyncConnection, gone: int, kept: int) -> None:
    for table in (session, outbox, job, link_code):
        await connection.execute(update(table).where(table.c.address_id == gone).values(address_id=kept))
    others = [column for column in message_topic.c if column.name != "address_id"]
    topics = select(literal(kept), *others).where(message_topic.c.address_id == gone)
    into = insert_into(connection, message_topic).from_select(["address_id", *(each.name for each in others)], topics)
    await connection.execute(into.on_conflict_do_nothing())
    await connection.execute(delete(message_topic).where(message_topic.c.address_id == gone))
    await connection.execute(update(address).where(address.c.id == kept).values(_joined(gone)))
    await connection.execute(delete(address).where(address.c.id == gone))


def _joined(gone: int) -> dict[str, ColumnElement[Any]]:
    """Whichever was heard last, and opted out if one of them was."""
    old = select(address).where(address.c.id == gone).subquery()

    def of_old(name: str) -> Any:
        return select(old.c[name]).scalar_subquery()

    heard, told = of_old("heard_at"), address.c.heard_at
    later = case((func.coalesce(heard, 0) > func.coalesce(told, 0), heard), else_=told)
    return {"heard_at": later, "opted_out_at": func.coalesce(address.c.opted_out_at, of_old("opted_out_at"))}

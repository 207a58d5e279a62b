"""Whose a chat is: it joins a person, leaves one, or turns out to be the same as another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StorageError
from storage.inserting import insert_into
from storage.invitations import code_hash
from storage.reaching import redirect
from storage.rows import LASTS
from storage.tables import access_request, address, holding, job, link_code, message_topic, outbox, session
from storage.ways import release

Owned = tuple[int, int]
"""An address and the person to whom it belongs."""


class Moved(NamedTuple):
    """A chat that goes from one person to another."""

    address: int
    old: int
    new: int


async def join(connection: AsyncConnection, moved: Moved, code: str, *, at: int) -> None:
    """Let a chat of somebody who holds nothing be another person's, by that person's code if there is one.

    Raises:
        StorageError: the code was used meanwhile, or the chat is no longer whose it was.
    """
    if code:
        free = (link_code.c.person_id == moved.new) & (link_code.c.code_hash == code_hash(code))
        used = update(link_code).where(free, link_code.c.used_at.is_(None)).values(used_at=at)
        if not (await connection.execute(used)).rowcount:
            raise StorageError("A free code for linking was expected; it is used. Decide the event again.")
    await _hand_over(connection, moved, linked_at=at)
    if await _other_chat(connection, moved) is None:
        mine = access_request.c.person_id == moved.old
        await connection.execute(update(access_request).where(mine).values(person_id=moved.new))
    await _go_on_elsewhere(connection, moved)


async def leave(connection: AsyncConnection, moved: Moved, *, at: int) -> set[str]:
    """Let a chat be a stranger's; what its person was still to be told there reaches them in another chat.

    Gives by what that goes out now.

    Raises:
        StorageError: it is their only chat, or not theirs.
    """
    if await _other_chat(connection, moved) is None:
        raise StorageError("One chat of several was expected; it is the person's only one. Correct the dialog.")
    await _hand_over(connection, moved, linked_at=None)
    await _go_on_elsewhere(connection, moved)
    return await redirect(connection, [moved.address], at=at, reason="unlinked", owner=moved.old)


async def _hand_over(connection: AsyncConnection, moved: Moved, *, linked_at: int | None) -> None:
    mine = (address.c.id == moved.address) & (address.c.person_id == moved.old)
    values = {"person_id": moved.new, "linked_at": linked_at}
    if not (await connection.execute(update(address).where(mine).values(values))).rowcount:
        raise StorageError(
            f"A chat of person {moved.old} was expected; number {moved.address} is not. Decide the event again."
        )


async def _other_chat(connection: AsyncConnection, moved: Moved) -> int | None:
    theirs = (address.c.person_id == moved.old) & (address.c.id != moved.address)
    number: int | None = await connection.scalar(select(func.max(address.c.id)).where(theirs))
    return number


async def _go_on_elsewhere(connection: AsyncConnection, moved: Moved) -> None:
    """The conversation of whoever has lost a chat goes on in another one, or is over."""
    mine, here = session.c.person_id == moved.old, session.c.address_id == moved.address
    other = await _other_chat(connection, moved)
    lost = delete(session).where(mine) if other is None else update(session).where(mine & here).values(address_id=other)
    await connection.execute(lost)
    codes = (link_code.c.person_id == moved.old) & (link_code.c.address_id == moved.address)
    await connection.execute(delete(link_code).where(codes))


async def merge_chats(connection: AsyncConnection, gone: Owned, kept: Owned) -> bool:
    """Let everything of one chat be another's, which is the same; tell whether that was possible.

    Their people become one too, unless both hold a post: then nothing is changed.
    """
    people = {gone[1], kept[1]}
    holders = await _holders(connection, people)
    if len(holders) > 1:
        return False
    owner = next(iter(holders), kept[1])
    for other in people - {owner}:
        await _merge_people(connection, other, owner)
    await _move_chat(connection, gone[0], kept[0])
    return True


async def _holders(connection: AsyncConnection, people: Collection[int]) -> set[int]:
    lasting = holding.c.person_id.in_(people) & LASTS
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
    await release(connection, [kept])
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

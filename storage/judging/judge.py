"""The one place where messages that nobody asked for are judged: who reads them, and which judge knows their kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Post
from conversations.purposes import Purpose
from storage.judging.verdicts import Case, Drop, Judge, Reader, Verdict
from storage.rows import LASTS, PERSON, POST, read_person, read_post
from storage.tables import address, holding, outbox, person, post
from storage.turn_state import Shared

JUDGES: Mapping[type[Any], Judge] = {}
"""By the kind of purpose."""


async def judge(
    connection: AsyncConnection, shared: Shared, purposes: Mapping[int, Purpose], at: datetime
) -> dict[int, Verdict]:
    """Judge these messages of the outbox."""
    readers = await _readers(connection, shared, list(purposes))
    verdicts: dict[int, Verdict] = {}
    by_kind: defaultdict[type[Any], list[Case]] = defaultdict(list)
    for number, purpose in purposes.items():
        reader = readers[number]
        if reader.posts:
            by_kind[type(purpose)].append(Case(number, purpose, reader))
        else:
            verdicts[number] = Drop("its reader holds no post any more")
    for kind, cases in by_kind.items():
        verdicts |= await JUDGES[kind](connection, shared, cases, at)
    return verdicts


async def _readers(connection: AsyncConnection, shared: Shared, messages: list[int]) -> dict[int, Reader]:
    whom = select(outbox.c.id.label("message"), *PERSON).join(address, address.c.id == outbox.c.address_id)
    rows = (await connection.execute(whom.join(person).where(outbox.c.id.in_(messages)))).all()
    people = {row.message: read_person(row[1:]) for row in rows}
    held = (
        select(holding.c.person_id, *POST)
        .join(post, post.c.id == holding.c.post_id)
        .where(holding.c.person_id.in_({each.id for each in people.values()}), LASTS)
        .order_by(holding.c.id)
    )
    found = (await connection.execute(held)).all()
    await shared.regions.know(connection, {row.region_id for row in found})
    posts: defaultdict[int, list[Post]] = defaultdict(list)
    for row in found:
        posts[row.person_id].append(read_post(row[1:], shared.regions))
    return {number: Reader(who, tuple(posts[who.id])) for number, who in people.items()}

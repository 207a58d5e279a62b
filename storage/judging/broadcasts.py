"""Judges the copies of broadcasts: is it still going on, is the reader still meant, and what does theirs say by now?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.broadcasts import BroadcastState
from conversations.purposes import BroadcastCopy
from conversations.views.broadcast_copies import Written
from storage.broadcasts.audiences import members
from storage.broadcasts.copies import write_copies
from storage.broadcasts.register import CANCELLED, draft_of
from storage.judging.verdicts import Case, Drop, Go, PutOff, Verdict
from storage.tables import broadcast
from storage.tables.base import AnyRow
from storage.turn_state import Shared

PAUSED_LOOK = timedelta(minutes=30)
"""A copy of a paused broadcast is judged again so often, and at once when the broadcast goes on."""


async def judge_copies(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Judge copies, those of each broadcast together."""
    by_broadcast: defaultdict[int, list[Case]] = defaultdict(list)
    for case in cases:
        assert isinstance(case.purpose, BroadcastCopy)
        by_broadcast[case.purpose.broadcast].append(case)
    rows = await connection.execute(select(broadcast).where(broadcast.c.id.in_(by_broadcast)).order_by(broadcast.c.id))
    verdicts: dict[int, Verdict] = {}
    for row in rows.all():
        verdicts |= await _judge(connection, shared, (row, by_broadcast[row.id]), at)
    return verdicts


async def _judge(
    connection: AsyncConnection, shared: Shared, copies: tuple[AnyRow, Sequence[Case]], at: datetime
) -> Mapping[int, Verdict]:
    row, cases = copies
    if row.state == BroadcastState.CANCELLED:
        return {case.id: Drop(CANCELLED) for case in cases}
    if row.state == BroadcastState.PAUSED:
        return {case.id: PutOff(at + PAUSED_LOOK, "the broadcast is paused") for case in cases}
    return await _write(connection, shared, row, cases)


async def _write(
    connection: AsyncConnection, shared: Shared, row: AnyRow, cases: Sequence[Case]
) -> Mapping[int, Verdict]:
    draft = draft_of(row)
    people = {case.reader.person.id for case in cases}
    found = await connection.execute(select(members(draft.audience, author=row.author_id, among=people)))
    as_holder_of = {each.person_id: each.post_id for each in found}
    readers = {
        case.id: (case.reader.person, post)
        for case in cases
        for post in case.reader.posts
        if post.id == as_holder_of.get(case.reader.person.id)
    }
    await shared.regions.know(connection, {row.district_id})
    written = Written(row.id, draft.text, draft.file, shared.regions.region(row.district_id).name)
    messages = await write_copies(connection, shared.library, written, readers, form=draft.audience.form)
    return {
        case.id: Go(messages[case.id]) if case.id in messages else Drop("its reader is not among its audience any more")
        for case in cases
    }

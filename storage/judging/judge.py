"""The one place where messages that nobody asked for are judged: first by what holds for all, then by their kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.hours import day_number, next_allowed, next_day
from conversations.people import Person, Post
from conversations.purposes import (
    BroadcastCopy,
    CalendarChange,
    Digest,
    Purpose,
    Reminder,
    Returned,
    Summary,
    Unfinished,
    is_awaited,
)
from storage.inserting import insert_into
from storage.judging.broadcasts import judge_copies
from storage.judging.calendar import judge_changes
from storage.judging.digests import judge_digests
from storage.judging.reminders import judge_reminders, judge_unfinished
from storage.judging.returned import judge_returned
from storage.judging.summaries import judge_summaries
from storage.judging.verdicts import Case, Drop, Go, Judge, PutOff, Reader, Verdict
from storage.rows import LASTS, PERSON, POST, read_person, read_post
from storage.tables import address, daily_contact, holding, outbox, person, post
from storage.tables.base import AnyRow
from storage.turn_state import Shared

JUDGES: dict[type[Any], Judge] = {
    BroadcastCopy: judge_copies,
    CalendarChange: judge_changes,
    Digest: judge_digests,
    Reminder: judge_reminders,
    Returned: judge_returned,
    Summary: judge_summaries,
    Unfinished: judge_unfinished,
}
"""By the kind of purpose."""
FOR_STRANGERS = (Unfinished,)
"""Kinds for readers who hold no post."""
TOLD_TODAY = "they were told something else today"


async def judge(
    connection: AsyncConnection, shared: Shared, purposes: Mapping[int, Purpose], at: datetime
) -> dict[int, Verdict]:
    """Judge these messages of the outbox, in this order.

    A chat that takes nothing unasked any more, or a reader without a post: dropped. Outside of hours there: put off
    until the next moment within them. Told something else today: put off to the next day. Then the judge of its kind;
    and what it lets go takes the reader's day, so that of two judged at once the second is put off.
    """
    cases = await _cases(connection, shared, purposes)
    told = await _told(connection, cases)
    verdicts: dict[int, Verdict] = {}
    by_kind: defaultdict[type[Any], list[Case]] = defaultdict(list)
    for case in cases:
        if refused := _refused(case, told, shared, at):
            verdicts[case.id] = refused
        else:
            by_kind[type(case.purpose)].append(case)
    for kind, some in by_kind.items():
        verdicts |= await JUDGES[kind](connection, shared, some, at)
    going = [case for case in cases if isinstance(verdicts[case.id], Go)]
    return verdicts | await _take_days(connection, shared, going, at)


async def _cases(connection: AsyncConnection, shared: Shared, purposes: Mapping[int, Purpose]) -> list[Case]:
    whom = select(outbox.c.id, address.c.blocked_at, address.c.opted_out_at, *PERSON)
    joined = whom.join(address, address.c.id == outbox.c.address_id).join(person).where(outbox.c.id.in_(purposes))
    rows = (await connection.execute(joined.order_by(outbox.c.priority, outbox.c.id))).all()
    people = {row.id: read_person(row[3:]) for row in rows}
    posts = await _posts(connection, shared, {each.id for each in people.values()})
    return [Case(row.id, purposes[row.id], _reader(row, people[row.id], posts, purposes[row.id])) for row in rows]


def _reader(row: AnyRow, who: Person, posts: Mapping[int, tuple[Post, ...]], purpose: Purpose) -> Reader:
    held = posts.get(who.id, ())
    code = held[0].region.code if held else purpose.region_code if isinstance(purpose, FOR_STRANGERS) else ""
    return Reader(who, held, code, is_closed=row.blocked_at is not None or row.opted_out_at is not None)


async def _posts(connection: AsyncConnection, shared: Shared, people: set[int]) -> dict[int, tuple[Post, ...]]:
    held = (
        select(holding.c.person_id, *POST)
        .join(post, post.c.id == holding.c.post_id)
        .where(holding.c.person_id.in_(people), LASTS)
        .order_by(holding.c.id)
    )
    found = (await connection.execute(held)).all()
    await shared.regions.know(connection, {row.region_id for row in found})
    posts: defaultdict[int, list[Post]] = defaultdict(list)
    for row in found:
        posts[row.person_id].append(read_post(row[1:], shared.regions))
    return {owner: tuple(some) for owner, some in posts.items()}


async def _told(connection: AsyncConnection, cases: Sequence[Case]) -> dict[int, tuple[int, int]]:
    """Give the last day on which each reader was told something, and the message."""
    readers = {case.reader.person.id for case in cases}
    rows = await connection.execute(select(daily_contact).where(daily_contact.c.person_id.in_(readers)))
    return {row.person_id: (row.day, row.outbox_id) for row in rows}


def _refused(case: Case, told: Mapping[int, tuple[int, int]], shared: Shared, at: datetime) -> Verdict | None:
    """Judge by what holds for all messages; ``None``: its kind decides."""
    reader, code = case.reader, case.reader.region_code
    if reader.is_closed:
        return Drop("its reader wants nothing there, or is gone")
    if not reader.posts and not isinstance(case.purpose, FOR_STRANGERS):
        return Drop("its reader holds no post any more")
    allowed = next_allowed(at, code, shared.rules)
    if allowed > at:
        return PutOff(allowed, "outside of hours")
    day, message = told.get(reader.person.id, (0, 0))
    is_told = day == day_number(at, code) and message != case.id and not is_awaited(case.purpose)
    return PutOff(next_day(at, code, shared.rules), TOLD_TODAY) if is_told else None


async def _take_days(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> dict[int, Verdict]:
    """Let each message be the one of its reader's day; give a verdict for those that come second and can wait."""
    first: dict[int, Case] = {}
    for case in cases:
        first.setdefault(case.reader.person.id, case)
    taken = await _take(
        connection,
        [
            {"person_id": reader, "day": day_number(at, case.reader.region_code), "outbox_id": case.id}
            for reader, case in sorted(first.items())  # two processes wait for each other in one order
        ],
    )
    return {
        case.id: PutOff(next_day(at, case.reader.region_code, shared.rules), TOLD_TODAY)
        for case in cases
        if case.id not in taken and not is_awaited(case.purpose)
    }


async def _take(connection: AsyncConnection, rows: Sequence[Mapping[str, int]]) -> set[int]:
    """Note what is told to whom on which day, unless it is something else already; give what is."""
    if not rows:
        return set()
    statement = insert_into(connection, daily_contact)
    new = statement.excluded
    is_free = or_(daily_contact.c.day != new.day, daily_contact.c.outbox_id == new.outbox_id)
    taking = statement.on_conflict_do_update(
        index_elements=["person_id"], set_={"day": new.day, "outbox_id": new.outbox_id}, where=is_free
    ).returning(daily_contact.c.outbox_id)
    return set((await connection.execute(taking, list(rows))).scalars())

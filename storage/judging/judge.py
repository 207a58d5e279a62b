"""The one place where messages that nobody asked for are judged: first by what holds for all, then by their kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

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
from storage.inserting import dialect_insert
from storage.judging.broadcasts import judge_copies
from storage.judging.calendar import judge_changes
from storage.judging.digests import judge_digests
from storage.judging.reminders import judge_reminders, judge_unfinished
from storage.judging.returned import judge_returned
from storage.judging.summaries import judge_summaries
from storage.judging.verdicts import Case, Drop, Go, Judge, PutOff, Reader, Verdict
from storage.posts_held import posts_of
from storage.rows import PERSON, read_person
from storage.statements import Statement, given
from storage.tables import address, daily_contact, outbox, person
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


def _addressed(dialect: str) -> Select[Any]:
    return (
        select(outbox.c.id, address.c.blocked_at, address.c.opted_out_at, *PERSON)
        .join(address, address.c.id == outbox.c.address_id)
        .join(person, person.c.id == address.c.person_id)
        .where(outbox.c.id.in_(select(given(dialect, outbox.c.id))))
        .order_by(outbox.c.priority, outbox.c.id)
    )


def _last_told(dialect: str) -> Select[Any]:
    readers = select(given(dialect, daily_contact.c.person_id))
    return select(daily_contact.c.person_id, daily_contact.c.day, daily_contact.c.outbox_id).where(
        daily_contact.c.person_id.in_(readers)
    )


def _take_day(dialect: str) -> ReturningInsert[Any]:
    names = ("person_id", "day", "outbox_id")
    rows = select(given(dialect, *(daily_contact.c[name] for name in names)))
    rows = rows.where(true())  # or SQLite takes ON CONFLICT for the condition of a join
    statement = dialect_insert(dialect, daily_contact).from_select(names, rows)
    new = statement.excluded
    is_free = or_(daily_contact.c.day != new.day, daily_contact.c.outbox_id == new.outbox_id)
    return statement.on_conflict_do_update(
        index_elements=["person_id"], set_={"day": new.day, "outbox_id": new.outbox_id}, where=is_free
    ).returning(daily_contact.c.outbox_id)


ADDRESSED, LAST_TOLD, TAKE_DAY = Statement(_addressed), Statement(_last_told), Statement(_take_day)


async def _cases(connection: AsyncConnection, shared: Shared, purposes: Mapping[int, Purpose]) -> list[Case]:
    rows = await ADDRESSED.fetch(connection, {"id": list(purposes)})
    people = {row[0]: read_person(row[3:]) for row in rows}
    posts = await posts_of(connection, shared.regions, {each.id for each in people.values()})
    cases = []
    for number, blocked_at, opted_out_at, *_ in rows:
        is_closed = blocked_at is not None or opted_out_at is not None
        who = people[number]
        reader = _reader(who, posts.get(who.id, ()), purposes[number], is_closed=is_closed)
        cases.append(Case(number, purposes[number], reader))
    return cases


def _reader(who: Person, held: Sequence[Post], purpose: Purpose, *, is_closed: bool) -> Reader:
    code = held[0].region.code if held else purpose.region_code if isinstance(purpose, FOR_STRANGERS) else ""
    return Reader(who, tuple(held), code, is_closed=is_closed)


async def _told(connection: AsyncConnection, cases: Sequence[Case]) -> dict[int, tuple[int, int]]:
    """Give the last day on which each reader was told something, and the message."""
    rows = await LAST_TOLD.fetch(connection, {"person_id": list({case.reader.person.id for case in cases})})
    return {reader: (day, message) for reader, day, message in rows}


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
    one_by_one = sorted(first.items())  # two processes wait for each other in one order
    columns = {
        "person_id": [reader for reader, _ in one_by_one],
        "day": [day_number(at, case.reader.region_code) for _, case in one_by_one],
        "outbox_id": [case.id for _, case in one_by_one],
    }
    taken = {message for (message,) in await TAKE_DAY.fetch(connection, columns)} if first else set[int]()
    return {
        case.id: PutOff(next_day(at, case.reader.region_code, shared.rules), TOLD_TODAY)
        for case in cases
        if case.id not in taken and not is_awaited(case.purpose)
    }

"""Judges reminders: does the reader still lack something, and what does that read like by now?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Assignment, Invitation, Person, Post
from conversations.purposes import ASKED, Reminder, Unfinished
from conversations.snoozing import choices
from conversations.tasks import Task, open_tasks
from conversations.texts import Markup
from conversations.views.reminders import opening_asked, opening_by, reminder, unfinished
from storage.judging.verdicts import Case, Drop, Go, PutOff, Reader, Verdict
from storage.moments import as_ms
from storage.posts_held import running_assignments
from storage.registering import registering
from storage.rows import LASTS, PERSON, POST, read_person, read_post, read_session
from storage.tables import holding, person, post, session, snooze
from storage.turn_state import Shared


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the readers of a batch, and of those in whose names reminders go."""

    assigned: Mapping[int, Sequence[Assignment]]
    """By region."""
    snoozed: frozenset[int]
    """People who do not want to be reminded now."""
    askers: Mapping[int, tuple[Person, Post]]
    heard: Mapping[int, datetime]
    """When each of them wrote last."""


async def judge_reminders(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Let those go whose readers lack something; whoever has asked for a later moment is not reminded before."""
    purposes = {case.id: case.purpose for case in cases if isinstance(case.purpose, Reminder)}
    regions = {each.region.id for case in cases for each in case.reader.posts}
    readers = {case.reader.person.id for case in cases}
    around = Around(
        await running_assignments(connection, shared, regions),
        await _snoozed(connection, readers, at),
        await _askers(connection, shared, {each.by for each in purposes.values()}),
        await _heard(connection, readers),
    )
    return {case.id: _verdict(case.reader, purposes[case.id], around, (shared, at)) for case in cases}


def _verdict(reader: Reader, purpose: Reminder, around: Around, now: tuple[Shared, datetime]) -> Verdict:
    shared, at = now
    mine = {each.id: each for held in reader.posts for each in around.assigned.get(held.region.id, ())}
    tasks = _meant(purpose, open_tasks(reader.posts, mine.values(), shared.library, at))
    if not tasks:
        return Drop("nothing is missing any more, or answers are not taken now")
    if reader.person.id in around.snoozed and purpose.rung != ASKED:
        return Drop("they asked to be reminded later")
    heard = around.heard.get(reader.person.id)
    quiet_until = heard and heard + timedelta(minutes=shared.rules.ladder.quiet_minutes)
    if quiet_until and at < quiet_until and purpose.rung != ASKED:
        return PutOff(quiet_until, "they are writing to us just now")
    until = tasks[0].window.closes_at if tasks[0].window else None
    later = choices(at, reader.region_code, shared.rules, until)
    return Go(reminder(reader.person, tasks, later, at=at, opening=_opening(reader, purpose, around, shared)))


def _meant(purpose: Reminder, tasks: list[Task]) -> list[Task]:
    """Give what it was planned for and what ends no later; everything, if it was planned for nothing in particular."""
    last = max((place for place, task in enumerate(tasks) if task.assignment.id in purpose.assignments), default=-1)
    return tasks[: last + 1] if purpose.assignments else tasks


def _opening(reader: Reader, purpose: Reminder, around: Around, shared: Shared) -> Markup | None:
    if purpose.by in around.askers:
        return opening_by(reader.person, *around.askers[purpose.by], shared.library)
    return opening_asked(reader.person) if purpose.rung == ASKED else None


async def _snoozed(connection: AsyncConnection, people: set[int], at: datetime) -> frozenset[int]:
    later = select(snooze.c.person_id).where(snooze.c.person_id.in_(people), snooze.c.until > as_ms(at))
    return frozenset(await connection.scalars(later))


async def _heard(connection: AsyncConnection, people: set[int]) -> dict[int, datetime]:
    rows = await connection.execute(select(session.c.person_id, session.c.body).where(session.c.person_id.in_(people)))
    known = {row.person_id: read_session(row.body) for row in rows}
    return {who: datetime.fromtimestamp(one.heard_at, UTC) for who, one in known.items() if one and one.heard_at}


async def _askers(connection: AsyncConnection, shared: Shared, people: set[int]) -> dict[int, tuple[Person, Post]]:
    """Give those in whose names reminders go, with the first post that they hold."""
    askers = people - {0}
    if not askers:
        return {}
    held = select(*PERSON, *POST).select_from(person).join(holding).join(post, post.c.id == holding.c.post_id)
    rows = (await connection.execute(held.where(person.c.id.in_(askers), LASTS).order_by(holding.c.id.desc()))).all()
    await shared.regions.know(connection, {row.region_id for row in rows})
    found = ((read_person(row[: len(PERSON)]), read_post(row[len(PERSON) :], shared.regions)) for row in rows)
    return {who.id: (who, which) for who, which in found}


async def judge_unfinished(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Let those go whose readers have still not finished with this invitation."""
    shown = await registering(connection, shared, at, {case.reader.person.id for case in cases})
    return {case.id: _still_open(case, shown.get(case.reader.person.id), shared) for case in cases}


def _still_open(case: Case, shown: Invitation | None, shared: Shared) -> Verdict:
    assert isinstance(case.purpose, Unfinished)
    if shown is None or shown.id != case.purpose.invitation:
        return Drop("they are registered, or the invitation cannot be used any more")
    return Go(unfinished(case.reader.person, shown, shared.library))

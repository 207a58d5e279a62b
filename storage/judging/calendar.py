"""Judges news of a calendar: is somebody's time still another one than they know?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.calendar import seen_by
from conversations.people import Assignment, answers_for
from conversations.purposes import CalendarChange
from conversations.views.calendar_changes import WindowsChanged, change_message
from storage.inserting import upsert, write_many
from storage.judging.verdicts import Case, Drop, Go, Verdict
from storage.rows import ASSIGNMENT, read_assignment
from storage.tables import assignment, cycle, extension, told_window
from storage.turn_state import Shared
from storage.window_rows import decode_windows, encode_windows

KNOWN = "its reader's time is what they know"
Told = Mapping[tuple[int, int], tuple[str, int]]
"""By person and assignment: the windows that they were told last, and by which message."""


async def judge_changes(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Let those go whose readers' own windows differ from what they know; keep what these are told."""
    numbers = {number for case in cases for number, _ in _before(case)}
    asked = await _assignments(connection, shared, numbers)
    told = await _told(connection, cases, numbers)
    reasons = await _reasons(connection, {post.id for case in cases for post in case.reader.posts})
    verdicts: dict[int, Verdict] = {}
    rows = []
    for case in cases:
        changes = _changes(case, asked, told, reasons)
        message = change_message(changes, case.reader.person, shared.library, at) if changes else None
        verdicts[case.id] = Go(message) if message else Drop(KNOWN)
        if message:
            rows += [_row(case, asked[each.assignment.id]) for each in changes]
    unique = {(row["person_id"], row["assignment_id"]): row for row in rows}
    await write_many(connection, upsert(told_window, ("windows", "outbox_id")), [unique[key] for key in sorted(unique)])
    return verdicts


def _before(case: Case) -> Sequence[tuple[int, str]]:
    assert isinstance(case.purpose, CalendarChange)
    return case.purpose.before


def _changes(
    case: Case, asked: Mapping[int, Assignment], told: Told, reasons: Mapping[int, tuple[str, str]]
) -> list[WindowsChanged]:
    posts = case.reader.posts
    changes = []
    for number, before in _before(case):
        held = asked.get(number)
        if held is None or not any(answers_for(post, held) for post in posts):
            continue
        windows, message = told.get((case.reader.person.id, number), ("", case.id))
        is_told = windows == encode_windows(held.windows) and message != case.id
        now, known = held.seen_by(posts), seen_by(decode_windows(before), {post.id for post in posts})
        if now.windows != known and not is_told:
            changes.append(WindowsChanged(now, known, _reason(now, reasons)))
    return changes


def _reason(held: Assignment, reasons: Mapping[int, tuple[str, str]]) -> str:
    """Give the reason of an extension that is among the windows."""
    for window in held.windows:
        stage, reason = reasons.get(window.post, ("", ""))
        if stage == window.stage:
            return reason
    return ""


def _row(case: Case, held: Assignment) -> dict[str, object]:
    return {
        "person_id": case.reader.person.id,
        "assignment_id": held.id,
        "windows": encode_windows(held.windows),
        "outbox_id": case.id,
    }


async def _assignments(
    connection: AsyncConnection, shared: Shared, numbers: Collection[int]
) -> Mapping[int, Assignment]:
    running = select(*ASSIGNMENT).join(cycle, cycle.c.id == assignment.c.cycle_id).where(cycle.c.closed_at.is_(None))
    rows = (await connection.execute(running.where(assignment.c.id.in_(numbers)))).all()
    known = [row for row in rows if row.form in shared.library.forms]
    await shared.regions.know(connection, {row.region_id for row in known})
    return {row.id: read_assignment(row, shared.regions, shared.library) for row in known}


async def _told(connection: AsyncConnection, cases: Sequence[Case], numbers: Collection[int]) -> Told:
    people = {case.reader.person.id for case in cases}
    mine = select(told_window).where(told_window.c.person_id.in_(people), told_window.c.assignment_id.in_(numbers))
    return {(row.person_id, row.assignment_id): (row.windows, row.outbox_id) for row in await connection.execute(mine)}


async def _reasons(connection: AsyncConnection, posts: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """Give for each post the stage and the reason of its newest extension."""
    found: defaultdict[int, tuple[str, str]] = defaultdict(lambda: ("", ""))
    statement = select(extension).where(extension.c.post_id.in_(posts)).order_by(extension.c.granted_at)
    for row in await connection.execute(statement):
        found[row.post_id] = (row.stage, row.reason)
    return found

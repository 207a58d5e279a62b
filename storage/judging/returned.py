"""Judges whether somebody is still to be told that rows came back, and which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Assignment, Role, answers_for
from conversations.purposes import Returned
from conversations.sheets import RowMark
from conversations.views.returned import GivenBack, returned_message
from indicators.form import Row
from storage.judging.verdicts import Case, Drop, Go, Reader, Verdict
from storage.rows import ASSIGNMENT, SHEET, read_assignment, read_sheet
from storage.tables import assignment, cycle, form_row, sheet
from storage.turn_state import Shared

Notes = Mapping[str, tuple[str, int | None]]
"""By row: the coordinator's note, and the person who answered it."""


async def judge_returned(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Name what is still to be completed; drop the message when that is nothing, or somebody else's by now."""
    wanted = {each.id: each.purpose.assignment for each in cases if isinstance(each.purpose, Returned)}
    assigned = await _assigned(connection, shared, set(wanted.values()))
    notes = await _notes(connection, assigned)
    approved = await _approved(connection, assigned)
    verdicts: dict[int, Verdict] = {}
    for each in cases:
        number = wanted[each.id]
        about = assigned[number].seen_by(each.reader.posts) if number in assigned else None
        rows = _own(shared, about, notes[number], each.reader) if about else ()
        if about and rows:
            found = GivenBack(rows, approved.get(number, 0))
            verdicts[each.id] = Go(returned_message(each.reader.person, about, found, at))
        else:
            verdicts[each.id] = Drop("no row that was returned waits for its reader any more")
    return verdicts


async def _assigned(connection: AsyncConnection, shared: Shared, numbers: Collection[int]) -> dict[int, Assignment]:
    runs = select(*ASSIGNMENT).join(cycle).where(assignment.c.id.in_(numbers), cycle.c.closed_at.is_(None))
    rows = [row for row in await connection.execute(runs) if row.form in shared.library.forms]
    await shared.regions.know(connection, {row.region_id for row in rows})
    return {row.id: read_assignment(row, shared.regions, shared.library) for row in rows}


async def _notes(connection: AsyncConnection, numbers: Collection[int]) -> Mapping[int, Notes]:
    found: defaultdict[int, dict[str, tuple[str, int | None]]] = defaultdict(dict)
    came_back = (
        select(*SHEET, sheet.c.updated_by, form_row.c.number)
        .join(form_row, form_row.c.id == sheet.c.form_row_id)
        .where(sheet.c.assignment_id.in_(numbers), sheet.c.mark == RowMark.RETURNED)
    )
    for row in await connection.execute(came_back):
        why = read_sheet(row[: len(SHEET)]).sheet.returned
        if why:
            found[row.assignment_id][row.number] = (why.reason, row.updated_by)
    return found


async def _approved(connection: AsyncConnection, numbers: Collection[int]) -> dict[int, int]:
    counted = select(sheet.c.assignment_id, func.count(sheet.c.approved_share).label("many")).where(
        sheet.c.assignment_id.in_(numbers)
    )
    return {row.assignment_id: row.many for row in await connection.execute(counted.group_by(sheet.c.assignment_id))}


def _own(shared: Shared, about: Assignment, notes: Notes, reader: Reader) -> list[tuple[Row, str]]:
    """Give the rows that a reader is to complete: of a kabupaten's many, those that they answered."""
    posts = [post for post in reader.posts if answers_for(post, about)]
    has_all = about.region.kind != "district" or any(post.role is Role.COORDINATOR for post in posts)
    if not posts:
        return []
    form = shared.library.forms[about.form]
    return [
        (row, notes[row.number][0])
        for row in form.rows
        if row.number in notes and (has_all or notes[row.number][1] == reader.person.id)
    ]

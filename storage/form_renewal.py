"""Fits running assignments to a newer version of their form: the rows may be others, the answers stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.sheets import RowMark
from indicators.form import Form
from storage.inserting import change, write_many
from storage.locks import lock_rows
from storage.tables import assignment, cycle, region, sheet
from storage.tables.base import AnyRow
from storage.totals import recount
from storage.turn_state import Shared


async def renew_forms(connection: AsyncConnection, shared: Shared) -> int:
    """Give assignments of running cycles their form's version of now; tell how many had another."""
    old = {form.key: await _old(connection, form) for form in shared.library.forms.values()}
    everything = [row for rows in old.values() for row in rows]
    await lock_rows(connection, assignment, [row.id for row in everything])
    for form in shared.library.forms.values():
        await _renew(connection, shared, form, [row.id for row in old[form.key]])
    for running, province in sorted({(row.cycle_id, row.province_id) for row in everything}):
        await recount(connection, shared.form_rows, running, province)
    return len(everything)


async def _old(connection: AsyncConnection, form: Form) -> Sequence[AnyRow]:
    statement = (
        select(assignment.c.id, assignment.c.cycle_id, region.c.province_id)
        .join(cycle, cycle.c.id == assignment.c.cycle_id)
        .join(region, region.c.id == assignment.c.region_id)
        .where(assignment.c.form == form.key, assignment.c.version != form.version, cycle.c.closed_at.is_(None))
    )
    return (await connection.execute(statement)).all()


async def _renew(connection: AsyncConnection, shared: Shared, form: Form, old: Sequence[int]) -> None:
    if not old:
        return
    marks = await _marks(connection, form)
    rows: list[dict[str, Any]] = [
        {"this_id": each, "version": form.version, "progress": _progress(shared, form, marks[each])} for each in old
    ]
    await write_many(connection, change(assignment, ("version", "progress")), rows)


async def _marks(connection: AsyncConnection, form: Form) -> dict[int, dict[int, str]]:
    """Give the marks of a form's sheets, by assignment and row."""
    marks: defaultdict[int, dict[int, str]] = defaultdict(dict)
    statement = (
        select(sheet.c.assignment_id, sheet.c.form_row_id, sheet.c.mark)
        .join(assignment, assignment.c.id == sheet.c.assignment_id)
        .where(assignment.c.form == form.key, assignment.c.version != form.version)
    )
    for row in await connection.execute(statement):
        marks[row.assignment_id][row.form_row_id] = row.mark
    return marks


def _progress(shared: Shared, form: Form, marks: dict[int, str]) -> str:
    ids = (shared.form_rows.id(form.key, row.number) for row in form.rows)
    return "".join(marks.get(each or 0, RowMark.UNTOUCHED) for each in ids)

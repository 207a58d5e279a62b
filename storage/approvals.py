"""What the coordinator has checked: approving a row, taking an approval back, giving a row back to be completed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.sheets import Returned, RowMark
from storage.errors import StorageError
from storage.locks import lock_rows
from storage.returned import tell
from storage.rows import SHEET, encode, read_sheet
from storage.tables import assignment, form_row, sheet
from storage.tables.base import AnyRow
from storage.totals import Deltas, Worth
from storage.turn_state import Shared

ABOUT = ("cycle_id", "region_id", "form", "progress")
_sheets = (
    select(*SHEET, sheet.c.updated_by, form_row.c.number, *(assignment.c[name] for name in ABOUT))
    .join(assignment, assignment.c.id == sheet.c.assignment_id)
    .join(form_row, (form_row.c.id == sheet.c.form_row_id) & (form_row.c.form == assignment.c.form))
)
Values = Mapping[str, int | str | None]
NO_APPROVAL: Values = {"approved_share": None, "approved_by": None, "approved_at": None}


async def approve(
    connection: AsyncConnection, shared: Shared, where: tuple[int, str], *, by: int | None, at: int
) -> None:
    """Approve a row (an assignment and a row's number) at the share that it claims now; by that it is complete.

    Raises:
        StorageError: nothing whose worth is known has been answered there.
    """
    found = await _find(connection, where)
    if found.share is None:
        raise StorageError(f"A complete row was expected; row {where[1]} is not. Approve it when it is answered.")
    await _set(connection, shared, found, {"approved_share": found.share, "approved_by": by, "approved_at": at})
    if read_sheet(found[: len(SHEET)]).sheet.returned:
        await _mark(connection, shared, found, None)


async def take_back(connection: AsyncConnection, shared: Shared, where: tuple[int, str]) -> None:
    """Let a row count as claimed only.

    Raises:
        StorageError: nothing has been answered there.
    """
    await _set(connection, shared, await _find(connection, where), NO_APPROVAL)


async def return_row(
    connection: AsyncConnection, shared: Shared, where: tuple[int, str], why: Returned, *, at: datetime
) -> None:
    """Give a row back to whoever answers it: it counts as claimed only, and the assignment is not sent any more.

    Raises:
        StorageError: nothing has been answered there.
    """
    found = await _find(connection, where)
    await _set(connection, shared, found, NO_APPROVAL)
    await _mark(connection, shared, found, why)
    await connection.execute(update(assignment).where(assignment.c.id == found.assignment_id).values(sent_at=None))
    await tell(connection, shared, found, at)


async def _find(connection: AsyncConnection, where: tuple[int, str]) -> AnyRow:
    number, row = where
    await lock_rows(connection, assignment, [number])
    mine = (sheet.c.assignment_id == number) & (form_row.c.number == row)
    found = (await connection.execute(_sheets.where(mine))).one_or_none()
    if found is None:
        raise StorageError(f"An answered row was expected; row {row} of assignment {number} has no answer. Look it up.")
    return found


async def _set(connection: AsyncConnection, shared: Shared, found: AnyRow, values: Values) -> None:
    await _write(connection, found, values)
    await shared.regions.know(connection, {found.region_id})
    deltas = Deltas(shared.form_rows)
    approved = values["approved_share"]
    assert not isinstance(approved, str)
    change = (Worth(found.share, found.approved_share), Worth(found.share, approved))
    deltas.add(found.cycle_id, shared.regions.ancestors(found.region_id), found.form_row_id, change)
    await deltas.write(connection)


async def _mark(connection: AsyncConnection, shared: Shared, found: AnyRow, why: Returned | None) -> None:
    """Note on a row's sheet and in the progress that it was returned, or, approved, is complete."""
    mark = RowMark.RETURNED if why else RowMark.COMPLETE
    kept = msgspec.structs.replace(read_sheet(found[: len(SHEET)]).sheet, returned=why)
    await _write(connection, found, {"body": encode(kept).decode(), "mark": mark})
    place = shared.form_rows.place(found.form, found.number)
    if place is None:
        return  # this version of the form does not ask it any more
    progress = found.progress[:place] + mark + found.progress[place + 1 :]
    mine = assignment.c.id == found.assignment_id
    await connection.execute(update(assignment).where(mine).values(progress=progress))


async def _write(connection: AsyncConnection, found: AnyRow, values: Values) -> None:
    here = (sheet.c.assignment_id == found.assignment_id) & (sheet.c.form_row_id == found.form_row_id)
    await connection.execute(update(sheet).where(here).values(values))

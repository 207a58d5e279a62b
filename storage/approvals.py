"""What the coordinator has checked: approving a row, and taking an approval back."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StorageError
from storage.locks import lock_rows
from storage.tables import assignment, form_row, sheet
from storage.tables.base import AnyRow
from storage.totals import Deltas, Worth
from storage.turn_state import Shared

_sheets = (
    select(sheet, assignment.c.cycle_id, assignment.c.region_id)
    .join(assignment, assignment.c.id == sheet.c.assignment_id)
    .join(form_row, (form_row.c.id == sheet.c.form_row_id) & (form_row.c.form == assignment.c.form))
)


async def approve(
    connection: AsyncConnection, shared: Shared, where: tuple[int, str], *, by: int | None, at: int
) -> None:
    """Approve a row (an assignment and a row's number) at the share that it claims now.

    Raises:
        StorageError: nothing whose worth is known has been answered there.
    """
    found = await _find(connection, where)
    if found.share is None:
        raise StorageError(f"A complete row was expected; row {where[1]} is not. Approve it when it is answered.")
    values = {"approved_share": found.share, "approved_by": by, "approved_at": at}
    await _set(connection, shared, found, values)


async def take_back(connection: AsyncConnection, shared: Shared, where: tuple[int, str]) -> None:
    """Let a row count as claimed only.

    Raises:
        StorageError: nothing has been answered there.
    """
    found = await _find(connection, where)
    await _set(connection, shared, found, {"approved_share": None, "approved_by": None, "approved_at": None})


async def _find(connection: AsyncConnection, where: tuple[int, str]) -> AnyRow:
    number, row = where
    await lock_rows(connection, assignment, [number])
    mine = (sheet.c.assignment_id == number) & (form_row.c.number == row)
    found = (await connection.execute(_sheets.where(mine))).one_or_none()
    if found is None:
        raise StorageError(f"An answered row was expected; row {row} of assignment {number} has no answer. Look it up.")
    return found


async def _set(connection: AsyncConnection, shared: Shared, found: AnyRow, values: dict[str, int | None]) -> None:
    here = (sheet.c.assignment_id == found.assignment_id) & (sheet.c.form_row_id == found.form_row_id)
    await connection.execute(update(sheet).where(here).values(values))
    await shared.regions.know(connection, {found.region_id})
    deltas = Deltas(shared.form_rows)
    change = (Worth(found.share, found.approved_share), Worth(found.share, values["approved_share"]))
    deltas.add(found.cycle_id, shared.regions.ancestors(found.region_id), found.form_row_id, change)
    await deltas.write(connection)

"""Writes sheets, their history, the progress of assignments, and the totals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.sheets import Sheet
from storage.inserting import change, plain, upsert, write_many
from storage.moments import as_optional_ms
from storage.needs.sheets import load_sheets
from storage.tables import assignment, history, message_topic, sheet
from storage.totals import Worth
from storage.turn_state import NewSheet, SheetKey, StoredSheet, TurnState

WRITTEN = ("body", "mark", "version", "share", "updated_by", "updated_at")
NO_APPROVAL = {"approved_share": None, "approved_by": None, "approved_at": None}


async def write_answers(connection: AsyncConnection, state: TurnState) -> None:
    """Write everything about answers; a row that stays as it was is not written."""
    pending = state.pending
    await _write_sheets(connection, state)
    if pending.progress:
        columns = ("progress", "sent_at")
        rows = [_progress(state, each) for each in pending.progress]
        await write_many(connection, change(assignment, columns), rows)
    await write_many(connection, plain(history), pending.history)
    statement = upsert(message_topic, ("assignment_id", "key"))
    await write_many(connection, statement, list(pending.topics.values()))


def _progress(state: TurnState, number: int) -> dict[str, Any]:
    changed = state.assignments[number]
    return {"this_id": number, "progress": changed.progress, "sent_at": as_optional_ms(changed.sent_at)}


async def _write_sheets(connection: AsyncConnection, state: TurnState) -> None:
    await load_sheets(connection, state, state.pending.sheets.keys() - state.stored.keys())
    changed = {key: new for key, new in state.pending.sheets.items() if _differs(new, state.stored[key])}
    if not changed:
        return
    rows = [_row(state, key, new) for key, new in changed.items()]
    await write_many(connection, upsert(sheet, WRITTEN), rows)
    await _take_approvals_back(connection, state, changed)
    for key, new in changed.items():
        state.stored[key] = _count(state, key, new)


def _differs(new: NewSheet, stored: StoredSheet) -> bool:
    action = new.action
    return (action.sheet, action.mark, new.share) != (stored.sheet, stored.mark, stored.share)


def _row(state: TurnState, key: SheetKey, new: NewSheet) -> dict[str, Any]:
    return {
        "assignment_id": key[0],
        "form_row_id": _row_id(state, key),
        "body": new.body,
        "mark": new.action.mark,
        "version": new.version,
        "share": new.share,
        "updated_by": new.person,
        "updated_at": new.at,
    }


def _row_id(state: TurnState, key: SheetKey) -> int:
    number = state.shared.form_rows.id(state.assignments[key[0]].form, key[1])
    assert number is not None  # the step was refused otherwise
    return number


async def _take_approvals_back(
    connection: AsyncConnection, state: TurnState, changed: dict[SheetKey, NewSheet]
) -> None:
    """A changed answer is not what the coordinator approved."""
    for key, new in changed.items():
        if state.stored[key].approved is not None and _approved(new, state.stored[key]) is None:
            here = (sheet.c.assignment_id == key[0]) & (sheet.c.form_row_id == _row_id(state, key))
            await connection.execute(update(sheet).where(here).values(NO_APPROVAL))


def _approved(new: NewSheet, stored: StoredSheet) -> int | None:
    is_same = new.share == stored.share and _said(new.action.sheet) == _said(stored.sheet)
    return stored.approved if is_same else None


def _said(kept: Sheet) -> object:
    return {key: answer.value for key, answer in kept.answers.items()}, kept.evidence


def _count(state: TurnState, key: SheetKey, new: NewSheet) -> StoredSheet:
    stored, share = state.stored[key], new.share
    approved = _approved(new, stored)
    held = state.assignments[key[0]]
    change = (Worth(stored.share, stored.approved), Worth(share, approved))
    state.deltas.add(held.cycle, state.shared.regions.ancestors(held.region.id), _row_id(state, key), change)
    return StoredSheet(new.action.sheet, new.action.mark, share, approved)

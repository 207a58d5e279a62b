"""Loads what regions add up to, and who stands behind a figure."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import RowAnswers, RowAnswersNeed, RowTally, ScoreNeed, ScoreTotals, UnitAnswer
from conversations.people import Region
from storage.region_book import COLUMNS_BY_KIND
from storage.shares import BILLION
from storage.tables import assignment, cycle, region, score_total, sheet
from storage.tables.base import AnyRow
from storage.totals import FIGURES
from storage.turn_state import TurnState

MOST_UNITS = 12
RUNNING = select(cycle.c.id).where(cycle.c.closed_at.is_(None))
NOBODY = RowAnswers(units=0, answered=0, meeting=0, furthest=())


async def scores(connection: AsyncConnection, state: TurnState, needs: Collection[ScoreNeed]) -> None:
    """Meet the need for a region's totals; a village's are those of its own rows."""
    await state.shared.regions.know(connection, {need.region for need in needs})
    for need in needs:
        here = state.shared.regions.find(need.region)
        state.known[need] = await _totals(connection, state, here) if here else None


async def _totals(connection: AsyncConnection, state: TurnState, here: Region) -> ScoreTotals | None:
    if here.kind == "village":
        rows = await _village_rows(connection, state, here)
    else:
        rows = await _kept_rows(connection, state, here)
    return ScoreTotals(rows) if rows else None


async def _kept_rows(connection: AsyncConnection, state: TurnState, here: Region) -> dict[str, RowTally]:
    kept = select(func.max(score_total.c.cycle_id)).where(
        score_total.c.cycle_id.in_(RUNNING), score_total.c.region_id == here.id
    )
    running = await connection.scalar(kept)
    mine = (score_total.c.region_id == here.id) & (score_total.c.cycle_id == running)
    columns = (score_total.c.form_row_id, score_total.c.units, *(score_total.c[each] for each in FIGURES))
    unwritten = state.deltas.of(running or 0, here.id)
    return {
        state.shared.form_rows.number(number): RowTally(units, *map(sum, zip(figures, unwritten[number], strict=True)))
        for number, units, *figures in await connection.execute(select(*columns).where(mine))
    }


async def _village_rows(connection: AsyncConnection, state: TurnState, here: Region) -> dict[str, RowTally]:
    assigned = await _assigned(connection, assignment.c.region_id == here.id)
    statement = select(sheet.c.assignment_id, sheet.c.form_row_id, sheet.c.share, sheet.c.approved_share).where(
        sheet.c.assignment_id.in_([row.id for row in assigned])
    )
    found = {(row.assignment_id, row.form_row_id): row for row in await connection.execute(statement)}
    form_rows = state.shared.form_rows
    return {
        form_rows.number(number): _tally(found.get((row.id, number)))
        for row in assigned
        if row.form in state.shared.library.forms
        for number in form_rows.scored(row.form)
    }


def _tally(row: AnyRow | None) -> RowTally:
    if row is None:
        return RowTally(1, 0, 0, 0, 0)
    share, approved = row.share, row.approved_share
    return RowTally(1, int(share is not None), share or 0, int(approved is not None), approved or 0)


async def _assigned(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[AnyRow]:
    """Give the assignments of the newest running cycle that meet the condition."""
    statement = (
        select(assignment.c.id, assignment.c.cycle_id, assignment.c.form)
        .join(cycle, cycle.c.id == assignment.c.cycle_id)
        .where(condition, cycle.c.closed_at.is_(None))
    )
    rows = (await connection.execute(statement)).all()
    newest = max((row.cycle_id for row in rows), default=0)
    return [row for row in rows if row.cycle_id == newest]


async def row_answers(connection: AsyncConnection, state: TurnState, needs: Collection[RowAnswersNeed]) -> None:
    """Meet the need to know which units meet a row and which do not."""
    await state.shared.regions.know(connection, {need.region for need in needs})
    for need in needs:
        here = state.shared.regions.find(need.region)
        found = (
            [await _units(connection, state, here, (form, need.row)) for form in _forms(state, need)] if here else []
        )
        state.known[need] = next((each for each in found if each.units), NOBODY)


def _forms(state: TurnState, need: RowAnswersNeed) -> tuple[str, ...]:
    return state.shared.form_rows.forms_with(need.row)


async def _units(connection: AsyncConnection, state: TurnState, here: Region, row: tuple[str, str]) -> RowAnswers:
    """Read the units of a region in a form's row: the lowest shares first, those not known yet after them.

    The units are named one by one (``IN``), because SQLite would else walk over all that answer the form.
    """
    form, number = row
    inside = assignment.c.region_id.in_(select(region.c.id).where(COLUMNS_BY_KIND[here.kind] == here.id))
    running = select(func.max(assignment.c.cycle_id)).where(
        assignment.c.cycle_id.in_(RUNNING), assignment.c.form == form, inside
    )
    row_id = state.shared.form_rows.id(form, number)
    joined = assignment.join(region, region.c.id == assignment.c.region_id).outerjoin(
        sheet, (sheet.c.assignment_id == assignment.c.id) & (sheet.c.form_row_id == row_id)
    )
    mine = (assignment.c.cycle_id == running.scalar_subquery()) & (assignment.c.form == form) & inside
    meets = func.coalesce(sheet.c.share, 0) == BILLION
    counts = (
        await connection.execute(
            select(
                func.count().label("units"),
                func.count(sheet.c.share).label("answered"),
                func.count().filter(meets).label("meeting"),
            )
            .select_from(joined)
            .where(mine)
        )
    ).one()
    furthest = (
        select(assignment.c.region_id, sheet)
        .select_from(joined)
        .where(mine, ~meets)
        .order_by(sheet.c.share.is_(None), sheet.c.share, region.c.code)
        .limit(MOST_UNITS)
    )
    units = tuple(_unit(each, state) for each in await connection.execute(furthest))
    return RowAnswers(units=counts.units, answered=counts.answered, meeting=counts.meeting, furthest=units)


def _unit(row: AnyRow, state: TurnState) -> UnitAnswer:
    return UnitAnswer(
        region=state.shared.regions.region(row.region_id),
        share=row.share,
        is_approved=row.approved_share is not None,
        by=row.updated_by or 0,
        at=(row.updated_at or 0) // 1000,
        version=row.version or "",
        approved_by=row.approved_by or 0,
    )

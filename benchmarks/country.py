"""A country in which everybody has answered, made set by set: 83,762 villages take half a minute."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import BigInteger, case, cast, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.world import now
from conversations.brief import Library
from conversations.calendar import Window
from conversations.people import Role
from conversations.sheets import RowMark
from indicators.form import Form
from storage.calendar import KIND_BY_UNIT
from storage.database import Database, connect
from storage.form_rows import FormRows
from storage.moments import as_ms
from storage.region_loading import load_regions, read_regions
from storage.shares import BILLION
from storage.tables import assignment, cycle, form_row, post, region, sheet, stage
from storage.totals import recount
from storage.window_rows import encode_windows

YEAR = 2026
STAGE = "evaluasi_mandiri"
TERM = timedelta(days=60)


async def populate(url: str, library: Library, within: Collection[str]) -> int:
    """Put the regions within these codes on the roster of a migrated database, with answers; count the villages.

    Three rows in four are answered: one in four with nothing, two with everything that can be earned.
    """
    database = Database(connect(url))
    form_rows = FormRows(library.forms)
    await form_rows.prepare(database)
    forms = [form for form in library.forms.values() if form.total]
    async with database.writing("Making up a country") as connection:
        await _load(connection, within)
        running: int = (await connection.execute(insert(cycle).values(year=YEAR).returning(cycle.c.id))).scalar_one()
        asked = select(region.c.id).where(region.c.code.in_({code.partition(".")[0] for code in within}))
        taking_part = (await connection.scalars(asked)).all()
        for form in forms:
            await _assign(connection, form, running, taking_part)
        await _add_officials(connection)
        await answer_everything(connection, running)
        for province in taking_part:
            await recount(connection, form_rows, running, province)
        villages = (await connection.scalars(select(region.c.id).where(region.c.kind == "village"))).all()
        await connection.commit()
    await database.engine.dispose()
    return len(villages)


def provinces() -> list[str]:
    """Give the codes of all provinces: everything lies within them."""
    return [code for code, _ in read_regions() if "." not in code]


async def _load(connection: AsyncConnection, within: Iterable[str]) -> None:
    await load_regions(connection)
    for code in within:
        await load_regions(connection, code)


async def _assign(connection: AsyncConnection, form: Form, running: int, provinces: Sequence[int]) -> None:
    """Let every unit in these provinces answer the form, all until the same day."""
    inside = region.c.province_id.in_(provinces)
    due_at = now() + TERM
    windows = encode_windows((Window(STAGE, None, due_at, due_at),))
    answered = RowMark.COMPLETE * len(form.rows)
    columns = ["cycle_id", "region_id", "form", "version", "windows", "progress"]
    asked = select(
        literal(running), region.c.id, literal(form.key), literal(form.version), literal(windows), literal(answered)
    ).where(region.c.kind == KIND_BY_UNIT[form.unit], inside)
    await connection.execute(insert(assignment).from_select(columns, asked))
    when = {"form": form.key, "key": STAGE, "due_at": as_ms(due_at), "closes_at": as_ms(due_at)}
    due = select(literal(running), region.c.id, *map(literal, when.values())).where(region.c.kind == "district", inside)
    await connection.execute(insert(stage).from_select(["cycle_id", "district_id", *when], due))


async def _add_officials(connection: AsyncConnection) -> None:
    officials = select(region.c.id, literal(Role.OFFICIAL), literal("")).where(region.c.kind == "district")
    await connection.execute(insert(post).from_select(["region_id", "role", "office"], officials))


async def answer_everything(connection: AsyncConnection, asked_in: int) -> None:
    """Let everybody answer every row of a cycle, with three shares in four."""
    chance = (assignment.c.id * 31 + form_row.c.id * 7) % 4
    share = case((chance == 0, None), (chance == 1, 0), else_=BILLION)
    answered = select(
        assignment.c.id,
        form_row.c.id,
        literal("{}"),
        literal(RowMark.COMPLETE),
        assignment.c.version,
        cast(share, BigInteger),
        literal(as_ms(now())),
    ).join_from(assignment, form_row, form_row.c.form == assignment.c.form)
    answered = answered.where(assignment.c.cycle_id == asked_in).order_by(assignment.c.id, form_row.c.id)
    columns = ["assignment_id", "form_row_id", "body", "mark", "version", "share", "updated_at"]
    await connection.execute(insert(sheet).from_select(columns, answered))

"""Years of use, put into a database set by set: earlier cycles, and everything that piles up beside them."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import CTE, ColumnElement, String, Table, case, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.country import answer_everything
from benchmarks.taps import FIRST_UPDATE
from benchmarks.world import BOT, now
from storage.database import Database, connect
from storage.envelopes import via
from storage.moments import as_ms
from storage.outbox_states import OutboxState, Priority
from storage.tables import address, assignment, cycle, event_key, history, outbox, person, score_total

EARLIER_YEARS = (2024, 2025)


class Age(NamedTuple):
    """What has piled up besides the earlier cycles."""

    history: int = 1_000_000
    messages: int = 500_000
    waiting: int = 10_000
    """Of the messages: not sent yet."""
    event_keys: int = 500_000


async def grow_old(url: str, age: Age) -> None:
    """Add closed cycles in which everybody answered everything, and what was changed, sent and seen so far.

    Everything is spread over the people that are there, so that old and new lie side by side.
    """
    database = Database(connect(url))
    async with database.writing("Making a database old") as connection:
        for year in EARLIER_YEARS:
            await _add_cycle(connection, year)
        await _add_history(connection, age.history)
        await _add_messages(connection, age)
        await _add_event_keys(connection, age.event_keys)
        await connection.commit()
    await database.engine.dispose()


async def _add_cycle(connection: AsyncConnection, year: int) -> None:
    """Add what this year's cycle has, closed and with all answers."""
    this_year = select(func.max(cycle.c.id)).where(cycle.c.closed_at.is_(None)).scalar_subquery()
    closed = insert(cycle).values(year=year, closed_at=as_ms(now())).returning(cycle.c.id)
    earlier: int = (await connection.execute(closed)).scalar_one()
    columns = ["region_id", "form", "version", "windows", "progress"]
    again = select(literal(earlier), *(assignment.c[each] for each in columns))
    await connection.execute(
        insert(assignment).from_select(["cycle_id", *columns], again.where(assignment.c.cycle_id == this_year))
    )
    figures = ["region_id", "form_row_id", "units", "answered", "claimed", "approved", "verified"]
    totals = select(literal(earlier), *(score_total.c[each] for each in figures))
    await connection.execute(
        insert(score_total).from_select(["cycle_id", *figures], totals.where(score_total.c.cycle_id == this_year))
    )
    await answer_everything(connection, earlier)


async def _add_history(connection: AsyncConnection, many: int) -> None:
    numbers = _numbers(many)
    changed = select(
        await _spread(connection, numbers, assignment),
        literal("perdes"),
        literal('"ada"'),
        literal('"belum"'),
        await _spread(connection, numbers, person),
        literal(as_ms(now())),
        literal("2024.1"),
        literal(f"telegram:{BOT}:") + cast(numbers.c.number, String),
    )
    columns = ["assignment_id", "key", "old", "new", "person_id", "at", "version", "event_key"]
    await connection.execute(insert(history).from_select(columns, changed))


async def _add_messages(connection: AsyncConnection, age: Age) -> None:
    """Add messages that were sent, whose text is gone, and after them some that still wait."""
    numbers = _numbers(age.messages)
    is_sent = numbers.c.number < age.messages - age.waiting
    told = select(
        await _spread(connection, numbers, address),
        literal(Priority.REPLY),
        case((is_sent, OutboxState.SENT), else_=OutboxState.WAITING),
        case((is_sent, "{}"), else_="{}".ljust(200)),
        literal(as_ms(now() + timedelta(days=7))),
        literal(as_ms(now())),
        case((is_sent, as_ms(now())), else_=None),
        literal(via("telegram", BOT)),
    )
    columns = ["address_id", "priority", "state", "body", "not_after", "created_at", "done_at", "via"]
    await connection.execute(insert(outbox).from_select(columns, told))


async def _add_event_keys(connection: AsyncConnection, many: int) -> None:
    """Add keys of updates that came before those of the taps."""
    numbers = _numbers(many)
    update = FIRST_UPDATE - many + numbers.c.number
    seen = select(literal(f"telegram:{BOT}:") + cast(update, String), literal(as_ms(now())))
    await connection.execute(insert(event_key).from_select(["key", "at"], seen))


def _numbers(many: int) -> CTE:
    """Give the numbers from 0, as rows."""
    first = select(literal(0).label("number")).cte(recursive=True)
    return first.union_all(select(first.c.number + 1).where(first.c.number < many - 1))


async def _spread(connection: AsyncConnection, numbers: CTE, table: Table) -> ColumnElement[int]:
    """Give a row of the table for each number, in turn: its rows are numbered from 1 without a gap."""
    last: int = (await connection.execute(select(func.max(table.c.id)))).scalar_one()
    return numbers.c.number % last + 1

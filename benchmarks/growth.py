"""How the database grows: bytes that turns and answers leave behind, by table, on SQLite and on PostgreSQL.

Village heads answer all of Dekela, photos included, in the real dialog on the real storage. What they leave is measured
at once, a day later (the texts of sent messages are forgotten), and when housekeeping has forgotten all that it forgets
(the keys of events after 8 days, the messages after 30): what stays then, stays.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from operator import truediv
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.measuring import machine
from benchmarks.tables import Cell, show, tell
from benchmarks.village_heads import answer_everything, hear
from benchmarks.world import FORM, SQLITE, now, running, settings_in, settle
from bot.cli.service import in_loop
from bot.logging import configure_logging
from storage.housekeeping import SENT_KEPT, TEXTS_KEPT
from storage.tables import METADATA, history
from tests.databases import throw_away_server

PEOPLE = 50
STAGES = {"at once": timedelta(0), "a day later": TEXTS_KEPT + timedelta(hours=1), "stays": SENT_KEPT * 2}
"""When the sizes are taken, after housekeeping at that moment."""
LEAST_BYTES = 0.5
"""Of a turn: tables that grow by less are counted in the sum only."""
OF_SQLITE = text(
    "SELECT coalesce(part.tbl_name, dbstat.name), sum(pgsize) FROM dbstat "
    "LEFT JOIN sqlite_schema AS part ON part.name = dbstat.name GROUP BY 1"
)
OF_POSTGRESQL = text("SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'")

Sizes = Mapping[str, int]
"""Bytes of each table with its indexes."""


class Growth(NamedTuple):
    """What the heads left behind."""

    turns: int
    answers: int
    """What was said to a question, changes included."""
    grown: Sequence[Sizes]
    """Added by them, at each stage."""


async def measure(url: str, folder: Path) -> Growth:
    """Let everybody answer in an empty database."""
    async with running(settings_in(folder, database_url=url)) as (pipeline, store):
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        await settle(store, pipeline, PEOPLE)
        asked = await hear(store)
        await store.housekeeping.clean(now() + STAGES["stays"])
        before = await sizes(engine)
        turns = await answer_everything(store, pipeline, asked, store.library.forms[FORM])
        grown = []
        for later in STAGES.values():
            await store.housekeeping.clean(now() + later)
            after = await sizes(engine)
            grown.append({name: after[name] - before[name] for name in before})
        async with engine.connect() as connection:
            answers = await connection.scalar(select(func.count()).select_from(history)) or 0
        await engine.dispose()
    return Growth(turns, answers, grown)


async def sizes(engine: AsyncEngine) -> Sizes:
    """Ask how large the tables are, packed: room that will be used again does not count."""
    is_sqlite = engine.dialect.name == "sqlite"
    async with engine.connect() as connection:
        await connection.execute(text("VACUUM" if is_sqlite else "VACUUM FULL"))
        rows = (await connection.execute(OF_SQLITE if is_sqlite else OF_POSTGRESQL)).all()
    return {str(name): int(size) for name, size in rows if name in METADATA.tables}


def table_of(found: Sequence[Growth]) -> list[list[Cell]]:
    """Give bytes a turn for each table that grows, and the sums of all tables a turn, an answer and a village head."""
    columns = [(growth, sizes) for growth in found for sizes in growth.grown]
    rows: list[list[Cell]] = []
    for name in METADATA.tables:
        figures = [sizes[name] / growth.turns for growth, sizes in columns]
        if max(figures) >= LEAST_BYTES:
            rows.append([name, *figures])
    sums = [sum(sizes.values()) for _, sizes in columns]
    many = {
        "all, a turn": [growth.turns for growth, _ in columns],
        "all, an answer": [growth.answers for growth, _ in columns],
        "all, a village head": [PEOPLE] * len(columns),
    }
    return rows + [[title, *map(truediv, sums, each)] for title, each in many.items()]


def main() -> None:
    """Measure and print."""
    configure_logging(level="ERROR", style="console")
    found: dict[str, Growth] = {}
    with tempfile.TemporaryDirectory(prefix="jemputbola-growth-") as name, throw_away_server() as server:
        urls = {"SQLite": f"{SQLITE}{name}/growth.db", "PostgreSQL": server.create("growth")}
        for kind, url in urls.items():
            found[kind] = in_loop(measure(url, Path(name)))
            tell(f"  {kind}: {found[kind].answers:,} answers in {found[kind].turns:,} turns")
    answers, turns = found["SQLite"].answers / PEOPLE, found["SQLite"].turns / PEOPLE
    notes = [
        f"{PEOPLE} village heads, each with {answers:.0f} answers in {turns:.0f} turns; indexes belong to their table",
        f"packed (VACUUM); {machine()}",
    ]
    heads = ("bytes a turn", *(f"{kind}: {stage}" for kind in found for stage in STAGES))
    show("What the database grows by: Dekela", heads, table_of(list(found.values())), notes=notes)


if __name__ == "__main__":
    main()

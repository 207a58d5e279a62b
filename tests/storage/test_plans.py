"""How SQLite looks things up: what is asked about one region never walks over those of others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from conversations.needs import Need, RowAnswersNeed, ScoreNeed
from storage.store import Store
from tests.databases import SqliteDatabases
from tests.storage.conftest import WITH_KAUR, open_store
from tests.storage.people import KAUR, VILLAGE, known

OF_EVERYBODY = ("assignment", "sheet", "score_total", "history", "region", "stage")
"""Tables that grow with the country, or with the years."""


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(SqliteDatabases(tmp_path).new(WITH_KAUR))
    yield opened
    await opened.close()


async def plans_of(store: Store, need: Need) -> list[str]:
    """Give the steps by which SQLite finds what meets a need."""
    asked: list[tuple[str, Any]] = []
    engine = store._database.engine
    await known(store, need)  # regions are read once

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    await known(store, need)
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    async with engine.connect() as connection:
        found = [
            await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for statement, parameters in asked
        ]
        return [row.detail for rows in found for row in rows]


@pytest.mark.parametrize("code", [KAUR, VILLAGE])
async def test_a_question_about_a_region_reads_that_region_alone(on_sqlite: Store, code: str) -> None:
    here = await on_sqlite.roster.find_region(code)
    assert here

    steps = [
        *await plans_of(on_sqlite, ScoreNeed(here.id)),
        *await plans_of(on_sqlite, RowAnswersNeed(here.id, "26.1")),
    ]

    assert any("SEARCH assignment" in step for step in steps)
    whole = [step for step in steps for table in OF_EVERYBODY if step == f"SCAN {table}"]
    by_form_alone = [step for step in steps if "assignment" in step and step.endswith("(cycle_id=? AND form=?)")]
    by_cycle_alone = [step for step in steps if "score_total" in step and step.endswith("(cycle_id=?)")]
    assert whole + by_form_alone + by_cycle_alone == []

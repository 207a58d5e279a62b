"""How SQLite looks things up: what is asked about one region never walks over those of others."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from conversations.actions import Say
from conversations.audiences import Audience, BroadcastDraft
from conversations.form_states import FormState
from conversations.messages import Message
from conversations.needs import (
    AudienceNeed,
    BroadcastNeed,
    Need,
    ReceivedBroadcastNeed,
    RowAnswersNeed,
    ScoreNeed,
    UnitsNeed,
)
from conversations.people import Role
from storage.outbox import NEXT_DUE, NOW_AGAIN, Sent
from storage.planning.broadcasts import broadcasts_due
from storage.quick_sqlite import QuickCursor
from storage.store import Store
from tests.databases import SqliteDatabases
from tests.storage.conftest import WITH_KAUR, open_store
from tests.storage.forms import NOW
from tests.storage.people import KAUR, MUCH_ROOM, SENDER, VILLAGE, known, take, text_from

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


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often SQLite plans each statement, while there is room to remember all of them."""
    counts: Counter[str] = Counter()
    watched: set[sqlite3.Connection] = set()
    asked: list[int] = []
    run = QuickCursor.run

    def allow(action: int, *_names: object) -> int:  # asked whenever a statement is planned
        asked.append(action)
        return sqlite3.SQLITE_OK

    def counting(self: QuickCursor, connection: sqlite3.Connection, sql: str, parameters: Any, **how: Any) -> None:
        if connection not in watched:
            connection.set_authorizer(allow)
            watched.add(connection)
        asked.clear()
        run(self, connection, sql, parameters, **how)
        counts[sql] += bool(asked)

    monkeypatch.setattr(QuickCursor, "run", counting)
    return counts


async def test_a_statement_of_every_turn_and_every_message_is_planned_once(
    on_sqlite: Store, planned: Counter[str]
) -> None:
    for number in range(4):
        await take(on_sqlite, text_from("a", number), Say(Message("reply")))
        handed = await on_sqlite.outbox.exchange([], NOW, sender=SENDER, room=MUCH_ROOM)
        ended = [Sent(row.id, str(row.id)) for row in handed.rows]
        await on_sqlite.outbox.exchange(ended, NOW, sender=SENDER, room=MUCH_ROOM)
        await on_sqlite.outbox.sweep(NOW, sender=SENDER)

    assert len(planned) > 10
    assert not {sql: many for sql, many in planned.items() if many > 1}


async def test_the_moment_of_the_next_message_is_looked_for_among_those_that_go_later(on_sqlite: Store) -> None:
    async with on_sqlite._database.engine.connect() as connection:
        asked = [
            NEXT_DUE.said(connection.dialect, {}, {"now": 0, "via": SENDER.via}),
            NOW_AGAIN.said(connection.dialect, {}, {"furthest": 0, "via": SENDER.via}),
        ]
        steps = [
            row.detail
            for sql, arguments in asked
            for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(arguments))
        ]

    assert [step for step in steps if "ix_outbox_not_before (via=? AND not_before>?" not in step] == []


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


GROWING = (*OF_EVERYBODY, "post", "holding", "address", "person", "outbox", "recipient", "session")


@pytest.mark.parametrize("code", [KAUR, "17.04.01"])
async def test_how_far_a_regions_units_are_is_found_among_them_alone(on_sqlite: Store, code: str) -> None:
    here = await on_sqlite.roster.find_region(code)
    assert here

    steps = await plans_of(on_sqlite, UnitsNeed(here.id))

    assert any("SEARCH region" in step for step in steps)
    assert [step for step in steps for table in GROWING if step.split(" USING")[0] == f"SCAN {table}"] == []


@pytest.mark.parametrize(
    "audience",
    [
        {},
        {"roles": (Role.VILLAGE_HEAD,)},
        {"states": (FormState.NOT_STARTED,), "form": "dekela"},
        {"channel": "telegram"},
        {"people": (1, 2)},
        {"failed_of": 1},
    ],
)
async def test_a_preview_of_a_broadcast_reads_its_district_alone(on_sqlite: Store, audience: dict[str, Any]) -> None:
    here = await on_sqlite.roster.find_region(KAUR)
    assert here

    steps = await plans_of(on_sqlite, AudienceNeed(BroadcastDraft(Audience(here.id, **audience), "Halo"), 1))

    assert any("SEARCH post" in step for step in steps)
    assert [step for step in steps for table in GROWING if step.split(" USING")[0] == f"SCAN {table}"] == []


async def test_how_far_a_broadcast_is_and_what_somebody_was_sent_is_found_by_its_recipients(on_sqlite: Store) -> None:
    steps = [
        *await plans_of(on_sqlite, BroadcastNeed(1)),
        *await plans_of(on_sqlite, ReceivedBroadcastNeed(1, message="m")),
    ]

    assert [step for step in steps for table in GROWING if step.split(" USING")[0] == f"SCAN {table}"] == []


async def test_where_no_broadcast_is_under_way_none_is_read(on_sqlite: Store) -> None:
    async with on_sqlite._database.engine.connect() as connection:
        under_way = broadcasts_due(NOW).compile(
            on_sqlite._database.engine.sync_engine, compile_kwargs={"literal_binds": True}
        )
        steps = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {under_way}")

    assert [row.detail for row in steps] == ["SCAN broadcast USING INDEX ix_broadcast_under_way"]

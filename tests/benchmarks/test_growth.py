"""What is said to stay in the database stays, and what is said to be forgotten is."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import growth
from tests.databases import SqliteDatabases


async def test_answers_stay_while_keys_of_events_and_messages_do_not(
    sqlite_databases: SqliteDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "PEOPLE", 3)

    found = await growth.measure(sqlite_databases.new(), tmp_path)

    at_once, later, stays = found.grown
    assert found.answers >= 3 * 40
    assert at_once["sheet"] == stays["sheet"] > 0
    assert at_once["history"] == stays["history"] > 0
    assert at_once["outbox"] > later["outbox"] > stays["outbox"] == 0
    assert at_once["event_key"] == later["event_key"] > stays["event_key"] == 0

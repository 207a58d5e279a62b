"""The old database of the benchmark has what it says, and people go on in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from benchmarks import age
from benchmarks.aging import EARLIER_YEARS, Age

MANY = Age(history=300, messages=200, waiting=20, event_keys=100)
UNITS_OF_BANYUASIN = 313 + 21 + 1
"""Its villages, kecamatan, and itself."""
EXPECTED = {
    "SELECT count(*) FROM history": MANY.history + 6,
    "SELECT count(*) FROM outbox WHERE state = 2": MANY.messages - MANY.waiting,
    "SELECT count(*) FROM event_key WHERE key LIKE 'telegram:1:%'": MANY.event_keys + 6,
    "SELECT count(*) FROM cycle WHERE closed_at IS NOT NULL": len(EARLIER_YEARS),
    "SELECT count(DISTINCT assignment_id) FROM sheet WHERE updated_by IS NULL": 2 * UNITS_OF_BANYUASIN,
}


async def test_taps_change_answers_in_a_database_that_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "LOADS", ((3, 2),))
    monkeypatch.setattr(age, "RUNS", 1)

    found = await age.measure(tmp_path, MANY)

    connection = sqlite3.connect(tmp_path / "old" / "bench.db")
    kept = {query: connection.execute(query).fetchone()[0] for query in EXPECTED}
    connection.close()
    assert [(lap.turns, len(lap.milliseconds)) for pair in found[3] for lap in pair] == [(6, 6), (6, 6)]
    assert kept == EXPECTED

"""The turns that are measured are kept, in a database that another process has made."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from benchmarks import turns
from benchmarks.world import start_once


def forms_in(folder: Path) -> list[Path]:
    """Give the forms that were read and kept."""
    return sorted(each for each in folder.glob("cache/**/*") if each.is_file())


async def test_every_measured_turn_leaves_a_changed_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LOADS", ((1, 2), (3, 2)))
    monkeypatch.setattr(turns, "RUNS", 1)
    start_once(tmp_path)
    forms = forms_in(tmp_path)

    found = await turns.measure(tmp_path)

    connection = sqlite3.connect(tmp_path / "bench.db")
    changed = connection.execute("SELECT count(*) FROM history").fetchone()
    connection.close()
    assert {people: [lap.turns for lap in laps] for people, laps in found.items()} == {1: [2], 3: [6]}
    assert changed == (8,)
    assert forms == forms_in(tmp_path) != []

"""What is measured of broadcasts has been sent: each message once, to whom it was for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import broadcasts, draining
from tests.databases import SqliteDatabases


def test_the_busiest_second_is_any_second() -> None:
    assert broadcasts.most_in_a_second([0.0, 0.5, 0.9, 1.0, 1.2, 1.4, 3.0]) == 5


async def test_an_outbox_is_emptied_of_written_and_of_judged_messages(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    url = sqlite_databases.new()

    found = await draining.measure(url, tmp_path, 60)

    assert {what: each.rows for what, each in found.items()} == {"written": 60, "judged": 59}


async def test_a_broadcast_reaches_everybody_once_while_people_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasts, "STARTS_IN", timedelta(seconds=2))
    monkeypatch.setattr(broadcasts, "SECONDS_BETWEEN", 1.5)

    found = await broadcasts.measure(tmp_path, recipients=40, answering=3)

    assert (found.copies, found.refused) == (39, 0)
    assert len(found.replies) >= 3

"""PostgreSQL crashes while people answer, and comes back: it is said in words, and everybody goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import PostgresqlDatabases, Server, throw_away_server
from tests.faults.setups import Ground, Setup
from tests.faults.site import opened, play
from tests.faults.strikes import crash_the_database

PEOPLE = 4


@pytest.fixture
def ground(postgresql_server: Server, cache: Path) -> Iterator[Ground]:
    """A server that nobody else uses; ``postgresql_server`` says whether there is a PostgreSQL here at all."""
    del postgresql_server
    with throw_away_server() as server, closing(PostgresqlDatabases(server)) as databases:
        yield Ground(databases, cache, server)


@pytest.mark.timeout(300)  # on a busy machine
async def test_nothing_is_lost_or_doubled_when_postgresql_crashes_and_comes_back(
    ground: Ground, tmp_path: Path
) -> None:
    async with opened(ground, Setup("postgresql"), tmp_path / "site", people=PEOPLE, seed="gone") as site:
        found = await play(site, [crash_the_database])
        log = site.installation.log

    assert found.problems == []
    assert found.answers > 0
    assert "the database was expected to take part" in log
    assert "Look at disk space, the database's address and other writers, then try again." in log

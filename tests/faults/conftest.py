"""Databases in which everybody is invited, of the kinds that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases import PostgresqlDatabases, SqliteDatabases
from tests.faults.setups import Ground


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program keeps what it has read of the forms."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def sqlite_ground(sqlite_databases: SqliteDatabases, cache: Path) -> Ground:
    """Invited on SQLite."""
    return Ground(sqlite_databases, cache)


@pytest.fixture(scope="session")
def postgresql_ground(postgresql_databases: PostgresqlDatabases, cache: Path) -> Ground:
    """Invited on PostgreSQL."""
    return Ground(postgresql_databases, cache)

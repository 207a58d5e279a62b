"""Databases for every test that asks (on SQLite and on PostgreSQL), and Hypothesis without haste."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import (
    Databases,
    NoServerError,
    PostgresqlDatabases,
    Server,
    SqliteDatabases,
    given_server,
    throw_away_server,
)

# On a busy machine an example may take long; that says nothing about the law that it tries.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL of this test process alone, or the one that ``DATABASE_URL`` names."""
    given = os.environ.get("DATABASE_URL")
    try:
        with given_server(given) if given else throw_away_server() as server:
            yield server
    except NoServerError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """Makes SQLite files."""
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: Server) -> Iterator[PostgresqlDatabases]:
    """Makes databases on PostgreSQL."""
    with closing(PostgresqlDatabases(postgresql_server)) as made:
        yield made


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Makes databases of one kind: whoever asks for it is run once for each."""
    made: Databases = request.getfixturevalue(f"{request.param}_databases")
    return made


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The address of a fresh database with up-to-date tables and nothing in them."""
    url = databases.new()
    yield url
    databases.drop(url)

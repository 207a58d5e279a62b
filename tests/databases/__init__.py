"""Databases for tests: a fresh one in milliseconds, on SQLite or PostgreSQL, already filled where that is wanted."""

from tests.databases.kinds import EMPTY, Databases, PostgresqlDatabases, SqliteDatabases, Template
from tests.databases.server import NoServerError, Server, ThrowAwayServer, given_server, throw_away_server

__all__ = [
    "EMPTY",
    "Databases",
    "NoServerError",
    "PostgresqlDatabases",
    "Server",
    "SqliteDatabases",
    "Template",
    "ThrowAwayServer",
    "given_server",
    "throw_away_server",
]

"""Which version the tables of a database have, and which one this program needs. Without alembic: it starts slowly."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

VERSIONS = Path(__file__).parent / "migrations" / "versions"
NO_TABLES = ""
_mark = table("alembic_version", column("version_num"))


@cache
def newest_version() -> str:
    """Give the version that this program brings tables to: the number that the newest migration's file begins with."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


def version_of(connection: Connection) -> str:
    """Give the version of a database's tables; ``NO_TABLES`` where nothing has been made yet."""
    if not inspect(connection).has_table(_mark.name):
        return NO_TABLES
    return connection.scalar(select(_mark.c.version_num)) or NO_TABLES

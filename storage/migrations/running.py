"""Runs the migrations on a connection that is already open, in its transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.errors import StorageError
from storage.locks import OneAtATime


def configuration(connection: Connection | None = None) -> Config:
    """Give alembic's configuration, which needs no file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Bring the tables of this connection to the newest version.

    Raises:
        StorageError: the database is of a version that this program does not know.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may need long
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": int(OneAtATime.MIGRATIONS)})
    _refuse_newer(connection)
    command.upgrade(configuration(connection), "head")


def _refuse_newer(connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    if found - known:
        raise StorageError(
            f"A database of a version up to {max(known)} was expected; this one is of version "
            f"{', '.join(sorted(found))}. Run the newer program that made it, or restore a backup from before."
        )

"""The one kind of error that leaves this package."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class StorageError(Exception):
    """Something could not be kept or found; the message says what was expected, what came, and what to do."""


class DatabaseAwayError(StorageError):
    """The database could not take part now, whatever was asked of it: the same may succeed later."""


def _refusals() -> tuple[type[Exception], ...]:
    """Give what says that a database refused: SQLAlchemy's errors, and its drivers' where they are used directly."""
    if not find_spec("asyncpg"):
        return (SQLAlchemyError, sqlite3.Error, OSError)
    import asyncpg

    return (SQLAlchemyError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


REFUSALS = _refusals()
MOST_CHARACTERS = 200
AWAY_IN_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Locked by another program, disk full or broken, file not to be opened or written."""
AWAY_IN_POSTGRESQL = ("08", "25P03", "40", "53", "55P03", "57P", "58")
"""How its codes begin: connection lost, idle for too long, chosen to end a deadlock, no room, locked, stopping, disk.
Source: PostgreSQL's manual, appendix A."""
CLOSED = "connection is closed"
"""asyncpg's words for it; the error is of the kind for wrong use, and has no code."""


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn the database's errors into ours, without the values that were being written.

    Raises:
        DatabaseAwayError: the database is not there, was locked for too long, or has no room.
        StorageError: it refused for another reason.
    """
    try:
        yield
    except REFUSALS as error:
        cause = _cause(error)
        kind = DatabaseAwayError if _is_away(cause) or isinstance(error, PoolTimeoutError) else StorageError
        raise kind(
            f"{doing}: the database was expected to take part; it answered {_said(cause)}. "
            "Nothing of it was kept. Look at disk space, the database's address and other writers, then try again."
        ) from error


def _cause(error: Exception) -> BaseException:
    """Give the driver's error; SQLAlchemy wraps those of asyncpg twice."""
    wrapped: BaseException | None = getattr(error, "orig", None)
    return wrapped.__cause__ or wrapped if wrapped else error


def _is_away(cause: BaseException) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in AWAY_IN_SQLITE
    state = str(getattr(cause, "sqlstate", None) or "")
    return isinstance(cause, OSError) or state.startswith(AWAY_IN_POSTGRESQL) or CLOSED in str(cause)


def _said(cause: BaseException) -> str:
    """Give the kind of an error and its message; the message only where it cannot hold a value."""
    is_about_a_value = isinstance(cause, ValueError) or str(getattr(cause, "sqlstate", "")).startswith("22")
    said = getattr(cause, "strerror", None) or next(iter(cause.args), "")  # the system's errors begin with a number
    message = "" if is_about_a_value or not said else f": {str(said)[:MOST_CHARACTERS]}"
    return f"{type(cause).__name__}{message}"

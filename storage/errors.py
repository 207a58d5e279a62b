"""The one kind of error that leaves this package."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from sqlalchemy.exc import SQLAlchemyError


class StorageError(Exception):
    """Something could not be kept or found; the message says what was expected, what came, and what to do."""


def _refusals() -> tuple[type[Exception], ...]:
    """Give what says that a database refused: SQLAlchemy's errors, and its drivers' where they are used directly."""
    if not find_spec("asyncpg"):
        return (SQLAlchemyError, sqlite3.Error, OSError)
    import asyncpg

    return (SQLAlchemyError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


REFUSALS = _refusals()
MOST_CHARACTERS = 200


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn the database's errors into ours, without the values that were being written.

    Raises:
        StorageError: the database refused, was locked for too long, or is not there.
    """
    try:
        yield
    except REFUSALS as error:
        raise StorageError(
            f"{doing}: the database was expected to take part; it answered {_said(error)}. "
            "Nothing of it was kept. Look at disk space, the database's address and other writers, then try again."
        ) from error


def _said(error: Exception) -> str:
    """Give the kind of an error and its message; the message only where it cannot hold a value."""
    cause = getattr(error, "orig", None) or error
    cause = cause.__cause__ or cause  # SQLAlchemy wraps the errors of asyncpg once more
    is_about_a_value = isinstance(cause, ValueError) or str(getattr(cause, "sqlstate", "")).startswith("22")
    said = getattr(cause, "strerror", None) or next(iter(cause.args), "")  # the system's errors begin with a number
    message = "" if is_about_a_value or not said else f": {str(said)[:MOST_CHARACTERS]}"
    return f"{type(cause).__name__}{message}"

"""The one kind of error that leaves this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError


class StorageError(Exception):
    """Something could not be kept or found; the message says what was expected, what came, and what to do."""


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn the database's errors into ours, without the values that were being written.

    Raises:
        StorageError: the database refused, was locked for too long, or is not there.
    """
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StorageError(
            f"{doing}: the database was expected to take part; it answered {type(cause).__name__}: {str(cause)[:200]}. "
            "Nothing of it was kept. Look at disk space, the database's address and other writers, then try again."
        ) from error

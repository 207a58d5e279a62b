"""One program a database file: a second one would send everything twice."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SQLITE = "sqlite+aiosqlite:///"


class RunningAlreadyError(Exception):
    """Another process runs on the same database file."""


@contextmanager
def only_one(database_url: str) -> Iterator[bool]:
    """Hold a database file for this process, until it ends, however it ends; tell whether it is ours alone.

    Other databases are made to be shared: leases tell their processes apart.

    Raises:
        RunningAlreadyError: see there.
    """
    if not database_url.startswith(SQLITE):
        yield False
        return
    path = Path(database_url.removeprefix(SQLITE) + ".running")
    with path.open("w", encoding="utf-8") as lock:
        _hold(lock.fileno(), path)
        yield True


def _hold(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunningAlreadyError(
            f"No other program was expected on this database; one holds {path}. Stop it first."
        ) from error

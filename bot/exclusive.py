"""One program a SQLite file: a second one would send everything twice."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from storage.database import file_of


class RunningAlreadyError(Exception):
    """Another process runs on the same database file."""


@contextmanager
def only_one(database_url: str) -> Iterator[bool]:
    """Hold a database file for this process, until it ends, however it ends; tell whether it is ours alone.

    A file is the same by whatever path or link it is reached. Databases on a server are made to be shared:
    leases tell their processes apart (``bot.leadership``).

    Raises:
        RunningAlreadyError: see there.
    """
    file = file_of(database_url)
    if file is None:
        yield False
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _lock_of(file).open("a+", encoding="utf-8") as lock:
        _hold(lock, file)
        yield True


def holder_of(database_url: str) -> str:
    """Name the process that runs on a database file; empty: none does, or the database has no file."""
    file = file_of(database_url)
    if file is None or not _lock_of(file).exists():
        return ""
    with _lock_of(file).open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder_in(lock)
    return ""


def _lock_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.running")


def _holder_in(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "another process"


def _hold(lock: IO[str], file: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunningAlreadyError(
            f"No other program was expected on the database {file}; {_holder_in(lock)} runs on it (see {lock.name}). "
            "Stop that one first, or give this one a database of its own (JEMPUTBOLA_DATABASE_URL). "
            "Several processes can share a database on PostgreSQL."
        ) from error
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    lock.flush()

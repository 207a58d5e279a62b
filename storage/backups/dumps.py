"""A database in one file, and back: each kind by its own tool, at one moment, while the program runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from storage.database import connect, file_of
from storage.durable import sync
from storage.errors import StorageError, translated

BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a file."""


class Dumper(Protocol):
    """Copies one database into a file, and back."""

    suffix: str
    """How the file's name ends."""

    def dump(self, target: Path) -> None:
        """Write the database as it is now; whoever writes to it meanwhile neither waits nor is in it.

        Raises:
            StorageError: the database or the disk refused.
        """
        ...

    async def load(self, source: Path, aside: str) -> bool:
        """Put a dump in the database's place; what was there is kept under this name. Tells whether there was any.

        Raises:
            StorageError: the dump cannot be read, or somebody uses the database; everything is as it was.
        """
        ...

    async def is_empty(self) -> bool:
        """Tell whether there is nothing yet that a dump would replace."""
        ...


def dumper_for(url: str) -> Dumper:
    """Give what copies the database at this address."""
    file = file_of(url)
    return PostgresqlDumper(make_url(url)) if file is None else SqliteDumper(file)


class SqliteDumper:
    """A SQLite file."""

    suffix = "sqlite3"

    def __init__(self, file: Path) -> None:
        self._file = file

    def dump(self, target: Path) -> None:
        """Write a small, defragmented copy."""
        with _sqlite_errors(f"Copying {self._file}"), closing(_opened(self._file)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        target.chmod(0o600)
        sync(target)

    async def load(self, source: Path, aside: str) -> bool:
        """Check a copy, and put it in the file's place."""
        with _sqlite_errors(f"Checking {source}"), closing(_opened(source)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise StorageError(
                f"A whole database was expected in {source}; SQLite says {verdict}. Take another backup."
            )
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(f"{self._file.name}.part")
        shutil.copyfile(source, part)
        part.chmod(0o600)
        sync(part)
        was_there = not await self.is_empty()
        for ending in ("", *BESIDE):
            old = self._file.with_name(f"{self._file.name}{ending}")
            if old.exists():
                old.rename(old.with_name(f"{self._file.name}.{aside}{ending}"))
        part.rename(self._file)
        sync(self._file.parent)
        return was_there

    async def is_empty(self) -> bool:
        """Tell whether there is no file."""
        return not self._file.exists()


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)


@contextmanager
def _sqlite_errors(doing: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"{doing}: a database was expected there, and room for the copy; SQLite says {error}. "
            "Look at JEMPUTBOLA_DATABASE_URL, the disk space and the permissions."
        ) from error


class PostgresqlDumper:
    """A database on a PostgreSQL server, by the server's own tools."""

    suffix = "pgdump"

    def __init__(self, url: URL) -> None:
        self._url = url

    def dump(self, target: Path) -> None:
        """Write a dump in pg_dump's own format, compressed."""
        target.touch(mode=0o600)
        self._run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        sync(target)

    async def load(self, source: Path, aside: str) -> bool:
        """Rename the schema that is there, and read the dump into a new one, all or nothing."""
        was_there = not await self.is_empty()
        await self._refuse_company()
        await self._execute(f'ALTER SCHEMA public RENAME TO "{aside}"', "CREATE SCHEMA public")
        try:
            target = f"--dbname={self._url.database}"
            self._run("pg_restore", target, "--no-owner", "--exit-on-error", "--single-transaction", str(source))
        except StorageError:
            await self._execute("DROP SCHEMA public CASCADE", f'ALTER SCHEMA "{aside}" RENAME TO public')
            raise
        if not was_there:
            await self._execute(f'DROP SCHEMA "{aside}"')
        return was_there

    async def is_empty(self) -> bool:
        """Tell whether there are no tables."""
        return not await self._ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")

    async def _refuse_company(self) -> None:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        if many := await self._ask(others):
            raise StorageError(
                f"Nobody was expected to use the database {self._url.database}; {many} connections do. "
                "Stop every program that uses it, then try again."
            )

    async def _ask(self, question: str) -> int:
        engine = connect(self._url.render_as_string(hide_password=False))
        try:
            with translated("Looking at the database"):
                async with engine.connect() as connection:
                    return int(await connection.scalar(text(question)) or 0)
        finally:
            await engine.dispose()

    async def _execute(self, *statements: str) -> None:
        engine = connect(self._url.render_as_string(hide_password=False))
        try:
            with translated("Making room for the backup"):
                async with engine.begin() as connection:
                    for each in statements:
                        await connection.execute(text(each))
        finally:
            await engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        if shutil.which(program) is None:
            raise StorageError(
                f"{program} was expected on this machine; it is not in PATH. Install PostgreSQL's client programs, "
                "of the server's version or newer."
            )
        ended = _called([program, *arguments], {**os.environ, **_connection(self._url)})
        if ended.returncode:
            raise StorageError(
                f"{program} was expected to succeed; it said: {ended.stderr.strip()[-500:]}. "
                "It has to be of the server's version or newer, and the database has to answer."
            )


def _called(command: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours


def _connection(url: URL) -> dict[str, str]:
    """Give what PostgreSQL's programs read from the environment; a password on their command line could be seen."""
    asked = {key: str(value) for key, value in url.query.items()}
    found = {
        "PGHOST": url.host or asked.get("host", ""),
        "PGPORT": str(url.port or asked.get("port", "")),
        "PGUSER": url.username or asked.get("user", ""),
        "PGPASSWORD": url.password or asked.get("password", ""),
        "PGDATABASE": url.database or "",
        "PGSSLMODE": asked.get("ssl", asked.get("sslmode", "")),
    }
    return {name: value for name, value in found.items() if value}

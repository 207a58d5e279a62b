"""The kinds of databases on which one suite runs: each makes fresh ones, empty or like a template."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

from storage.database import migrate
from tests.databases.server import Server


class Template(NamedTuple):
    """What a new database holds. It is made once for each kind, and copied."""

    name: str
    fill: Callable[[str], Awaitable[None]]
    """Fills the migrated database at this address."""


async def _leave_empty(_url: str) -> None:
    """Put nothing in."""


EMPTY = Template("empty", _leave_empty)


class Databases(Protocol):
    """Makes databases of one kind; usable with and without a running loop."""

    name: str

    def new(self, template: Template = EMPTY) -> str:
        """Give the address of a fresh database with up-to-date tables."""
        ...

    def copy(self, url: str) -> str:
        """Give the address of a copy of a database to which nobody is connected."""
        ...

    def drop(self, url: str) -> None:
        """Remove a database."""
        ...


class SqliteDatabases:
    """Files in a folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[str, str] = {}

    def new(self, template: Template = EMPTY) -> str:
        """Give the address of a fresh file with up-to-date tables."""
        if template.name not in self._templates:
            self._templates[template.name] = _filled(f"{SQLITE}{self._folder}/{template.name}.db", template)
        return self.copy(self._templates[template.name])

    def copy(self, url: str) -> str:
        """Give the address of a copy of a file."""
        file = self._folder / f"{secrets.token_hex(8)}.db"
        shutil.copyfile(url.removeprefix(SQLITE), file)
        return f"{SQLITE}{file}"

    def drop(self, url: str) -> None:
        """Remove a file and what lies beside it."""
        file = Path(url.removeprefix(SQLITE))
        for each in self._folder.glob(f"{file.name}*"):
            each.unlink()


SQLITE = "sqlite+aiosqlite:///"


class PostgresqlDatabases:
    """Databases of a server, under names that nobody else uses."""

    name = "postgresql"

    def __init__(self, server: Server) -> None:
        self._server = server
        self._prefix = f"jemputbola_{secrets.token_hex(6)}"
        self._names: dict[str, str] = {}
        """Of every database that is there, by its address."""
        self._templates: dict[str, str] = {}
        self._made = 0

    def new(self, template: Template = EMPTY) -> str:
        """Give the address of a fresh database with up-to-date tables."""
        if template.name not in self._templates:
            self._templates[template.name] = _filled(self.blank(), template)
        return self.copy(self._templates[template.name])

    def blank(self) -> str:
        """Give the address of a database without tables."""
        return self._create("template1")

    def copy(self, url: str) -> str:
        """Give the address of a copy of a database to which nobody is connected."""
        return self._create(self._names[url])

    def drop(self, url: str) -> None:
        """Remove a database."""
        self._server.drop(self._names.pop(url))

    def close(self) -> None:
        """Remove all that was made."""
        for url in list(self._names):
            self.drop(url)

    def _create(self, template: str) -> str:
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        url = self._server.create(name, template)
        self._names[url] = name
        return url


def _filled(url: str, template: Template) -> str:
    """Migrate and fill a database; in a thread of its own, so that it can be called from a running loop."""

    async def fill() -> None:
        await migrate(url)
        await template.fill(url)

    with ThreadPoolExecutor(max_workers=1) as worker:
        worker.submit(asyncio.run, fill()).result()
    return url

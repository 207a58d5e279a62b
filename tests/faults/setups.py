"""The ways in which an installation can be set up, and databases in which everybody is invited already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from bot.composition import load_library, open_store
from bot.settings import Settings
from bot.telegram_bot import Updates
from conversations.people import Role, Standing
from storage.store import Store
from tests.databases import Databases, Template, ThrowAwayServer
from tests.faults.platforms import PlatformName

DISTRICT = "16.07"
MOST_PEOPLE = 20
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
DUE_AT = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Setup:
    """What an installation consists of."""

    database: Literal["sqlite", "postgresql"] = "sqlite"
    updates: Updates = "polling"
    processes: int = 1
    platform: PlatformName = "telegram"

    def __str__(self) -> str:
        many = f"{self.processes} {'process' if self.processes == 1 else 'processes'}"
        return f"{self.platform}, {self.database}, {self.updates}, {many}"


SETUPS = (
    Setup("sqlite", "polling"),
    Setup("sqlite", "webhook"),
    Setup("sqlite", "webhook", platform="whatsapp"),
    Setup("postgresql", "polling"),
    Setup("postgresql", "webhook"),
    Setup("postgresql", "polling", 3),
    Setup("postgresql", "webhook", 3),
)
"""All of them: a SQLite file belongs to one process."""


class Ground:
    """Databases of one kind that hold a district whose village heads have been given the ``codes``."""

    def __init__(self, databases: Databases, cache: Path, server: ThrowAwayServer | None = None) -> None:
        self._databases = databases
        self.server = server
        """The database server, where there is one that may be away for a while."""
        self.cache = cache
        """Where the program keeps what it has read of the forms."""
        self.codes: list[str] = []

    def new(self) -> str:
        """Give the address of a fresh one."""
        return self._databases.new(Template("village heads are invited", self._invite))

    def prepare(self) -> None:
        """Do now what only the first one needs."""
        self.drop(self.new())

    def drop(self, url: str) -> None:
        """Remove one."""
        self._databases.drop(url)

    def store(self, url: str) -> Store:
        """Open a database as the program does."""
        settings = Settings(database_url=url, cache_folder=self.cache)
        return open_store(settings, load_library(settings))

    async def _invite(self, url: str) -> None:
        store = self.store(url)
        try:
            await store.roster.load_regions()
            await store.roster.add_district(DISTRICT, 2026, DUE_AT, at=LONG_AGO)
            posts = await store.roster.posts(role=Role.VILLAGE_HEAD)
            self.codes = [
                await store.roster.issue_invitation(
                    post.id,
                    Standing.DEFINITIVE,
                    at=LONG_AGO,
                    name=f"Kepala {place}",
                    expires_at=DUE_AT + timedelta(days=1),
                )
                for place, post in enumerate(posts[:MOST_PEOPLE])
            ]
        finally:
            await store.close()

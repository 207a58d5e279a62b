"""Whether the program is alive, whether it is ready for work, and the figures that are read when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot.channels.port import Channel, via_of
from bot.composition import Program
from bot.leadership import polling
from bot.logging import described
from bot.metrics import BACKUP_AT, CHANNEL_ALIVE, DATABASE_UP, show_figures
from storage.backups.folder import BackupFolder
from storage.errors import StorageError
from storage.schema import newest_version

PATIENCE = timedelta(seconds=3)
"""A database that takes longer to say its version is away, as far as new work is concerned."""

_log = structlog.get_logger(__name__)


class Health:
    """What the pages report of a program; ``stopping`` is set once it was asked to stop."""

    def __init__(self, program: Program, stopping: asyncio.Event) -> None:
        self._program = program
        self._stopping = stopping
        self._backups = BackupFolder(program.settings.backup_folder)

    async def live(self) -> Mapping[str, str]:
        """Tell whether turns are taken; nothing outside of the process counts, because no new start would mend it."""
        return {"pipeline": "" if self._program.pipeline.is_running else "no turns are taken"}

    async def ready(self) -> Mapping[str, str]:
        """Tell whether the program can take events: it is not stopping, database and channels are there."""
        now = self._program.clock.now()
        version = await self._version()
        return {
            "running": self._not_running(),
            "database": "" if version else f"it does not answer within {PATIENCE.seconds} seconds",
            "migrations": "" if version == newest_version() else "the tables are not of this program's version",
            "leases": self._program.leadership.trouble,
            **{f"channel {each.name} {each.account}": self._trouble(each, now) for each in self._program.channels},
        }

    def _not_running(self) -> str:
        if self._stopping.is_set():
            return "the program is stopping"
        return "" if self._program.pipeline.is_running else "no turns are taken"

    def _trouble(self, channel: Channel, now: datetime) -> str:
        """Say what is wrong with a channel; it may rest while another process takes its updates in."""
        name = polling(via_of(channel))
        is_resting = channel.is_polled and not self._program.leadership.holds(name)
        return "" if is_resting else channel.trouble(now)

    async def measure(self) -> None:
        """Look at the channels, the newest backup and the database."""
        now = self._program.clock.now()
        for each in self._program.channels:
            CHANNEL_ALIVE.labels(each.name, each.account).set(not self._trouble(each, now))
        newest = await asyncio.to_thread(self._backups.newest_at)
        BACKUP_AT.set(newest.timestamp() if newest else 0)
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                show_figures(await self._program.store.figures.read(now))
        except (StorageError, TimeoutError) as error:
            DATABASE_UP.set(0)
            _log.warning("figures_not_read", error=described(error))

    async def _version(self) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return await self._program.store.version()
        except (StorageError, TimeoutError) as error:
            _log.warning("database_not_ready", error=described(error))
            return None

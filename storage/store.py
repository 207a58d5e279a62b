"""The store: everything the running program keeps, behind one door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from conversations.brief import Library
from conversations.rules import Rules, default_rules
from storage.broadcasts.records import BroadcastRecords
from storage.calendar_changes import Calendars
from storage.channel_terms import ChannelTerms
from storage.charges import Charges
from storage.database import Database
from storage.failures import Failures
from storage.figures import FigureReader
from storage.form_rows import FormRows
from storage.housekeeping import Housekeeping
from storage.jobs import Jobs
from storage.kept import KeptReader
from storage.leases import Leases
from storage.outbox import Outbox
from storage.outbox_records import OutboxRecords
from storage.planning.broadcasts import Broadcasts
from storage.planning.digests import Digests
from storage.planning.reminders import Reminders
from storage.planning.summaries import plan_summaries
from storage.region_book import RegionBook
from storage.reports import Reports
from storage.roster import Roster
from storage.schema import version_of
from storage.turn_state import Shared, TurnState
from storage.turns import Turns
from storage.wakeups import Wakeups


class Store:
    """All that is kept. One a process; writers take turns within it."""

    def __init__(self, engine: AsyncEngine, library: Library, rules: Rules | None = None) -> None:
        """Open it; ``rules``: when people may be told what they did not ask for, if not as the program has it."""
        self.library = library
        self._database = Database(engine)
        self.rules = rules or default_rules()
        self._shared = Shared(library, FormRows(library.forms), RegionBook(), self.rules)
        self.outbox = Outbox(self._database, self._shared)
        self.outbox_records = OutboxRecords(self._database)
        self.reports = Reports(self._database)
        self.charges = Charges(self._database)
        self.jobs = Jobs(self._database)
        self.leases = Leases(self._database)
        self.wakeups = Wakeups(self._database)
        self.failures = Failures(self._database)
        self.calendar = Calendars(self._database, self._shared)
        self.roster = Roster(self._database, self._shared)
        self.figures = FigureReader(self._database)
        self.kept = KeptReader(self._database, self._shared.form_rows)
        self.reminders = Reminders(self._database, self._shared)
        self.housekeeping = Housekeeping(self._database)
        self.broadcast_records = BroadcastRecords(self._database, self._shared)
        self.digests = Digests(self._database, self._shared)
        self.broadcasts = Broadcasts(self._database, self._shared, self.wakeups)

    def know_channels(self, terms: Mapping[str, ChannelTerms]) -> None:
        """Tell what the channels that are switched on allow and cost, by name, before the first turn."""
        self._shared.terms.update(terms)

    @asynccontextmanager
    async def begin_turns(self, at: datetime) -> AsyncIterator[Turns]:
        """Open a batch of turns; leaving it without ``commit`` keeps nothing of it.

        Raises:
            StorageError: the database refused; nothing of the batch was kept.
        """
        await self._shared.form_rows.prepare(self._database)
        async with self._database.writing("Keeping a batch of turns") as connection:
            yield Turns(connection, TurnState(at=at, shared=self._shared), self.wakeups)

    async def plan_summaries(self, at: datetime) -> None:
        """Put the weekly summaries into the outbox whose time has come; what they say is found out when they go."""
        await plan_summaries(self._database, self._shared, at)

    async def version(self) -> str:
        """Give the version of the tables, as ``storage.schema`` names it.

        Raises:
            StorageError: the database does not answer.
        """
        async with self._database.reading("Looking up the version of the tables") as connection:
            return await connection.run_sync(version_of)

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.engine.dispose()

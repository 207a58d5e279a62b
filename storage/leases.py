"""Who does what only one process may do: taken, kept by signs of life, and given back.

No clock is kept here. A holder beats; whoever waits watches the beat with a clock of its own, and takes the lease when
it has stood still for long enough. So no clock that is set, here or on the database's machine, makes two holders.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.errors import translated
from storage.inserting import insert_into
from storage.tables import lease

NOBODY = ""


@dataclass(frozen=True, slots=True)
class SeenLease:
    """A lease as somebody saw it."""

    name: str
    holder: str = NOBODY
    tenure: int = 0
    """How often it was taken; 0: never."""
    beat: int = 0
    """Grows with every sign of life of its holder, and with every change."""


class Leases:
    """The leases of a database. Every method is one statement that is committed by itself.

    A process that stops in the middle of one therefore holds no row, and keeps nobody from taking over.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, names: Collection[str]) -> Sequence[SeenLease]:
        """Tell how these leases stand; one that nobody ever held is there afterwards.

        Raises:
            StorageError: the database does not answer.
        """
        found = {each.name: each for each in await self._read(names)}
        missing = [{"name": name} for name in sorted(names) if name not in found]
        if missing:
            async with self._at_once("Making leases") as connection:
                await connection.execute(insert_into(connection, lease).on_conflict_do_nothing(), missing)
        return [found.get(name) or SeenLease(name) for name in names]

    async def beat(self, tenures: Mapping[str, int], holder: str) -> frozenset[str]:
        """Give a sign of life for the leases held in these tenures; give the names of those that are still held.

        Raises:
            StorageError: the database does not answer.
        """
        async with self._at_once("Keeping leases") as connection:
            rows = (await connection.execute(BEAT, {"names": list(tenures), "me": holder})).all()
        return frozenset(row.name for row in rows if row.tenure == tenures[row.name])

    async def take(self, seen: SeenLease, holder: str) -> int | None:
        """Take a lease if it is still exactly as it was seen; give the number of the tenure that begins.

        Raises:
            StorageError: the database does not answer. It may have been taken all the same.
        """
        values = {"this": seen.name, "in_tenure": seen.tenure, "at_beat": seen.beat, "me": holder}
        async with self._at_once("Taking a lease") as connection:
            number: int | None = await connection.scalar(TAKE, values)
        return number

    async def release(self, tenures: Mapping[str, int], holder: str) -> None:
        """Give back what is held in these tenures.

        Raises:
            StorageError: the database does not answer.
        """
        async with self._at_once("Giving leases back") as connection:
            for name, number in sorted(tenures.items()):
                await connection.execute(RELEASE, {"this": name, "in_tenure": number, "me": holder})

    async def _read(self, names: Collection[str]) -> Sequence[SeenLease]:
        async with self._database.reading("Looking at leases") as connection:
            rows = (await connection.execute(LOOK, {"names": list(names)})).all()
        return [SeenLease(*row) for row in rows]

    @asynccontextmanager
    async def _at_once(self, doing: str) -> AsyncIterator[AsyncConnection]:
        """Open a connection on which every statement is a transaction of its own, where the database knows such."""
        if self._database.engine.dialect.name == "sqlite":
            async with self._database.writing(doing) as connection:
                yield connection
                await connection.commit()
            return
        with translated(doing):
            async with self._database.connected() as connection:
                yield await connection.execution_options(isolation_level="AUTOCOMMIT")


IS_MINE = (lease.c.tenure == bindparam("in_tenure")) & (lease.c.holder == bindparam("me"))
LOOK = select(lease.c.name, lease.c.holder, lease.c.tenure, lease.c.beat).where(
    lease.c.name.in_(bindparam("names", expanding=True))
)
BEAT = (
    update(lease)
    .where(lease.c.name.in_(bindparam("names", expanding=True)), lease.c.holder == bindparam("me"))
    .values(beat=lease.c.beat + 1)
    .returning(lease.c.name, lease.c.tenure)
)
TAKE = (
    update(lease)
    .where(lease.c.name == bindparam("this"), lease.c.tenure == bindparam("in_tenure"))
    .where(lease.c.beat == bindparam("at_beat"))
    .values(holder=bindparam("me"), tenure=lease.c.tenure + 1, beat=lease.c.beat + 1)
    .returning(lease.c.tenure)
)
RELEASE = update(lease).where(lease.c.name == bindparam("this"), IS_MINE).values(holder=NOBODY, beat=lease.c.beat + 1)

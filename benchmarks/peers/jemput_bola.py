"""This program: pipeline, dialog and storage as they run, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from benchmarks.peers.questions import FORM, INSTRUMENT, questions
from benchmarks.world import BOT, assignments_of, known_to, running, settings_in, settle
from bot.channels.telegram.decoding import decode_update
from bot.clock import SystemClock
from bot.pipeline import Pipeline
from conversations.needs import AllSheetsNeed
from conversations.sheets import Sheet
from conversations.taps import Verb, tap
from storage.database import connect
from storage.store import Store

CLOCK = SystemClock()


async def fill(url: str, people: int) -> None:
    """Register village heads in the database at this address, all of whom are asked the first question then."""
    with TemporaryDirectory() as folder:
        async with running(settings_in(Path(folder), database_url=url, instrument=INSTRUMENT)) as (pipeline, store):
            await settle(store, pipeline, people, form=FORM)


class OwnBot:
    """A running pipeline. Replies stay in the outbox, where delivery would take them from."""

    def __init__(self, pipeline: Pipeline, store: Store, url: str) -> None:
        self._pipeline = pipeline
        self._store = store
        self._url = url
        self._assignments: dict[int, int] = {}

    async def begin(self, people: range) -> None:
        """Look up who has to answer what; ``fill`` has brought them to the first question."""
        self._assignments = await assignments_of(self._store, people, form=FORM)

    def button(self, chat: int, place: int, choice: str) -> str:
        """Give what the button carries."""
        return tap(Verb.ANSWER, self._assignments[chat], questions()[place].key, choice)

    async def handle(self, update: bytes) -> None:
        """Do what the webhook does: read, and hand in until it is committed."""
        decoded = decode_update(update, bot=BOT, at=CLOCK.now())
        if decoded.envelope:
            await self._pipeline.submit([decoded.envelope])

    async def answers(self, people: range) -> Mapping[int, Mapping[str, str]]:
        """Read the sheets."""
        assignments = await assignments_of(self._store, people, form=FORM)
        needs = [AllSheetsNeed(each) for each in assignments.values()]
        known = (await known_to(self._store, people, needs))[0].known
        return {chat: _values(known[need]) for chat, need in zip(assignments, needs, strict=True)}

    async def durability(self) -> str:
        """Ask the database how it syncs."""
        names = ("synchronous",) if "sqlite" in self._url else ("fsync", "synchronous_commit")
        engine = connect(self._url)
        try:
            async with engine.connect() as connection:
                ask = "PRAGMA" if "sqlite" in self._url else "SHOW"
                found = {name: str(await connection.scalar(text(f"{ask} {name}"))) for name in names}
        finally:
            await engine.dispose()
        return ", ".join(f"{name}={SAID.get(value, value)}" for name, value in found.items() if value in IS_SYNCED)


IS_SYNCED = {"2", "3", "on", "remote_write", "remote_apply"}
SAID = {"2": "FULL", "3": "EXTRA"}


def _values(sheets: object) -> Mapping[str, str]:
    assert isinstance(sheets, dict)
    return {key: value for sheet in sheets.values() for key, value in _sheet(sheet).items()}


def _sheet(sheet: object) -> Mapping[str, str]:
    assert isinstance(sheet, Sheet)
    return sheet.values()


@asynccontextmanager
async def opened(place: str) -> AsyncIterator[OwnBot]:
    """Open the database at this address."""
    with TemporaryDirectory() as folder:
        async with running(settings_in(Path(folder), database_url=place, instrument=INSTRUMENT)) as (pipeline, store):
            yield OwnBot(pipeline, store, place)

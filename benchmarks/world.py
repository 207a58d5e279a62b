"""A kabupaten full of village heads who are in the middle of their questions, in a throw-away database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.composition import DIALOG
from bot.pipeline import Pipeline
from bot.settings import Settings
from conversations.events import ChoiceTapped, TextReceived
from conversations.people import Role, Standing
from conversations.taps import Verb, tap
from storage.store import Store
from storage.turns import AddressKey, Envelope

BOT = "1"
DISTRICTS = ("16.07", "16.02", "32.06", "35.09", "33.02")
"""Kabupaten with more than a thousand villages together; Banyuasin, in the south of Sumatra, first."""
FORM = "dekela"


def settings_in(folder: Path) -> Settings:
    """Give settings that keep everything in this folder."""
    return Settings(
        _env_file=None,
        database_url=f"sqlite+aiosqlite:///{folder}/bench.db",
        cache_folder=folder / "cache",
        files_folder=folder / "files",
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Pipeline, Store]]:
    """Run a pipeline with the real dialog on the real storage, without delivery."""
    async with opened(settings) as store:
        pipeline = Pipeline(store.begin_turns, DIALOG, SystemClock(), lambda _committed: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pipeline.run())
            try:
                yield pipeline, store
            finally:
                pipeline.stop()


async def settle(store: Store, pipeline: Pipeline, people: int) -> dict[int, int]:
    """Register so many village heads; give the assignment of each, by chat id (from 1)."""
    now = datetime.now(UTC)  # noqa: TID251 - a benchmark is its own edge
    codes = await _invitations(store, people, now)
    for chat, code in enumerate(codes, start=1):
        await pipeline.submit([_said(chat, 1, f"/start {code}", now)])
    for step, button in ((2, tap(Verb.JOIN, "yes")), (3, tap(Verb.JOIN, "agree"))):
        await pipeline.submit([_tapped(chat, step, button, now) for chat in range(1, people + 1)])
    return await _assignments(store, people, now)


async def _invitations(store: Store, people: int, now: datetime) -> Sequence[str]:
    codes: list[str] = []
    for district in DISTRICTS:
        await store.roster.add_district(district, now.year, now + timedelta(days=60))
        for post in await store.roster.posts(now, role=Role.VILLAGE_HEAD, district=district):
            if len(codes) == people:
                return codes
            codes.append(await store.roster.issue_invitation(post.id, Standing.DEFINITIVE, at=now, name="Ahmad"))
    return codes


async def _assignments(store: Store, people: int, now: datetime) -> dict[int, int]:
    """Ask each person's brief which assignment of the form is theirs."""
    async with store.begin_turns(now) as turns:
        events = [_said(chat, 4, "menu", now) for chat in range(1, people + 1)]
        fresh = await turns.claim(events)
        briefs = [turns.brief(each) for each in fresh]
    return {
        chat: next(each.id for each in brief.assignments if each.form == FORM)
        for chat, brief in enumerate(briefs, start=1)
    }


def _said(chat: int, step: int, text: str, at: datetime) -> Envelope:
    return Envelope(f"settle:{chat}:{step}", AddressKey("telegram", BOT, str(chat)), TextReceived(at=at, text=text))


def _tapped(chat: int, step: int, data: str, at: datetime) -> Envelope:
    event = ChoiceTapped(at=at, data=data)
    return Envelope(f"settle:{chat}:{step}", AddressKey("telegram", BOT, str(chat)), event)

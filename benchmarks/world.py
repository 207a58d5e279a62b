"""A kabupaten full of village heads who are in the middle of their questions, in a throw-away database."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.composition import DIALOG
from bot.deciding import Dialog
from bot.pipeline import BeginTurns, Pipeline
from bot.settings import Settings
from conversations.brief import Brief
from conversations.events import ChoiceTapped, Event, TextReceived
from conversations.needs import Need
from conversations.people import Role
from conversations.taps import Verb, tap
from storage.outbox_states import OutboxState
from storage.store import Store
from storage.turns import AddressKey, Envelope

BOT = "1"
DISTRICTS = ("16.07", "16.02", "32.06", "35.09", "33.02")
"""Kabupaten with more than a thousand villages together; Banyuasin, in the south of Sumatra, first."""
FORM = "dekela"
SQLITE = "sqlite+aiosqlite:///"


def settings_in(folder: Path, *, database_url: str = "", instrument: Path | None = None) -> Settings:
    """Give settings that keep everything in this folder, but for a database elsewhere."""
    return Settings(
        _env_file=None,
        database_url=database_url or f"{SQLITE}{folder}/bench.db",
        cache_folder=folder / "cache",
        files_folder=folder / "files",
        simulator_folder=folder / "simulator",
        instrument_folder=instrument,
    )


def start_once(folder: Path) -> None:
    """Let another process start here first: what reading forms and making tables takes is not held afterwards."""
    first = multiprocessing.get_context("spawn").Process(target=_start_and_stop, args=(folder,))
    first.start()
    first.join()
    if first.exitcode:
        raise SystemExit(f"the first start ended with {first.exitcode}; see above")


def _start_and_stop(folder: Path) -> None:
    async def start() -> None:
        async with opened(settings_in(folder)):
            pass

    in_loop(start())


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    dialog: Dialog = DIALOG,
    begin: Callable[[Store], BeginTurns] = lambda store: store.begin_turns,
) -> AsyncIterator[tuple[Pipeline, Store]]:
    """Run a pipeline with the real dialog on the real storage, without delivery."""
    async with opened(settings) as store:
        pipeline = Pipeline(begin(store), dialog, SystemClock(), lambda _committed: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pipeline.run())
            try:
                yield pipeline, store
            finally:
                pipeline.stop()


class Place(NamedTuple):
    """Where chats are: a channel, an account, and how users are called there, by number."""

    channel: str = "telegram"
    account: str = BOT
    user: str = "{}"

    def address(self, chat: int) -> AddressKey:
        """Give the address of a chat."""
        return AddressKey(self.channel, self.account, self.user.format(chat))


TELEGRAM = Place()


async def settle(
    store: Store, pipeline: Pipeline, people: int, *, form: str = FORM, place: Place = TELEGRAM
) -> dict[int, int]:
    """Register so many village heads, who are asked their first question then; give each one's assignment, by chat."""
    codes = await _invitations(store, people, form)
    here = range(1, people + 1)
    await pipeline.submit([said(chat, 1, f"/start {code}", place) for chat, code in zip(here, codes, strict=True)])
    await pipeline.submit([tapped(chat, 2, tap(Verb.JOIN, "yes"), place) for chat in here])
    await pipeline.submit([said(chat, 3, "Ahmad", place) for chat in here])
    await pipeline.submit([tapped(chat, 4, tap(Verb.JOIN, "agree"), place) for chat in here])
    return await assignments_of(store, here, form=form, place=place)


async def _invitations(store: Store, people: int, form: str) -> Sequence[str]:
    at = now()
    codes: list[str] = []
    for district in DISTRICTS:
        if len(codes) < people:
            await store.roster.add_district(district, at.year, at + timedelta(days=60), at=at, forms=(form,))
            issued = await store.roster.invite_vacant(district, at=at)
            codes += [each.code for each in issued if each.post.role is Role.VILLAGE_HEAD]
    return codes[:people]


async def assignments_of(
    store: Store, people: Iterable[int], *, form: str = FORM, place: Place = TELEGRAM
) -> dict[int, int]:
    """Ask each person's brief which assignment of the form is theirs."""
    briefs = await known_to(store, people, place=place)
    return {
        chat: next(each.id for each in brief.assignments if each.form == form)
        for chat, brief in zip(people, briefs, strict=True)
    }


async def known_to(
    store: Store, people: Iterable[int], needs: Sequence[Need] = (), *, place: Place = TELEGRAM
) -> list[Brief]:
    """Give the brief of each person, with these needs met, without taking a turn."""
    async with store.begin_turns(now()) as turns:
        fresh = await turns.claim([said(chat, 0, "?", place) for chat in people])
        await turns.fetch(needs)
        return [turns.brief(each) for each in fresh]


async def check_replies(store: Store, turns: int) -> None:
    """Count the replies and failures: a benchmark whose turns did nothing would be fast."""
    waiting = (await store.outbox.counts())[OutboxState.WAITING]
    failed = await store.failures.list()
    if waiting < turns or failed:
        raise SystemExit(f"{turns} replies were expected; {waiting} wait, {len(failed)} turns failed")


def said(chat: int, step: int, text: str, place: Place = TELEGRAM) -> Envelope:
    """Make the event of a typed message; step 0 is never kept."""
    return _sent(chat, step, TextReceived(at=now(), text=text), place)


def tapped(chat: int, step: int, data: str, place: Place = TELEGRAM) -> Envelope:
    """Make the event of a tap."""
    return _sent(chat, step, ChoiceTapped(at=now(), data=data), place)


def _sent(chat: int, step: int, event: Event, place: Place) -> Envelope:
    return Envelope(f"settle:{chat}:{step}", place.address(chat), event)


def now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a benchmark is its own edge

"""The life of the program: prepare, run everything in one task group, stop gracefully."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import structlog

from bot.channels.port import Channel, via_of
from bot.clock import SteadyClock
from bot.composition import Program, assemble, load_library, open_store
from bot.exclusive import only_one
from bot.health import Health
from bot.lag import LagWatch
from bot.leadership import CHORES, polling, sending
from bot.settings import Settings
from bot.stopping import finish, listen_for_signals
from bot.web import WebServer, address_of, listen, web_app
from conversations.brief import Library
from conversations.hours import day_there, moment_there
from storage.database import migrate

DISTRICT_TERM = timedelta(days=60)
"""How long the district that is added by itself has for its answers."""

GARBAGE_THRESHOLDS = (20_000, 20, 50)
"""New objects before a round, rounds before an older generation's, and before a full one."""
LAST_TURNS = timedelta(seconds=2)
"""How long the turns may take that were handed in before the program was asked to stop."""
_log = structlog.get_logger(__name__)

Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The tasks of a running program."""

    pipeline: asyncio.Task[None]
    workers: Sequence[asyncio.Task[None]]
    """Those that start sends and downloads."""
    intake: Sequence[asyncio.Task[None]]
    """Those that take updates in, and the caretaker: what is cut off at once when the program is to stop."""
    listening: asyncio.Task[None]
    leadership: asyncio.Task[None]
    pages: asyncio.Task[None]


async def run(settings: Settings, announce: Announce) -> None:
    """Run until the process is asked to stop (SIGINT, SIGTERM).

    Raises:
        NothingToDoError: no channel is switched on.
        FormError: a form cannot be used.
        StorageError: the database cannot be used.
        RunningAlreadyError: another process runs on the same SQLite file.
        OSError: the port of the web pages is taken.
    """
    with only_one(settings.database_url) as is_ours:
        alone_since = SteadyClock().now() if is_ours else None
        library = load_library(settings)
        await migrate(settings.database_url)
        await _run(settings, library, announce, alone_since)


async def _run(settings: Settings, library: Library, announce: Announce, alone_since: datetime | None) -> None:
    """Run on a database that is there; ``alone_since``: no other process uses it."""
    store = open_store(settings, library)
    try:
        program = assemble(settings, store, alone_since)
        await _prepare_roster(program)
        if alone_since:
            program.jobs.take_over()
        with listen(settings.web_host, settings.web_port) as listening:
            await serve(program, listening, announce)
    finally:
        await store.close()


async def serve(program: Program, listening: socket.socket, announce: Announce) -> None:
    """Run all parts until asked to stop; what has been acknowledged or begun is finished, or left to be done again."""
    stopping = listen_for_signals()
    web = WebServer(web_app(Health(program, stopping), program.routes))
    try:
        async with asyncio.TaskGroup() as tasks:
            parts = _start(program, tasks, web.serve([listening]))
            lag = LagWatch()
            settle_memory()
            announce(address_of(listening))
            await stopping.wait()
            lag.stop()
            await _stop(program, parts, web)
    finally:
        for channel in program.channels:
            await channel.close()


def _start(program: Program, tasks: asyncio.TaskGroup, pages: Coroutine[None, None, None]) -> _Parts:
    """Start all parts; what only one process may do runs while this one holds the lease for it."""
    leadership = program.leadership
    sends = {each.via: leadership.while_held(sending(each.via), each.run) for each in program.delivery}
    chores = leadership.while_held(CHORES, program.caretaker.run)
    return _Parts(
        pipeline=tasks.create_task(program.pipeline.run(), name="pipeline"),
        workers=[
            *(tasks.create_task(work, name=f"delivery {name}") for name, work in sends.items()),
            tasks.create_task(program.jobs.run(), name="jobs"),
        ],
        intake=[
            tasks.create_task(chores),
            *(tasks.create_task(_taking_in(program, each)) for each in program.channels),
        ],
        listening=tasks.create_task(program.listener.run(), name="listening"),
        leadership=tasks.create_task(leadership.run(), name="leadership"),
        pages=tasks.create_task(pages, name="pages"),
    )


async def _taking_in(program: Program, channel: Channel) -> None:
    """Take a channel's updates in; where they have to be asked for, as long as no other process does so."""
    if not channel.is_polled:
        return await channel.run(program.pipeline.submit)
    name = polling(via_of(channel))
    return await program.leadership.while_held(name, lambda _tenure: channel.run(program.pipeline.submit))


def settle_memory() -> None:
    """Take what will live as long as the program out of the garbage collector's rounds, and let it come less often.

    Measured: freezing made the slowest turns in a hundred five times as fast; the thresholds give a tenth more turns.
    A batch of turns makes some hundred thousand objects, nearly all of which die without the collector's help.
    No round before: it would take a tenth of the start, to find a thousand objects among 190,000.
    """
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()


async def _stop(program: Program, parts: _Parts, web: WebServer) -> None:
    """Close the doors first, then let what is inside finish; turns last, because files and pages end in one."""
    _log.info("stopping")
    for each in (*parts.intake, parts.listening):
        each.cancel()
    await asyncio.wait(parts.intake)
    web.stop()
    program.jobs.stop()
    for worker in program.delivery:
        worker.stop()
    program.leadership.retire()
    await finish([*parts.workers, parts.listening, parts.pages])
    program.pipeline.stop()
    await finish([parts.pipeline, parts.leadership], LAST_TURNS)
    _log.info("stopped")


async def _prepare_roster(program: Program) -> None:
    """Load regions, fit running assignments to the forms of this version, and give the simulator a district."""
    roster, settings = program.store.roster, program.settings
    await roster.load_regions()
    await roster.renew_forms()
    if settings.has_simulator and settings.district and not await roster.districts():
        await _add_first_district(program)


async def _add_first_district(program: Program) -> None:
    """Fill an empty database, so that there is something to try."""
    now = program.clock.now()
    district = program.settings.district
    end = moment_there(day_there(now + DISTRICT_TERM, district), time.min, district)
    added = await program.store.roster.add_district(district, now.year, end, at=now)
    _log.info("district_added", district=district, villages=added.villages)

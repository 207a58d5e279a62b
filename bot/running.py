"""The life of the program: prepare, run everything in one task group, stop gracefully."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from datetime import timedelta

import structlog

from bot.composition import Program, assemble, load_library, open_store
from bot.exclusive import only_one
from bot.settings import Settings
from bot.web import WebServer, address_of, listen, web_app
from conversations.brief import Library
from storage.database import migrate

DISTRICT_TERM = timedelta(days=60)
"""How long the district that is added by itself has for its answers."""

GARBAGE_THRESHOLDS = (20_000, 20, 50)
"""New objects before a round, rounds before an older generation's, and before a full one."""
_log = structlog.get_logger(__name__)

Announce = Callable[[str], None]


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
        library = load_library(settings)
        await migrate(settings.database_url)
        await _run(settings, library, announce, is_ours=is_ours)


async def _run(settings: Settings, library: Library, announce: Announce, *, is_ours: bool) -> None:
    """Run on a database that is there; ``is_ours``: no other process uses it."""
    store = open_store(settings, library)
    try:
        program = assemble(settings, store)
        await _prepare_roster(program)
        if is_ours:
            await program.delivery.take_over()
            program.jobs.take_over()
        with listen(settings.web_host, settings.web_port) as listening:
            await serve(program, listening, announce)
    finally:
        await store.close()


async def serve(program: Program, listening: socket.socket, announce: Announce) -> None:
    """Run all parts until asked to stop; what has been acknowledged or begun is finished."""
    web = WebServer(web_app(program.checks, program.routes))
    stopping = asyncio.Event()
    _listen_for_signals(stopping)
    try:
        async with asyncio.TaskGroup() as tasks:
            workers = [tasks.create_task(each.run()) for each in (program.pipeline, program.delivery, program.jobs)]
            intake = [tasks.create_task(each.run(program.pipeline.submit)) for each in program.channels]
            pages = tasks.create_task(web.serve([listening]))
            program.caretaker.start()
            settle_memory()
            announce(address_of(listening))
            await stopping.wait()
            await _stop(program, intake, web)
            await asyncio.wait([*workers, pages])
    finally:
        for channel in program.channels:
            await channel.close()


def settle_memory() -> None:
    """Take what will live as long as the program out of the garbage collector's rounds, and let it come less often.

    Measured: freezing made the slowest turns in a hundred five times as fast; the thresholds give a tenth more turns.
    A batch of turns makes some hundred thousand objects, nearly all of which die without the collector's help.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


async def _stop(program: Program, intake: list[asyncio.Task[None]], web: WebServer) -> None:
    """Close the doors first, then let what is inside finish."""
    _log.info("stopping")
    program.caretaker.stop()
    for each in intake:
        each.cancel()
    await asyncio.wait(intake)
    program.jobs.stop()
    program.pipeline.stop()
    program.delivery.stop()
    web.stop()


def _listen_for_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)


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
    added = await program.store.roster.add_district(program.settings.district, now.year, now + DISTRICT_TERM)
    _log.info("district_added", district=program.settings.district, villages=added.villages)

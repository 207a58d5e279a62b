"""Telegram's two libraries side by side: memory, start, sends a second, processor time of a send, connections.

``python -m benchmarks.sending`` prints a table with ratios. Each run is a fresh process that talks through our own
adapter with a local Bot API server in this one; the libraries take turns, so that a busy moment hits both. Over the
real network a send takes 50 to 300 ms, whichever library: what stays of the difference there is the processor time.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar, get_args

import msgspec
from pydantic import SecretStr

import bot.composition  # noqa: F401 - what the program has in memory anyway counts for neither
from benchmarks.measuring import machine, resident_mib
from benchmarks.tables import Cell, show, tell
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.libraries import open_api
from bot.cli.service import in_loop
from bot.telegram_bot import Library, TelegramBot
from conversations.messages import Button
from tests.telegram_server import Person, TelegramServer

RUNS = 3
SENDS_ALONE = 200
"""One after the other."""
SENDS_TOGETHER = 400
TOGETHER = 20
"""Under way at the same time: as many as go out in a second of a broadcast."""
SENDS_LONG = 5_000
"""Of the long run, which looks for connections and memory that are not given back."""
TEXT = "<b>26.6 Akta kelahiran</b>\nBerapa jumlah anak yang sudah punya akta kelahiran? " + "Isi dengan angka. " * 10
BUTTONS = ((Button("Benar", "a:1:26.6:y"), Button("Bukan", "a:1:26.6:n")), (Button("Lewati", "s:1:26.6"),))
LIBRARIES: tuple[Library, ...] = get_args(Library)


class Short(msgspec.Struct):
    """One run of one library."""

    start_seconds: float
    """From the choice of the library to Telegram's first answer, imports included."""
    start_processor_seconds: float
    """The part of it that the processor worked."""
    start_mib: float
    """Memory beyond what the program holds before that choice."""
    alone: float
    """Sends a second, one after the other."""
    together: float
    """Sends a second, 20 at once."""
    processor_ms: float
    """Time of the processor for one of the latter."""


class Long(msgspec.Struct):
    """What 5,000 sends leave behind."""

    grown_mib: float
    """Memory beyond what was held after the first tenth."""
    connections: int = 0
    """Open at the end."""
    opened: int = 0
    """Opened on the way."""


Run = TypeVar("Run", Short, Long)
SENDS = {Short: SENDS_ALONE + TOGETHER + SENDS_TOGETHER, Long: SENDS_LONG}
"""What has to have arrived after a run."""
FIGURES = (
    ("start, s", "start_seconds"),
    ("start, processor s", "start_processor_seconds"),
    ("memory, MiB", "start_mib"),
    ("sends/s, one by one", "alone"),
    (f"sends/s, {TOGETHER} at once", "together"),
    ("processor, ms a send", "processor_ms"),
)


async def short_run(open_line: Callable[[], TelegramApi], chat: str) -> tuple[TelegramApi, Short]:
    """Start the library, send for a short while, and measure; it must not have been imported before."""
    gc.collect()
    held, started, idle = resident_mib(), time.perf_counter(), time.process_time()
    api = open_line()
    await api.username()
    start = (time.perf_counter() - started, time.process_time() - idle, resident_mib() - held)
    alone = await _rate(api, chat, SENDS_ALONE, at_once=1)
    await _rate(api, chat, TOGETHER, at_once=TOGETHER)  # opens the connections
    worked = time.process_time()
    together = await _rate(api, chat, SENDS_TOGETHER, at_once=TOGETHER)
    processor_ms = (time.process_time() - worked) / SENDS_TOGETHER * 1000
    return api, Short(*start, alone, together, processor_ms)


async def long_run(open_line: Callable[[], TelegramApi], chat: str) -> tuple[TelegramApi, Long]:
    """Send for long; the connections stay as they are, so that the server can count those that are open."""
    api = open_line()
    await _rate(api, chat, SENDS_LONG // 10, at_once=TOGETHER)
    gc.collect()
    held = resident_mib()
    await _rate(api, chat, SENDS_LONG * 9 // 10, at_once=TOGETHER)
    gc.collect()
    return api, Long(resident_mib() - held)


async def _rate(api: TelegramApi, chat: str, sends: int, *, at_once: int) -> float:
    numbers = iter(range(sends))
    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(_send_all(api, chat, numbers))
    return sends / (time.perf_counter() - started)


async def _send_all(api: TelegramApi, chat: str, numbers: Iterator[int]) -> None:
    for number in numbers:
        await api.send_message(chat, f"{TEXT} {number}", BUTTONS)


def in_fresh_process(kind: type[Run], library: Library, server: TelegramServer, person: Person) -> Run:
    """Run this module in a process of its own and read what it found."""
    _, before = server.connections()
    command = [sys.executable, "-m", "benchmarks.sending", kind.__name__, library, server.url, str(person.chat.id)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{library} was expected to send; it ended with {process.wait()}")
        found = msgspec.json.decode(line, type=kind)
        if isinstance(found, Long):
            found.connections, ever = server.connections()
            found.opened = ever - before
        assert process.stdin
        process.stdin.close()
    if len(person.chat.bubbles) != SENDS[kind]:
        raise SystemExit(f"{SENDS[kind]} messages were expected to arrive; {len(person.chat.bubbles)} did")
    person.chat.bubbles.clear()
    server.world.calls.clear()
    return found


def fresh_process(kind: str, library: Library, url: str, chat: str) -> None:
    """Be the fresh process: measure, print, and stay until the other side has counted."""
    bot = TelegramBot(token=SecretStr(TelegramServer.token), library=library)

    async def run() -> None:
        api, found = await (short_run if kind == Short.__name__ else long_run)(lambda: open_api(bot, url), chat)
        print(msgspec.json.encode(found).decode(), flush=True)
        sys.stdin.read()
        await api.close()

    in_loop(run())


def main() -> None:
    """Measure and print."""
    with TelegramServer() as server:
        person = server.person()
        shorts = [_compare(server, person, run) for run in range(1, RUNS + 1)]
        idle = time.process_time()
        longs = {each: in_fresh_process(Long, each, server, person) for each in LIBRARIES}
        served_ms = (time.process_time() - idle) / (SENDS_LONG * len(LIBRARIES)) * 1000
    rows: list[list[Cell]] = []
    for title, name in FIGURES:
        values = [statistics.median(getattr(run[each], name) for run in shorts) for each in LIBRARIES]
        rows.append([title, *values, f"{values[1] / values[0]:.2f}"])
    notes = [
        f"{each}: {SENDS_LONG:,} sends opened {found.opened} connections, {found.connections} are open at the end; "
        f"memory {found.grown_mib:+.1f} MiB over the last {SENDS_LONG * 9 // 10:,}"
        for each, found in longs.items()
    ]
    notes.append(f"the local server works {served_ms:.1f} ms for each, which bounds the sends of the quicker one")
    notes.append(f"median of {RUNS} runs; {machine()}")
    show("Telegram's two libraries", ("", *LIBRARIES, "ratio"), rows, notes=notes)


def _compare(server: TelegramServer, person: Person, run: int) -> dict[Library, Short]:
    tell(f"  run {run}/{RUNS}")
    return {each: in_fresh_process(Short, each, server, person) for each in LIBRARIES}


if __name__ == "__main__":
    if sys.argv[1:]:
        fresh_process(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4])  # type: ignore[arg-type] # our own call
    else:
        main()

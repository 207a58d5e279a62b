"""Updates a second over HTTP: from the request of Telegram or Meta to the answer after the commit.

One process is the program's web server with the real webhook, pipeline, dialog and SQLite (``synchronous=FULL``); a
second one plays the platform, which brings each person's taps one after another and those of different people side by
side, over so many kept-alive connections of the loopback. Every tap changes an answer. Beside it the same turns
without HTTP, in the same run: so many callers hand updates in.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import Lap, Watch, machine, median
from benchmarks.platforms import PLATFORMS, Platform, Served
from benchmarks.tables import Cell, show, tell
from benchmarks.taps import taps_of
from benchmarks.world import check_replies, running, settings_in, settle
from bot.channels.port import Accept
from bot.cli.service import in_loop
from bot.clock import SystemClock
from bot.logging import configure_logging
from bot.running import settle_memory
from bot.web import WebServer, listen, web_app

RUNS = 3
MOST_PEOPLE = 1000
FIGURES: Mapping[str, Callable[[Lap], float]] = {
    "updates/s": lambda lap: lap.turns_a_second,
    "p50 ms": lambda lap: lap.p50,
    "p99 ms": lambda lap: lap.p99,
    "processor us": lambda lap: lap.processor_us,
}
FIRST_WITHOUT_HTTP = 50_000
"""Numbers of updates that do not come by HTTP start here."""


class Load(NamedTuple):
    """Who writes at the same time."""

    people: int
    connections: int
    """Telegram opens 100 at most; a Bot API server of one's own as many as it is told."""
    turns: int
    """Of each person in one run."""


LOADS = (Load(1, 1, 100), Load(50, 50, 20), Load(MOST_PEOPLE, 100, 3), Load(MOST_PEOPLE, 1000, 3))


class Compared(NamedTuple):
    """The same load with and without HTTP."""

    brought: Lap
    handed_in: Lap


Waiting = deque[deque[bytes]]
"""People with what they are still going to say; whoever has waited longest first."""


class AlwaysWell:
    """What the web server asks about the program, which is not there."""

    async def live(self) -> Mapping[str, str]:
        """Report nothing."""
        return {}

    async def ready(self) -> Mapping[str, str]:
        """Report nothing."""
        return {}

    async def measure(self) -> None:
        """Measure nothing."""


async def measure(folder: Path, name: str) -> dict[Load, list[Compared]]:
    """Measure every load on this platform, the loads in turn so that a busy moment hits all of them."""
    found: dict[Load, list[Compared]] = {load: [] for load in LOADS}
    platform = PLATFORMS[name]
    other = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    async with running(settings_in(folder)) as (pipeline, store):
        assignments = await settle(store, pipeline, MOST_PEOPLE, place=platform.place)
        async with _serving(platform.serve(pipeline.submit)) as port:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(other, prepare, assignments, name)
            updates = taps_of(assignments, platform.write, first=FIRST_WITHOUT_HTTP)
            settle_memory()
            for run in range(1, RUNS + 1):
                tell(f"  {name}, run {run}/{RUNS}")
                for load in LOADS:
                    brought = await _counted(loop.run_in_executor(other, bring, port, load))
                    handed_in = await _counted(_hand_in(pipeline.submit, platform, _turns(updates, load), load))
                    found[load].append(Compared(brought, handed_in))
        await check_replies(store, 2 * RUNS * sum(load.people * load.turns for load in LOADS))
    other.shutdown()
    return found


async def _counted(work: Awaitable[Lap]) -> Lap:
    """Add what a run cost this process."""
    before = time.process_time()
    lap = await work
    return lap._replace(processor_seconds=time.process_time() - before)


async def _hand_in(accept: Accept, platform: Platform, waiting: Waiting, load: Load) -> Lap:
    """Take the same load without HTTP."""
    clock = SystemClock()

    async def hand_in(payload: bytes) -> None:
        envelopes = platform.decode(payload, clock.now())
        assert envelopes
        await accept(envelopes)

    return await _keep_busy([hand_in] * load.connections, waiting)


def _turns(updates: Mapping[int, Iterator[bytes]], load: Load) -> Waiting:
    return deque(deque(islice(updates[chat], load.turns)) for chat in range(1, load.people + 1))


async def _keep_busy(lines: Sequence[Callable[[bytes], Awaitable[None]]], waiting: Waiting) -> Lap:
    """Keep every line busy with somebody's next update."""
    watch = Watch()
    async with asyncio.TaskGroup() as tasks:
        for line in lines:
            tasks.create_task(_work(line, waiting, watch))
    return watch.lap()


async def _work(line: Callable[[bytes], Awaitable[None]], waiting: Waiting, watch: Watch) -> None:
    while waiting:
        person = waiting.popleft()
        started = time.perf_counter()
        await line(person.popleft())
        watch.milliseconds.append((time.perf_counter() - started) * 1000)
        if person:
            waiting.append(person)


@asynccontextmanager
async def _serving(served: Served) -> AsyncIterator[int]:
    """Serve the webhook and give its port."""
    server = WebServer(web_app(AlwaysWell(), served.routes))
    with listen("127.0.0.1", 0) as listening:
        async with asyncio.TaskGroup() as tasks:
            pages = tasks.create_task(server.serve([listening]))
            taking = tasks.create_task(served.running)
            yield listening.getsockname()[1]
            server.stop()
            await pages
            taking.cancel()


# ---------------------------------------------------------------- the platform, in a process of its own
_updates: dict[int, Iterator[bytes]] = {}


def prepare(assignments: Mapping[int, int], name: str) -> None:
    """Think of what everybody is going to tap."""
    platform = PLATFORMS[name]
    taps = taps_of(assignments, platform.write)
    _updates.update({chat: (_request(platform, update) for update in mine) for chat, mine in taps.items()})


def bring(port: int, load: Load) -> Lap:
    """Bring this load's updates, and tell how long that took."""
    return in_loop(_bring(port, load.connections, _turns(_updates, load)))


async def _bring(port: int, connections: int, waiting: Waiting) -> Lap:
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    measured = await _keep_busy([_poster(reader, writer) for reader, writer in lines], waiting)
    for _, writer in lines:
        writer.close()
    return measured


def _poster(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Callable[[bytes], Awaitable[None]]:
    async def post(request: bytes) -> None:
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"200 was expected; {answer!r} came")

    return post


def _request(platform: Platform, update: bytes) -> bytes:
    headers = {
        "Host": "localhost",
        **platform.headers(update),
        "Content-Type": "application/json",
        "Content-Length": str(len(update)),
        "Connection": "keep-alive",
        "Accept-Encoding": "gzip, deflate",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {platform.path} HTTP/1.1\r\n{head}\r\n".encode() + update


# ---------------------------------------------------------------- what is printed
def main() -> None:
    """Measure and print."""
    configure_logging(level="ERROR", style="console")
    rows: list[list[Cell]] = []
    for name in PLATFORMS:
        with tempfile.TemporaryDirectory(prefix="jemputbola-webhook-") as folder:
            found = in_loop(measure(Path(folder), name))
        rows += [
            [f"{name}: {load.people:,} people, {load.connections:,} connections", *_figures(runs)]
            for load, runs in found.items()
        ]
    heads = ("", *[f"{figure} {how}" for how in ("by HTTP", "without") for figure in FIGURES])
    show("Updates by webhook", heads, rows, notes=[f"median of {RUNS} runs; {machine()}"])


def _figures(runs: Sequence[Compared]) -> Iterator[float]:
    for laps in ([run.brought for run in runs], [run.handed_in for run in runs]):
        for figure in FIGURES.values():
            yield median(laps, figure)


if __name__ == "__main__":
    main()

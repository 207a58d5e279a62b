"""Durable turns a second: from Telegram's bytes to the committed answer with its queued reply.

``python -m benchmarks.turns`` prints a table. Every turn is a tap that changes an answer: the update is claimed, the
answer, its history, the totals of kecamatan, kabupaten and province, the session and the reply are written, and
SQLite has synced them to the disk (``synchronous=FULL``) before the turn counts.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.taps import taps_of
from benchmarks.world import BOT, running, settings_in, settle
from bot.channels.telegram.decoding import decode_updates
from bot.cli.service import in_loop
from bot.clock import SystemClock
from bot.logging import configure_logging
from bot.pipeline import Pipeline
from bot.running import settle_memory
from storage.outbox_states import OutboxState
from storage.store import Store

LOADS = ((1, 300), (50, 40), (1000, 10))
"""Village heads who answer at the same time, and turns of each in one run."""
RUNS = 5
START_PATIENCE_SECONDS = 60


class Measured(NamedTuple):
    """One run."""

    turns_a_second: float
    milliseconds: Sequence[float]
    """How long each turn took, sorted."""


async def measure(folder: Path) -> dict[int, list[Measured]]:
    """Measure every load, the loads in turn so that a busy moment hits all of them."""
    found: dict[int, list[Measured]] = {people: [] for people, _ in LOADS}
    most = max(people for people, _ in LOADS)
    async with running(settings_in(folder)) as (pipeline, store):
        assignments = await settle(store, pipeline, most)
        updates = taps_of(assignments)
        settle_memory()
        for _ in range(RUNS):
            for people, turns in LOADS:
                found[people].append(await _run(pipeline, updates, people, turns))
        await _check(store)
    return found


async def _run(pipeline: Pipeline, updates: dict[int, Iterator[bytes]], people: int, turns: int) -> Measured:
    took: list[float] = []
    payloads = [[next(updates[chat]) for _ in range(turns)] for chat in range(1, people + 1)]
    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for mine in payloads:
            tasks.create_task(_person(pipeline, mine, took))
    return Measured(people * turns / (time.perf_counter() - started), sorted(took))


async def _person(pipeline: Pipeline, payloads: Sequence[bytes], took: list[float]) -> None:
    clock = SystemClock()
    for payload in payloads:
        started = time.perf_counter()
        decoded = decode_updates(b"[" + payload + b"]", bot=BOT, at=clock.now())
        await pipeline.submit([each.envelope for each in decoded if each.envelope])
        took.append((time.perf_counter() - started) * 1000)


async def _check(store: Store) -> None:
    """Count the replies and failures: a benchmark whose turns did nothing would be fast."""
    turns = RUNS * sum(people * each for people, each in LOADS)
    waiting = (await store.outbox.counts())[OutboxState.WAITING]
    failed = await store.failures.list()
    if waiting < turns or failed:
        raise SystemExit(f"{turns} replies were expected; {waiting} wait, {len(failed)} turns failed")


class Started(NamedTuple):
    """The program just after its start."""

    seconds: float
    resident_mib: float


def start_program(folder: Path) -> Started:
    """Start the program on the database of the benchmark, and stop it."""
    settings = settings_in(folder)
    environment = {
        **os.environ,
        "JEMPUTBOLA_DATABASE_URL": settings.database_url,
        "JEMPUTBOLA_CACHE_FOLDER": str(settings.cache_folder),
        "JEMPUTBOLA_SIMULATOR_FOLDER": str(folder / "simulator"),
        "JEMPUTBOLA_WEB_PORT": "0",
        "JEMPUTBOLA_LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-c", "from bot.cli import main; main()", "run"]
    started = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout
        process.stdout.readline()
        found = Started(time.perf_counter() - started, _resident_mib(process.pid))
        process.terminate()
    return found


def _resident_mib(process: int) -> float:
    """Read how much memory a process holds (Linux; elsewhere NaN)."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def main() -> None:
    """Measure and print."""
    configure_logging(level="ERROR", style="console")
    with tempfile.TemporaryDirectory(prefix="jemputbola-bench-") as name:
        found = in_loop(measure(Path(name)))
        held = _resident_mib(os.getpid())
        starts = [start_program(Path(name)) for _ in range(RUNS)]
    print(f"{'village heads':>13} {'turns/s':>9} {'p50 ms':>8} {'p99 ms':>8}   (median of {RUNS} runs)")
    for people, runs in found.items():
        print(f"{people:>13,} {_median(runs, rate):>9,.0f} {_median(runs, p50):>8.2f} {_median(runs, p99):>8.2f}")
    print(f"memory: {max(each.resident_mib for each in starts):.0f} MiB after the start, {held:.0f} MiB under load")
    print(f"start: {statistics.median(each.seconds for each in starts):.2f} s")


def rate(run: Measured) -> float:
    """Give the turns a second."""
    return run.turns_a_second


def p50(run: Measured) -> float:
    """Give how long a turn took in the middle."""
    return run.milliseconds[len(run.milliseconds) // 2]


def p99(run: Measured) -> float:
    """Give how long the slowest turn in a hundred took at least."""
    return run.milliseconds[len(run.milliseconds) * 99 // 100]


def _median(runs: Sequence[Measured], figure: Callable[[Measured], float]) -> float:
    return statistics.median(figure(run) for run in runs)


if __name__ == "__main__":
    main()

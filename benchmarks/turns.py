"""Durable turns a second with the real form: from Telegram's bytes to the committed answer with its queued reply.

Every turn is a tap that changes an answer of Dekela: the update is claimed, the answer, its history, the totals of
kecamatan, kabupaten and province, the session and the reply are written, and SQLite has synced them to the disk
(``synchronous=FULL``) before the turn counts.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import Lap, Watch, machine, median, resident_mib
from benchmarks.tables import show, tell
from benchmarks.taps import by_telegram, taps_of
from benchmarks.world import BOT, check_replies, running, settings_in, settle, start_once
from bot.channels.telegram.decoding import decode_update
from bot.cli.service import in_loop
from bot.clock import SystemClock
from bot.logging import configure_logging
from bot.pipeline import Pipeline
from bot.running import settle_memory

LOADS = ((1, 100), (50, 40), (1000, 5))
"""Village heads who answer at the same time, and turns of each in one run."""
RUNS = 5
HEADS = ("village heads at once", "turns/s", "p50 ms", "p99 ms", "processor us/turn")

Updates = Mapping[int, Iterator[bytes]]
"""An endless row of taps of each person, by chat."""


async def measure(folder: Path) -> Mapping[int, Sequence[Lap]]:
    """Measure every load, the loads in turn so that a busy moment hits all of them."""
    found: dict[int, list[Lap]] = {people: [] for people, _ in LOADS}
    most = max(people for people, _ in LOADS)
    async with running(settings_in(folder)) as (pipeline, store):
        updates = taps_of(await settle(store, pipeline, most), by_telegram)
        settle_memory()
        for run in range(1, RUNS + 1):
            for people, turns in LOADS:
                found[people].append(await answer(pipeline, updates, people, turns))
            tell(f"  run {run}/{RUNS}: {found[most][-1].turns_a_second:,.0f} turns/s by {most:,} people")
        await check_replies(store, RUNS * sum(people * each for people, each in LOADS))
    return found


async def answer(pipeline: Pipeline, updates: Updates, people: int, turns: int) -> Lap:
    """Let so many people take so many turns each, every one after the one before was kept."""
    payloads = [[next(updates[chat]) for _ in range(turns)] for chat in range(1, people + 1)]
    watch = Watch()
    async with asyncio.TaskGroup() as tasks:
        for mine in payloads:
            tasks.create_task(_person(pipeline, mine, watch))
    return watch.lap()


async def _person(pipeline: Pipeline, payloads: Sequence[bytes], watch: Watch) -> None:
    clock = SystemClock()
    for payload in payloads:
        started = time.perf_counter()
        decoded = decode_update(payload, bot=BOT, at=clock.now())
        assert decoded.envelope
        await pipeline.submit([decoded.envelope])
        watch.milliseconds.append((time.perf_counter() - started) * 1000)


def main() -> None:
    """Measure and print."""
    configure_logging(level="ERROR", style="console")
    with tempfile.TemporaryDirectory(prefix="jemputbola-turns-") as name:
        start_once(Path(name))
        found = in_loop(measure(Path(name)))
    rows = [
        (
            f"{people:,}",
            median(laps, lambda lap: lap.turns_a_second),
            median(laps, lambda lap: lap.p50),
            median(laps, lambda lap: lap.p99),
            median(laps, lambda lap: lap.processor_us),
        )
        for people, laps in found.items()
    ]
    notes = [f"median of {RUNS} runs; {resident_mib():.0f} MiB resident at the end; {machine()}"]
    show("Durable turns a second: Dekela on SQLite", HEADS, rows, notes=notes)


if __name__ == "__main__":
    main()

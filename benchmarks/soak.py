"""A steady load for a long time: does memory stay where it is? ``make soak MINUTES=60``.

Pipeline, dialog and storage run as in the program, on SQLite with ``synchronous=FULL``; a thousand village heads tap
answers of Dekela, 200 a second at even distances, whatever became of those before. Every minute a line tells what the
process holds. Nothing is sent, so that the outbox grows by 720,000 messages in an hour: on the disk, not in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import Watch, machine, resident_mib
from benchmarks.tables import show, tell
from benchmarks.taps import by_telegram, taps_of
from benchmarks.world import BOT, check_replies, running, settings_in, settle, start_once
from bot.channels.telegram.decoding import decode_update
from bot.cli.service import in_loop
from bot.clock import SystemClock
from bot.logging import configure_logging
from bot.pipeline import Pipeline
from bot.running import settle_memory

PEOPLE = 1000
TURNS_A_SECOND = 200
MINUTE_SECONDS = 60


class Minute(NamedTuple):
    """What one minute was like."""

    resident_mib: float
    turns: int
    p50: float
    p99: float
    """In milliseconds."""


async def soak(folder: Path, minutes: int) -> Sequence[Minute]:
    """Keep up the load for so many minutes."""
    found: list[Minute] = []
    async with running(settings_in(folder)) as (pipeline, store):
        updates = taps_of(await settle(store, pipeline, PEOPLE), by_telegram)
        settle_memory()
        people = cycle(updates.values())
        for number in range(1, minutes + 1):
            found.append(await _minute(pipeline, (next(each) for each in people)))
            last = found[-1]
            tell(f"  minute {number}: {last.resident_mib:.1f} MiB, p99 {last.p99:.0f} ms, {last.turns} turns")
        await check_replies(store, sum(each.turns for each in found))
    return found


async def _minute(pipeline: Pipeline, updates: Iterator[bytes]) -> Minute:
    """Keep the load up for a minute; what each turn took is forgotten, or it would be what grows."""
    watch = Watch()
    async with asyncio.TaskGroup() as tasks:
        async for update in _evenly(updates, TURNS_A_SECOND * MINUTE_SECONDS):
            tasks.create_task(_take(pipeline, update, watch))
    lap = watch.lap()
    return Minute(resident_mib(), lap.turns, lap.p50, lap.p99)


async def _evenly(updates: Iterator[bytes], many: int) -> AsyncIterator[bytes]:
    """Give so many updates, each at its time; those whose time has passed at once."""
    started = time.perf_counter()
    for number in range(many):
        await asyncio.sleep(max(0.0, started + number / TURNS_A_SECOND - time.perf_counter()))
        yield next(updates)


async def _take(pipeline: Pipeline, update: bytes, watch: Watch) -> None:
    started = time.perf_counter()
    decoded = decode_update(update, bot=BOT, at=SystemClock().now())
    assert decoded.envelope
    await pipeline.submit([decoded.envelope])
    watch.milliseconds.append((time.perf_counter() - started) * 1000)


def growth_an_hour(minutes: Sequence[Minute]) -> float:
    """Give by how many MiB the second half grows in an hour: the straight line that fits it best."""
    half = minutes[len(minutes) // 2 :]
    if len(half) < 2:
        return float("nan")
    slope, _ = statistics.linear_regression(range(len(half)), [each.resident_mib for each in half])
    return slope * 60


def main() -> None:
    """Keep up the load and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=60)
    minutes = parser.parse_args().minutes
    configure_logging(level="ERROR", style="console")
    with tempfile.TemporaryDirectory(prefix="jemputbola-soak-") as name:
        start_once(Path(name))
        found = in_loop(soak(Path(name), minutes))
    places = {0, len(found) // 4, len(found) // 2, len(found) * 3 // 4, len(found) - 1}
    rows = [
        (f"minute {place + 1}", each.resident_mib, each.p50, each.p99)
        for place, each in enumerate(found)
        if place in places
    ]
    grown = growth_an_hour(found)
    notes = [f"{grown:+.1f} MiB an hour over the second half; {TURNS_A_SECOND} turns a second; {machine()}"]
    show(f"{minutes} minutes of a steady load", ("", "MiB resident", "p50 ms", "p99 ms"), rows, notes=notes)


if __name__ == "__main__":
    main()

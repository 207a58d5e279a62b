"""Turns a second on a fresh database and on one with years of use in it: does anything grow with age?

The turns are those of ``benchmarks.turns``. The old database is a copy of the fresh one, with the same people in the
middle of the same questions, two closed cycles with all their answers, a million changes of answers, half a million
messages and as many event keys. Both are asked in turn, now the one first and now the other.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.aging import Age, grow_old
from benchmarks.measuring import Lap, machine, median
from benchmarks.tables import show, tell
from benchmarks.taps import by_telegram, taps_of
from benchmarks.turns import answer
from benchmarks.world import check_replies, running, settings_in, settle
from bot.cli.service import in_loop
from bot.logging import configure_logging
from bot.running import settle_memory

LOADS = ((50, 20), (1000, 3))
"""Village heads who answer at the same time, and turns of each in one run."""
RUNS = 7
HEADS = (
    "village heads at once",
    "fresh turns/s",
    "old turns/s",
    "old : fresh",
    "processor us",
    "old: us",
    "old : fresh",
)

Pair = tuple[Lap, Lap]
"""On the fresh and on the old database."""


async def measure(folder: Path, age: Age) -> Mapping[int, Sequence[Pair]]:
    """Measure every load on both databases."""
    found: dict[int, list[Pair]] = defaultdict(list)
    most = max(people for people, _ in LOADS)
    fresh, old = settings_in(folder / "fresh"), settings_in(folder / "old")
    async with running(fresh) as (pipeline, store):
        assignments = await settle(store, pipeline, most)
    shutil.copytree(folder / "fresh", folder / "old")
    await grow_old(old.database_url, age)
    tell(f"  {_mib(folder / 'fresh'):.0f} MiB fresh, {_mib(folder / 'old'):.0f} MiB old")
    async with running(fresh) as new_one, running(old) as old_one:
        updates = [taps_of(assignments, by_telegram), taps_of(assignments, by_telegram)]
        settle_memory()
        for run in range(1, RUNS + 1):
            for people, turns in LOADS:
                laps: dict[int, Lap] = {}
                for which in (0, 1) if run % 2 else (1, 0):
                    pipeline, _ = (new_one, old_one)[which]
                    laps[which] = await answer(pipeline, updates[which], people, turns)
                found[people].append((laps[0], laps[1]))
            tell(f"  run {run}/{RUNS}")
        replies = RUNS * sum(people * turns for people, turns in LOADS)
        await check_replies(new_one[1], replies)
        await check_replies(old_one[1], replies + age.waiting)
    return found


def _mib(folder: Path) -> float:
    return (folder / "bench.db").stat().st_size / 2**20


def main() -> None:
    """Measure and print; a ratio is the median of those of the runs."""
    configure_logging(level="ERROR", style="console")
    with tempfile.TemporaryDirectory(prefix="jemputbola-age-") as name:
        found = in_loop(measure(Path(name), Age()))
    rows = [
        (
            f"{people:,}",
            median(pairs, lambda pair: pair[0].turns_a_second),
            median(pairs, lambda pair: pair[1].turns_a_second),
            median(pairs, lambda pair: pair[1].turns_a_second / pair[0].turns_a_second),
            median(pairs, lambda pair: pair[0].processor_us),
            median(pairs, lambda pair: pair[1].processor_us),
            median(pairs, lambda pair: pair[1].processor_us / pair[0].processor_us),
        )
        for people, pairs in found.items()
    ]
    show("An old database beside a fresh one", HEADS, rows, notes=[f"median of {RUNS} runs; {machine()}"])


if __name__ == "__main__":
    main()

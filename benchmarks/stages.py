"""Where the processor time of a turn goes: the same taps as in ``turns``, with a meter at every stage.

What a stage works while others wait for it is counted by the processor's clock of the whole process, threads included;
waiting for the disk is not. The meter reads that clock some ten times a turn: the figures are a little too high.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar, cast

from benchmarks.measuring import Lap, machine, median
from benchmarks.tables import Cell, show, tell
from benchmarks.taps import by_telegram, taps_of
from benchmarks.turns import answer
from benchmarks.world import running, settings_in, settle
from bot.cli.service import in_loop
from bot.composition import DIALOG
from bot.deciding import Dialog
from bot.logging import configure_logging
from bot.running import settle_memory
from conversations.engine import Step
from conversations.needs import Need
from storage.store import Store
from storage.turns import Committed, Envelope, Turns

LOADS = ((50, 40), (1000, 5))
"""Village heads who answer at the same time, and turns of each in one run."""
RUNS = 5
STAGES = {
    "claim": "seen before? who is it, which posts and assignments",
    "anticipate": "guess which rows of answers the step will look at",
    "fetch": "read these rows",
    "step": "decide: check the answer, score the row, word the reply",
    "apply": "note what the step wants for the commit",
    "commit": "write answers, history, totals, session, reply; sync",
    "rest": "decode, hand in, begin, wake up, and the people who tap",
}

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Meter:
    """Adds up processor time by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def at(self, stage: str) -> Iterator[None]:
        """Count what happens inside to this stage."""
        started = time.process_time()
        try:
            yield
        finally:
            self.seconds[stage] += time.process_time() - started

    def around(self, stage: str, work: Callable[Given, Result]) -> Callable[Given, Result]:
        """Count every call of this function to the stage."""

        @wraps(work)
        def counted(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            started = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                self.seconds[stage] += time.process_time() - started

        return counted

    def dialog(self) -> Dialog:
        """Give the dialog with the meter around it."""
        return Dialog(
            self.around("step", DIALOG.resume), self.around("anticipate", DIALOG.anticipate), DIALOG.apologise
        )

    def begin(self, store: Store) -> Callable[[datetime], AbstractAsyncContextManager[Turns]]:
        """Give what opens a batch of turns, with the meter inside it."""

        @asynccontextmanager
        async def begun(at: datetime) -> AsyncIterator[Turns]:
            async with store.begin_turns(at) as turns:
                yield cast("Turns", _Metered(turns, self))

        return begun


class _Metered:
    """What the pipeline asks of a batch of turns."""

    def __init__(self, turns: Turns, meter: Meter) -> None:
        self._turns = turns
        self._meter = meter
        self.brief = turns.brief
        self.session = turns.session
        self.keep_failed = turns.keep_failed
        self.apply: Callable[[Envelope, Step], None] = meter.around("apply", turns.apply)

    async def claim(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        with self._meter.at("claim"):
            return await self._turns.claim(envelopes)

    async def fetch(self, needs: Iterable[Need]) -> None:
        with self._meter.at("fetch"):
            await self._turns.fetch(needs)

    async def commit(self) -> Committed:
        with self._meter.at("commit"):
            return await self._turns.commit()


class Run(NamedTuple):
    """What one run took."""

    lap: Lap
    seconds: Mapping[str, float]
    """Of the processor, by stage."""

    def microseconds(self, stage: str) -> float:
        """Give the processor time of a stage a turn."""
        return self.seconds[stage] / self.lap.turns * 1e6


async def measure(folder: Path) -> Mapping[int, Sequence[Run]]:
    """Measure both loads in turn."""
    found: dict[int, list[Run]] = {people: [] for people, _ in LOADS}
    meter = Meter()
    async with running(settings_in(folder), dialog=meter.dialog(), begin=meter.begin) as (pipeline, store):
        updates = taps_of(await settle(store, pipeline, max(found)), by_telegram)
        settle_memory()
        for run in range(1, RUNS + 1):
            for people, turns in LOADS:
                meter.seconds.clear()
                lap = await answer(pipeline, updates, people, turns)
                rest = lap.processor_seconds - sum(meter.seconds.values())
                found[people].append(Run(lap, {**meter.seconds, "rest": rest}))
            tell(f"  run {run}/{RUNS}")
    return found


def _medians(found: Mapping[int, Sequence[Run]], stage: str) -> Sequence[float]:
    return [median(runs, lambda run: run.microseconds(stage)) for runs in found.values()]


def main() -> None:
    """Measure and print."""
    configure_logging(level="ERROR", style="console")
    with tempfile.TemporaryDirectory(prefix="jemputbola-stages-") as name:
        found = in_loop(measure(Path(name)))
    rows: list[tuple[Cell, ...]] = [
        (f"{stage}: {meaning}", *_medians(found, stage)) for stage, meaning in STAGES.items()
    ]
    rows.append(("all", *(median(runs, lambda run: run.lap.processor_us) for runs in found.values())))
    heads = ("processor us a turn", *(f"{people:,} at once" for people in found))
    show("Where the time of a turn goes: Dekela on SQLite", heads, rows, notes=[f"median of {RUNS} runs; {machine()}"])


if __name__ == "__main__":
    main()

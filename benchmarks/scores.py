"""What an official asks, with 99, 313 and 83,762 villages in the database: does the answer take longer?

Each turn goes through the pipeline alone, from the typed word to the committed reply, on SQLite
(``synchronous=FULL``). Everybody has answered; the same three questions are put in all three databases in turn.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks.country import populate, provinces
from benchmarks.measuring import Lap, Watch, machine, median
from benchmarks.tables import show, tell
from benchmarks.world import check_replies, known_to, now, running, said, settings_in, tapped
from bot.cli.service import in_loop
from bot.composition import load_library
from bot.logging import configure_logging
from bot.pipeline import Pipeline
from bot.running import settle_memory
from conversations.needs import ScoreNeed, ScoreTotals
from conversations.people import Role, Standing
from conversations.taps import Verb, tap
from storage.database import migrate
from storage.store import Store
from storage.turns import Envelope

OFFICIAL = 1
"""Chat of the official."""
ROW = "26.15"
RUNS = 5
TURNS = 20
"""Of each question in one run."""


class Size(NamedTuple):
    """A database, and whose official asks in it."""

    name: str
    district: str
    subdistrict: str
    """Name of a kecamatan in it, as it is typed."""
    within: tuple[str, ...]
    """Codes of the regions that are on the roster."""


SIZES = (
    Size("one kabupaten", "62.11", "kahayan tengah", ("62.11",)),
    Size("one kabupaten", "16.07", "banyuasin i", ("16.07",)),
    Size("all of Indonesia", "16.07", "banyuasin i", tuple(provinces())),
)


class Asking:
    """An official in one database."""

    def __init__(self, pipeline: Pipeline, store: Store, region: int, subdistrict: str) -> None:
        self._pipeline = pipeline
        self._region = region
        self._subdistrict = subdistrict
        self._steps = count(10)
        self.store = store
        self.asked = 0

    async def ask(self, question: str) -> Lap:
        """Put a question several times."""
        watch = Watch()
        for _ in range(TURNS):
            envelope = self._envelope(question)
            started = time.perf_counter()
            await self._pipeline.submit([envelope])
            watch.milliseconds.append((time.perf_counter() - started) * 1000)
        self.asked += TURNS
        return watch.lap()

    def _envelope(self, question: str) -> Envelope:
        if question == WHY:
            return tapped(OFFICIAL, next(self._steps), tap(Verb.WHY, self._region, ROW))
        return said(OFFICIAL, next(self._steps), question.format(self._subdistrict))

    async def check(self) -> int:
        """See that replies came and that the score has something to tell; count the villages that it tells of."""
        await check_replies(self.store, self.asked)
        need = ScoreNeed(self._region)
        found = (await known_to(self.store, [OFFICIAL], [need]))[0].find(need)
        assert isinstance(found, ScoreTotals)
        tally = found.rows[ROW]
        if not 0 < tally.claimed < tally.units * 10**9:
            raise SystemExit(f"some villages were expected to meet {ROW}; found {tally}")
        return tally.units


@asynccontextmanager
async def official_in(folder: Path, size: Size) -> AsyncIterator[Asking]:
    """Make a database of this size, and let somebody take the post of its official."""
    settings = settings_in(folder)  # its folder is made with the database
    await migrate(settings.database_url)
    villages = await populate(settings.database_url, load_library(settings), size.within)
    tell(f"  {villages:,} villages are there")
    async with running(settings) as (pipeline, store):
        post = await store.roster.find_post(size.district, Role.OFFICIAL)
        region = await store.roster.find_region(size.district)
        assert post
        assert region
        code = await store.roster.issue_invitation(post, Standing.DEFINITIVE, at=now(), name="Budi")
        await pipeline.submit([said(OFFICIAL, 1, f"/start {code}")])
        await pipeline.submit([tapped(OFFICIAL, 2, tap(Verb.JOIN, "yes"))])
        await pipeline.submit([tapped(OFFICIAL, 3, tap(Verb.JOIN, "agree"))])
        yield Asking(pipeline, store, region.id, size.subdistrict)


WHY = f"why {ROW}"
QUESTIONS: Mapping[str, str] = {
    "skor": "the score of the kabupaten",
    "skor {}": "a region by its name",
    WHY: "the reasons of a row",
}

Found = Mapping[tuple[Size, str], Sequence[Lap]]


async def measure(folder: Path) -> tuple[Found, Mapping[Size, int]]:
    """Put every question in every database, in turn; count the villages that the score tells of."""
    found: dict[tuple[Size, str], list[Lap]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        officials = {
            size: await stack.enter_async_context(official_in(folder / str(place), size))
            for place, size in enumerate(SIZES)
        }
        for question in QUESTIONS:  # once, so that all have been read that is read once
            for official in officials.values():
                await official.ask(question)
        settle_memory()
        for run in range(1, RUNS + 1):
            tell(f"  run {run}/{RUNS}")
            for question in QUESTIONS:
                for size, official in officials.items():
                    found[size, question].append(await official.ask(question))
        villages = {size: await official.check() for size, official in officials.items()}
    return found, villages


def main() -> None:
    """Measure and print."""
    configure_logging(level="ERROR", style="console")
    with tempfile.TemporaryDirectory(prefix="jemputbola-scores-") as name:
        found, villages = in_loop(measure(Path(name)))
    rows = [
        (
            meaning,
            f"{size.name} ({villages[size]} villages asked about)",
            median(found[size, question], lambda lap: lap.p50),
            median(found[size, question], lambda lap: lap.p99),
            median(found[size, question], lambda lap: lap.processor_us) / 1000,
        )
        for question, meaning in QUESTIONS.items()
        for size in SIZES
    ]
    heads = ("an official asks", "on the roster", "p50 ms", "p99 ms", "processor ms")
    show("Questions about scores", heads, rows, notes=[f"median of {RUNS} runs of {TURNS}; {machine()}"])


if __name__ == "__main__":
    main()

"""Turns a second beside other frameworks: ``python -m benchmarks.peers [--runs N]``.

Everybody asks the same ten questions (five choices, five numbers that are checked) and gets the same updates as
Telegram's bytes. A turn ends when the answer is kept and the reply is sent, which costs the peers nothing (their
request classes answer at once), or lies in our outbox. Each contestant has a process of its own, with the garbage
collector set alike, and they race one at a time, in turn, so that a busy moment of the machine hits all of them.
A race counts only when every answer of everybody is there afterwards.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from benchmarks.measuring import Lap, machine, median
from benchmarks.peers.contestants import CONTESTANTS, PICKLED, Contestant, NewPlace, places
from benchmarks.peers.process import Racer
from benchmarks.peers.questions import answers_of, questions
from benchmarks.peers.race import Order, Report
from benchmarks.tables import show, tell

RUNS = 3
PEOPLE = 1000
HEADS = ("", "turns/s", "beside the fastest in memory", "p50 ms", "p99 ms", "processor us/turn", "MiB")


class Load(NamedTuple):
    """How many people there are, and how many of them answer at the same time."""

    people: int
    at_once: int


LOADS = (Load(10, 1), Load(200, 50), Load(PEOPLE, 1000))
KILLED = Load(50, 50)
KILLED_AFTER = 333
"""Acknowledged answers before the process is killed; no round of everybody's answers ends there."""


class Raced(NamedTuple):
    """A race that counts."""

    lap: Lap
    resident_mib: float


Results = Mapping[Load, Mapping[Contestant, Sequence[Raced]]]


@contextmanager
def racers() -> Iterator[Mapping[Contestant, Sequence[Racer]]]:
    """Start the processes of all contestants."""
    with ExitStack() as stack:
        yield {each: [stack.enter_context(Racer(each.opens)) for _ in range(each.processes)] for each in CONTESTANTS}


def run_all(new_place: NewPlace, runs: int) -> Results:
    """Let everybody race under each load, so many times."""
    found: dict[Load, dict[Contestant, list[Raced]]] = {load: defaultdict(list) for load in LOADS}
    with racers() as processes:
        for run in range(1, runs + 1):
            for load in LOADS:
                for each in CONTESTANTS:
                    raced = race(processes[each], new_place(each.kind), load)
                    found[load][each].append(raced)
                    pace = f"{raced.lap.turns_a_second:,.0f} turns/s"
                    tell(f"  run {run}/{runs}, {load.at_once:,} at once, {each.name}: {pace}")
    return found


def race(racers: Sequence[Racer], place: str, load: Load) -> Raced:
    """Race once; several processes of one contestant start together and share the people."""
    for racer, order in zip(racers, _shares(place, load, len(racers)), strict=True):
        racer.order(order)
    for racer in racers:
        racer.await_ready()
    for racer in racers:
        racer.go()
    reports = [racer.report() for racer in racers]
    if wrong := sum(report.wrong for report in reports):
        raise SystemExit(f"{wrong} of {load.people} people have other answers than they gave: the race is void")
    return _together(reports)


def _shares(place: str, load: Load, processes: int) -> Iterator[Order]:
    people, at_once = load.people // processes, max(load.at_once // processes, 1)
    for number in range(processes):
        yield Order(place, 1 + number * people, people, at_once)


def _together(reports: Sequence[Report]) -> Raced:
    milliseconds = sorted(each for report in reports for each in report.milliseconds)
    seconds = max(report.ended for report in reports) - min(report.started for report in reports)
    processor = sum(report.processor_seconds for report in reports)
    lap = Lap(len(milliseconds), seconds, processor, milliseconds)
    return Raced(lap, sum(report.resident_mib for report in reports))


class Kept(NamedTuple):
    """What was there after the process had been killed."""

    acknowledged: int
    kept: int
    durability: str


def kill(contestant: Contestant, place: str) -> Kept:
    """Kill the process in the middle of a race, and ask a new one what it knows."""
    with Racer(contestant.opens) as racer:
        racer.order(Order(place, 1, KILLED.people, KILLED.at_once, KILLED_AFTER))
        racer.await_ready()
        racer.go()
        acknowledged = racer.report().acknowledged
    with Racer(contestant.opens) as racer:
        racer.order(Order(place, 1, KILLED.people))
        report = racer.report()
    there = 0
    for chat, many in acknowledged.items():
        answered = list(answers_of(chat).items())[:many]
        there += sum(report.kept.get(chat, {}).get(key) == value for key, value in answered)
    return Kept(sum(acknowledged.values()), there, report.durability)


def fastest_peer(results: Mapping[Contestant, Sequence[Raced]]) -> Contestant:
    """Find the peer that keeps things in memory and was fastest."""
    peers = [each for each in results if each.name.endswith("memory")]
    return max(peers, key=lambda each: median(results[each], lambda raced: raced.lap.turns_a_second))


def rows_of(results: Mapping[Contestant, Sequence[Raced]]) -> Iterator[Sequence[str | float]]:
    """Give the rows of a load's table; ratios are those of races of the same round."""
    fastest = results[fastest_peer(results)]
    for each, raced in results.items():
        ratios = [mine.lap.turns_a_second / peer.lap.turns_a_second for mine, peer in zip(raced, fastest, strict=True)]
        yield (
            each.name,
            median(raced, lambda one: one.lap.turns_a_second),
            f"{statistics.median(ratios):.2f}",
            median(raced, lambda one: one.lap.p50),
            median(raced, lambda one: one.lap.p99),
            median(raced, lambda one: one.lap.processor_us),
            max(one.resident_mib for one in raced),
        )


def main() -> None:
    """Race and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    with places(PEOPLE) as new_place:
        results = run_all(new_place, runs)
        kept = {each: kill(each, new_place(each.kind)) for each in (*CONTESTANTS, PICKLED) if each.processes == 1}
    for load, found in results.items():
        notes = [f"median of {runs} races; {load.people * len(questions()):,} turns each; {machine()}"]
        show(f"Ten questions, {load.at_once:,} people at once", HEADS, list(rows_of(found)), notes=notes)
    rows = [
        (each.name, there.durability or "no", f"{there.kept} of {there.acknowledged}") for each, there in kept.items()
    ]
    heads = ("", "synced before the reply", "answers kept after kill -9")
    show("What outlives a power cut, and what a killed process", heads, rows)


if __name__ == "__main__":
    main()

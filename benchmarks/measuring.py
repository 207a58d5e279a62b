"""Taking the measure: time, processor time, memory, and what stands in the middle of several runs."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

Run = TypeVar("Run")


class Lap(NamedTuple):
    """What a run of many turns took."""

    turns: int
    seconds: float
    processor_seconds: float
    """Of all threads of this process: what a busy machine does not change much."""
    milliseconds: Sequence[float]
    """How long each turn took, sorted."""

    @property
    def turns_a_second(self) -> float:
        """Turns by the clock on the wall."""
        return self.turns / self.seconds

    @property
    def processor_us(self) -> float:
        """Microseconds of processor time a turn."""
        return self.processor_seconds / self.turns * 1e6

    @property
    def p50(self) -> float:
        """How long a turn took in the middle, in milliseconds."""
        return self.milliseconds[len(self.milliseconds) // 2]

    @property
    def p99(self) -> float:
        """How long the slowest turn in a hundred took at least, in milliseconds."""
        return self.milliseconds[len(self.milliseconds) * 99 // 100]


class Watch:
    """Runs from its making."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._processor = time.process_time()
        self.milliseconds: list[float] = []
        """How long each turn took; filled by whoever takes them."""

    def lap(self) -> Lap:
        """Stop, and give what was measured."""
        wall, processor = time.perf_counter() - self._wall, time.process_time() - self._processor
        return Lap(len(self.milliseconds), wall, processor, sorted(self.milliseconds))


def median(runs: Sequence[Run], figure: Callable[[Run], float]) -> float:
    """Give what stands in the middle of several runs."""
    return statistics.median(figure(run) for run in runs)


def resident_mib(process: int | None = None) -> float:
    """Read how much memory a process holds, by default this one (Linux; elsewhere NaN)."""
    try:
        status = Path(f"/proc/{process or os.getpid()}/status").read_text("utf-8")
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def machine() -> str:
    """Describe what it was measured on, and how busy that is otherwise."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, load {load}"

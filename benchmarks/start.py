"""How long the program takes to start, and how much memory it holds then."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import machine, median, resident_mib
from benchmarks.tables import show, tell
from benchmarks.world import settings_in

RUNS = 5
COMMAND = (sys.executable, "-c", "from bot.cli import main; main()", "run")


class Started(NamedTuple):
    """The program just after its start."""

    seconds: float
    processor_seconds: float
    resident_mib: float


def start(environment: Mapping[str, str]) -> Started:
    """Start the program, wait for the address that it prints, and stop it."""
    started = time.perf_counter()
    with subprocess.Popen(COMMAND, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout
        process.stdout.readline()
        seconds = time.perf_counter() - started
        found = Started(seconds, _processor_seconds(process.pid), resident_mib(process.pid))
        process.terminate()
        process.stdout.read()
    return found


def _processor_seconds(process: int) -> float:
    """Read how much processor time a process has taken (Linux; elsewhere NaN)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(") ")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def environment_in(folder: Path) -> dict[str, str]:
    """Give the environment of a program that keeps everything in this folder."""
    settings = settings_in(folder)
    return {
        **os.environ,
        "JEMPUTBOLA_DATABASE_URL": settings.database_url,
        "JEMPUTBOLA_CACHE_FOLDER": str(settings.cache_folder),
        "JEMPUTBOLA_FILES_FOLDER": str(settings.files_folder),
        "JEMPUTBOLA_SIMULATOR_FOLDER": str(settings.simulator_folder),
        "JEMPUTBOLA_WEB_PORT": "0",
        "JEMPUTBOLA_LOG_LEVEL": "WARNING",
    }


def main() -> None:
    """Measure and print: the first start makes the database and reads the forms, later ones find both."""
    with tempfile.TemporaryDirectory(prefix="jemputbola-start-") as name:
        environment = environment_in(Path(name))
        first = start(environment)
        tell(f"  first start: {first.seconds:.1f} s")
        later = [start(environment) for _ in range(RUNS)]
    rows: Sequence[tuple[str, float, float, float]] = [
        ("first", *first),
        (
            "later",
            median(later, lambda each: each.seconds),
            median(later, lambda each: each.processor_seconds),
            max(each.resident_mib for each in later),
        ),
    ]
    heads = ("start", "s to the printed address", "processor s", "MiB resident")
    show("Start with the simulator", heads, rows, notes=[f"later: median of {RUNS}; {machine()}"])


if __name__ == "__main__":
    main()

"""Run every part, each in a process of its own so that none inherits another's memory: ``python -m benchmarks``."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.tables import tell

PARTS = ("start", "turns", "stages", "webhook", "sending", "scores", "age", "growth", "peers", "draining", "broadcasts")


def main() -> None:
    """Run the parts one after the other; a part that fails ends it."""
    began = time.perf_counter()
    for number, part in enumerate(PARTS, 1):
        tell(f"[{number}/{len(PARTS)}] {part} ({time.perf_counter() - began:.0f} s so far)")
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{part}"], check=False)  # noqa: S603 - our own
        if done.returncode:
            raise SystemExit(f"benchmarks.{part} ended with {done.returncode}; see above")


if __name__ == "__main__":
    main()

"""A contestant's process, seen from outside."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self

import msgspec

from benchmarks.peers.race import READY, Order, Report


class Racer:
    """A process that waits for orders; ends with the block."""

    def __init__(self, opens: str) -> None:
        command = [sys.executable, "-m", "benchmarks.peers.race", opens]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def order(self, order: Order) -> None:
        """Say what to do next."""
        self._write(msgspec.json.encode(order) + b"\n")

    def await_ready(self) -> None:
        """Wait until everybody has been asked the first question."""
        line = self._read()
        if line != READY:
            raise RuntimeError(f"{self._process.args!r} was expected to be ready; it said {line!r}")

    def go(self) -> None:
        """Start the race."""
        self._write(b"go\n")

    def report(self) -> Report:
        """Wait for what came of the last order."""
        return msgspec.json.decode(self._read(), type=Report)

    def _write(self, line: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _read(self) -> bytes:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}; see above")
        return line

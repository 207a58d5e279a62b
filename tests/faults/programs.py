"""Programs that start at once: each is forked from a process that has imported everything already.

Everything else is as with ``jemputbola run``: a process of its own, that can be asked to stop, held, or killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import mmap
import multiprocessing
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import bot.channels.telegram.ptb
import bot.channels.whatsapp.graph  # noqa: F401 - the same
from bot.cli import main
from bot.clock import SystemClock

PREFIX = "JEMPUTBOLA_"
DIE_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of prctl(2)."""
SECONDS = struct.Struct("d")


class MachineClock:
    """Says to programs by how much the clock of their machine is wrong; what is steady stays right."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.put(timedelta(0))

    def put(self, ahead: timedelta) -> None:
        """Set the clock so far ahead of the right time; negative: behind it."""
        with self.file.open("r+b" if self.file.exists() else "w+b") as file:
            file.write(SECONDS.pack(ahead.total_seconds()))


class Program:
    """One process of the program; ``start`` and end it as often as one likes."""

    def __init__(self, environment: Mapping[str, str], folder: Path, log: Path, clock: MachineClock) -> None:
        self._given = (dict(environment), str(folder), str(log), str(clock.file))
        self._process: ForkServerProcess | None = None

    def start(self) -> None:
        """Start it."""
        self._process = _forking().Process(target=_run, args=self._given, daemon=True)
        self._process.start()

    @property
    def is_running(self) -> bool:
        """Tell whether it has been started and has not ended."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """Its number, once it was started."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int:
        """How it ended (negative: the signal that ended it)."""
        assert self._process
        code = self._process.exitcode
        assert code is not None
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self._process and self._process.pid and self._process.is_alive():
            with contextlib.suppress(ProcessLookupError):  # it has ended since
                os.kill(self._process.pid, number)

    def limit_files(self, most_bytes: int | None) -> None:
        """Let its files grow to this size only, as on a full disk; None: as they like. Linux only."""
        if sys.platform == "linux" and self._process and self._process.pid and self._process.is_alive():
            most = resource.RLIM_INFINITY if most_bytes is None else most_bytes
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    async def ended(self, within: float | None = None) -> int | None:
        """Wait for its end and give its exit code; None: it still runs after so many seconds."""
        assert self._process
        loop, has_ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, has_ended.set)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await has_ended.wait()
        loop.remove_reader(self._process.sentinel)
        return self._process.exitcode


@cache
def _forking() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _run(environment: Mapping[str, str], folder: str, log: str, clock: str) -> None:
    """Be the program."""
    _end_with_parent()
    _tell_time_by(clock)
    for name in [each for each in os.environ if each.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(environment)
    os.chdir(folder)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(written, stream.fileno())
    signal.signal(signal.SIGUSR1, _tell_what_is_under_way)
    main(["run"])


def _tell_time_by(clock: str) -> None:
    with Path(clock).open("rb") as file:
        shown = mmap.mmap(file.fileno(), SECONDS.size, access=mmap.ACCESS_READ)

    def now(_self: SystemClock) -> datetime:
        (ahead,) = SECONDS.unpack(shown)
        return datetime.now(UTC) + timedelta(seconds=ahead)  # noqa: TID251 - the clock

    SystemClock.now = now  # type: ignore[assignment, method-assign]


def _tell_what_is_under_way(_number: int, _frame: object) -> None:
    """Write to the log what every task waits for."""
    for task in asyncio.all_tasks():
        print(os.getpid(), task.get_name(), *_waits(task.get_coro()), sep=" < ", flush=True)  # noqa: T201


def _waits(awaited: Any) -> Iterator[str]:
    """Give where a coroutine stands, and what it waits for stands, and so on."""
    while awaited is not None:
        kind = next((each for each in ("cr", "gi", "ag") if hasattr(awaited, f"{each}_frame")), "")
        frame = getattr(awaited, f"{kind}_frame", None)
        yield f"{Path(frame.f_code.co_filename).stem}:{frame.f_lineno}" if frame else repr(awaited)
        after = getattr(awaited, {"gi": "gi_yieldfrom"}.get(kind, f"{kind}_await"), None)
        awaited = after or next((each for each in gc.get_referents(awaited) if hasattr(each, "ag_frame")), None)


def _end_with_parent() -> None:
    """Leave nothing running when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)

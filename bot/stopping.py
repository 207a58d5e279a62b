"""Stopping in time: what is under way gets some seconds to finish; what takes longer is cut off, to be done again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from datetime import timedelta

import structlog

GRACE = timedelta(seconds=6)
"""How long what is under way may take once the program was asked to stop."""
AT_THE_LATEST = timedelta(seconds=9.5)
"""When the program ends itself, as a power cut would: what supervisors give is usually ten seconds."""

_log = structlog.get_logger(__name__)


def listen_for_signals() -> asyncio.Event:
    """Give an event that SIGINT and SIGTERM set; the process is gone soon after, whatever else it hangs on."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        loop.call_later(AT_THE_LATEST.total_seconds(), _end_now)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopping


async def finish(tasks: Iterable[asyncio.Task[None]], within: timedelta = GRACE) -> None:
    """Wait for tasks that were told to end, and cut off those that take longer than this."""
    _, late = await asyncio.wait(tasks, timeout=within.total_seconds())
    if not late:
        return
    _log.warning("stop_cut_off", parts=sorted(each.get_name() for each in late))
    for each in late:
        each.cancel()
    await asyncio.wait(late)


def _end_now() -> None:
    """Something cannot even be cut off: a disk or a database that does not answer. A kill loses nothing."""
    _log.error("stop_overdue", seconds=AT_THE_LATEST.total_seconds())
    signal.raise_signal(signal.SIGKILL)

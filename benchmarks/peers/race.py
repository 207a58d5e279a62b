"""One contestant in a process of its own, told what to do through its pipes: ``python -m benchmarks.peers.race X``."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from benchmarks.measuring import Watch, resident_mib
from benchmarks.peers.port import Bot
from benchmarks.peers.questions import answer_of, answers_of, questions, tapped, typed
from bot.cli.service import in_loop
from bot.logging import configure_logging
from bot.running import settle_memory

HOLE = "@data@"
READY = b"ready\n"


class Order(msgspec.Struct, frozen=True):
    """What to do at a place."""

    place: str
    first: int
    """Chat of the first person."""
    people: int
    at_once: int = 0
    """So many of them answer at the same time, the others after them; 0: nobody answers, tell what is kept."""
    kill_after: int = 0
    """Kill the process when so many answers have been acknowledged; 0: never."""


class Report(msgspec.Struct):
    """What came of it."""

    started: float = 0.0
    ended: float = 0.0
    """By the machine's monotonic clock, which processes share."""
    processor_seconds: float = 0.0
    milliseconds: list[float] = []
    wrong: int = 0
    """People of whom something else is kept than they answered."""
    durability: str = ""
    resident_mib: float = 0.0
    acknowledged: dict[int, int] = {}
    """How many answers of each person were acknowledged before the process was killed."""
    kept: dict[int, dict[str, str]] = {}


class Killing:
    """Counts what was acknowledged, and kills the process in the middle of the work."""

    def __init__(self, after: int) -> None:
        self._left = after
        self._acknowledged: dict[int, int] = {}

    def note(self, chat: int) -> None:
        """Count an acknowledged answer; nothing else happens between the last one and the end."""
        self._acknowledged[chat] = self._acknowledged.get(chat, 0) + 1
        self._left -= 1
        if self._left == 0:
            _write(Report(acknowledged=self._acknowledged))
            os.kill(os.getpid(), signal.SIGKILL)


def updates_of(chat: int) -> list[bytes]:
    """Make a person's ten updates; where a button's data belongs there is a hole."""
    return [
        tapped(_number(chat, place), chat, asked, HOLE)
        if asked.choices
        else typed(_number(chat, place), chat, answer_of(chat, place))
        for place, asked in enumerate(questions())
    ]


def _number(chat: int, place: int) -> int:
    return chat * 100 + place


async def answer_all(bot: Bot, people: Iterable[tuple[int, list[bytes]]], watch: Watch, killing: Killing) -> None:
    """Let people answer one after the other, each question after the one before was handled."""
    hole = msgspec.json.encode(HOLE)
    for chat, updates in people:
        for place, update in enumerate(updates):
            if hole in update:
                data = msgspec.json.encode(bot.button(chat, place, answer_of(chat, place)))
                update = update.replace(hole, data)  # noqa: PLW2901 - the message that was shown says what it carries
            started = time.perf_counter()
            await asyncio.sleep(0)  # whoever came before is served before, however the framework waits
            await bot.handle(update)
            watch.milliseconds.append((time.perf_counter() - started) * 1000)
            killing.note(chat)


async def race(bot: Bot, order: Order) -> Report:
    """Have everybody answer everything, from the moment that we are told to go."""
    people = range(order.first, order.first + order.people)
    await bot.begin(people)
    updates = [(chat, updates_of(chat)) for chat in people]
    gc.unfreeze()
    settle_memory()
    _write_line(READY)
    sys.stdin.buffer.readline()
    started, watch, killing = time.monotonic(), Watch(), Killing(order.kill_after)
    async with asyncio.TaskGroup() as tasks:
        for lane in range(order.at_once):
            tasks.create_task(answer_all(bot, updates[lane :: order.at_once], watch, killing))
    lap = watch.lap()
    kept = await bot.answers(people)
    return Report(
        started=started,
        ended=started + lap.seconds,
        processor_seconds=lap.processor_seconds,
        milliseconds=list(lap.milliseconds),
        wrong=sum(_differs(kept.get(chat, {}), answers_of(chat)) for chat in people),
        resident_mib=resident_mib(),
    )


def _differs(kept: Mapping[str, str], answered: Mapping[str, str]) -> bool:
    return {key: kept.get(key) for key in answered} != answered


async def obey(open_bot: Any, order: Order) -> Report:
    """Open the bot at its place, and do what is wanted."""
    opened: AbstractAsyncContextManager[Bot] = open_bot(order.place)
    async with opened as bot:
        if order.at_once:
            return await race(bot, order)
        kept = await bot.answers(range(order.first, order.first + order.people))
        report = Report(kept={chat: dict(answers) for chat, answers in kept.items()})
        report.durability = await bot.durability()
        return report


def _write(report: Report) -> None:
    _write_line(msgspec.json.encode(report) + b"\n")


def _write_line(line: bytes) -> None:
    with open(sys.stdout.fileno(), "wb", closefd=False) as out:  # whole, even where Python was told not to buffer
        out.write(line)


def main() -> None:
    """Take orders, one a line, until there are no more."""
    configure_logging(level="CRITICAL", style="console")
    module, _, function = sys.argv[1].partition(":")
    open_bot = getattr(importlib.import_module(f"benchmarks.peers.{module}"), function)
    for line in sys.stdin.buffer:
        _write(in_loop(obey(open_bot, msgspec.json.decode(line, type=Order))))


if __name__ == "__main__":
    main()

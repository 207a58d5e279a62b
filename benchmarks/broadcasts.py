"""A broadcast to 10,000 people at Telegram's rate, while 50 others keep answering: how long it takes, and who waits.

The program runs as it is installed, in a process of its own, with the local Bot API server in place of Telegram's; that
server answers 429 to more than 30 messages in any second. Every copy is judged and written when it is sent. The 50 tap
an answer every few seconds; what counts is the time from the tap to the reply in the chat.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import machine
from benchmarks.recipients import launch_broadcast, settle_recipients, write_rules
from benchmarks.tables import Cell, show, tell
from benchmarks.taps import CHOICES, QUESTIONS
from benchmarks.world import SQLITE, now, running, settings_in, settle
from bot.cli.service import in_loop
from bot.logging import configure_logging
from conversations.taps import Verb, tap
from storage.database import connect
from storage.tables import outbox
from tests.telegram_server import Person, TelegramServer
from tests.telegram_server.world import Bubble, Chat

RECIPIENTS = 10_000
ANSWERING = 50
"""They are among the recipients."""
SECONDS_BETWEEN = 60.0
"""Between a reply and the next answer, as people read a question and look something up."""
FIRST_CHAT = 1_000_000
STARTS_IN = timedelta(seconds=10)
"""The program is up by then, and people have begun to answer."""
START_SECONDS = 60
LOOK_SECONDS = 3
"""Looking through thousands of chats takes the platform's time."""
MARK = "Pertemuan gugus tugas"
"""What every copy says."""
REPLY_SECONDS = 60.0
SLOWEST_A_SECOND = 10
"""A broadcast that is slower is given up."""


class Taken(NamedTuple):
    """What was measured."""

    copies: int
    seconds: float
    """From the first copy's arrival to the last one's."""
    most_copies: int
    """In any second, as the server took them."""
    most: int
    """The same, replies included."""
    refused: int
    """Messages that were answered with 429."""
    replies: Sequence[float]
    """Seconds from tap to reply, sorted."""


async def prepare(folder: Path, recipients: int, answering: int) -> Mapping[int, int]:
    """Fill a database; give the assignments of those who will answer, by chat."""
    settings = settings_in(folder)
    async with running(settings) as (pipeline, store):
        assignments = await settle(store, pipeline, answering)
        engine = connect(settings.database_url)
        async with engine.begin() as connection:
            await connection.execute(outbox.delete())  # the questions that they were asked have been read
        await settle_recipients(store, engine, recipients - answering, first_chat=FIRST_CHAT)
        await launch_broadcast(engine, starts_at=now() + STARTS_IN)
        await engine.dispose()
    return assignments


@contextmanager
def program(folder: Path, server: TelegramServer) -> Iterator[None]:
    """Run the program until the block ends."""
    settings = {
        "TELEGRAM_TOKEN": server.token,
        "TELEGRAM_BASE_URL": server.url,
        "DATABASE_URL": f"{SQLITE}{folder}/bench.db",
        "CACHE_FOLDER": str(folder / "cache"),
        "FILES_FOLDER": str(folder / "files"),
        "RULES": str(write_rules(folder / "rules.toml")),
        "WEB_PORT": "0",
        "LOG_LEVEL": "ERROR",
    }
    environment = os.environ | {f"JEMPUTBOLA_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-c", "from bot.cli import main; main()", "run"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)


async def measure(folder: Path, recipients: int, answering: int) -> Taken:
    """Let the broadcast go out while people answer."""
    assignments = await prepare(folder, recipients, answering)
    with TelegramServer() as server:
        server.world.is_limiting = True
        chats = [*assignments, *range(FIRST_CHAT, FIRST_CHAT + recipients - answering)]
        server.world.chats.update({each: Chat(each, "Ahmad", "id") for each in chats})
        people = [Person(server, server.world, server.world.chats[each]) for each in assignments]
        replies: list[float] = []
        with program(folder, server):
            await _started(server)
            async with asyncio.TaskGroup() as tasks:
                answers = [
                    tasks.create_task(
                        _answer(each, assignments[each.chat.id], SECONDS_BETWEEN * place / answering, replies)
                    )
                    for place, each in enumerate(people)
                ]
                await _all_sent(server, recipients - 1)  # its author gets no copy
                for each in answers:
                    each.cancel()
        return _taken(server, sorted(replies))


async def _started(server: TelegramServer) -> None:
    """Wait until the program asks for updates."""
    async with asyncio.timeout(START_SECONDS):
        while not server.calls("getUpdates"):  # noqa: ASYNC110 - another process announces nothing
            await asyncio.sleep(0.05)


async def _answer(person: Person, assignment: int, late: float, replies: list[float]) -> None:
    """Answer a question now and then, until cancelled."""
    await asyncio.sleep(late)
    for choice, question in itertools.cycle(itertools.product(CHOICES, QUESTIONS)):
        heard, tapped_at = len(person.chat.bubbles), time.monotonic()
        person.presses(Bubble(1, "", is_ours=True), tap(Verb.ANSWER, assignment, question, choice))
        reply = await _reply(person, heard)
        replies.append(reply.at - tapped_at)
        await asyncio.sleep(SECONDS_BETWEEN)


async def _reply(person: Person, heard: int) -> Bubble:
    """Wait for what answers a tap: a copy of the broadcast may come before it."""
    deadline = time.monotonic() + REPLY_SECONDS
    while time.monotonic() < deadline:
        for bubble in person.chat.bubbles[heard:]:
            if MARK not in bubble.text:
                return bubble
        await asyncio.sleep(0.01)
    raise SystemExit(f"a reply was expected within {REPLY_SECONDS:.0f} s; none came")


async def _all_sent(server: TelegramServer, copies: int) -> None:
    deadline = time.monotonic() + STARTS_IN.total_seconds() + 60 + copies / SLOWEST_A_SECOND
    told = 0
    while (sent := len(_copies(server))) < copies:
        if time.monotonic() > deadline:
            raise SystemExit(f"{copies} copies were expected; {sent} came in time")
        if sent - told >= 1000:
            told = sent
            tell(f"  {sent:,} copies")
        await asyncio.sleep(LOOK_SECONDS)


def _copies(server: TelegramServer) -> list[float]:
    """Give when copies were taken, in order: one in each chat."""
    chats = list(server.world.chats.values())
    return sorted(bubble.at for chat in chats for bubble in chat.bubbles if bubble.is_ours and MARK in bubble.text)


def _taken(server: TelegramServer, replies: Sequence[float]) -> Taken:
    copies = _copies(server)
    if len(copies) != len({chat.id for chat in server.world.chats.values() if chat.bubbles and _has_copy(chat)}):
        raise SystemExit("one copy for each was expected; somebody got two")
    everything = sorted(bubble.at for chat in server.world.chats.values() for bubble in chat.bubbles if bubble.is_ours)
    refused = len(server.calls("sendMessage")) - len(everything)
    return Taken(
        len(copies), copies[-1] - copies[0], most_in_a_second(copies), most_in_a_second(everything), refused, replies
    )


def _has_copy(chat: Chat) -> bool:
    return any(bubble.is_ours and MARK in bubble.text for bubble in chat.bubbles)


def most_in_a_second(moments: Sequence[float]) -> int:
    """Give the largest number of these moments, which are in order, in any second."""
    most = first = 0
    for place, moment in enumerate(moments):
        while moment - moments[first] >= 1:
            first += 1
        most = max(most, place - first + 1)
    return most


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recipients", type=int, default=RECIPIENTS)
    parser.add_argument("--answering", type=int, default=ANSWERING)
    wish = parser.parse_args()
    configure_logging(level="ERROR", style="console")
    sys.setswitchinterval(0.0005)  # the platform has a thread of its own, and is not to wait for ours
    with tempfile.TemporaryDirectory(prefix="jemputbola-broadcasts-") as name:
        found = in_loop(measure(Path(name), wish.recipients, wish.answering))
    quick = sum(each <= 1 for each in found.replies) / len(found.replies)
    rows: list[list[Cell]] = [
        ["copies", found.copies],
        ["from the first to the last, seconds", found.seconds],
        ["copies in the busiest second", found.most_copies],
        ["messages in the busiest second", found.most],
        ["refused by the platform (429)", found.refused],
        [f"replies to {wish.answering} people", len(found.replies)],
        ["replies within a second", f"{quick:.1%}"],
        ["replies: p50, seconds", found.replies[len(found.replies) // 2]],
        ["replies: p95, seconds", found.replies[len(found.replies) * 95 // 100]],
        ["replies: slowest, seconds", found.replies[-1]],
    ]
    show("A broadcast at Telegram's rate while people answer", ("", "measured"), rows, notes=[machine()])


if __name__ == "__main__":
    main()

"""Emptying an outbox of 100,000 messages without a limit of the channel: messages a second, on SQLite and PostgreSQL.

Two kinds of messages: those that lie there written, and copies of a broadcast, which are judged one by one when they
are handed out (still meant? within hours? told something else today?) and written then. The worker is the program's;
the channel takes each message at once. Both databases sync every commit to the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.measuring import Watch, machine, resident_mib
from benchmarks.recipients import launch_broadcast, settle_recipients, write_rules
from benchmarks.tables import show, tell
from benchmarks.world import BOT, SQLITE, now, settings_in
from bot.backoff import Backoff
from bot.channels.telegram.channel import LIMITS
from bot.cli.service import in_loop
from bot.clock import SteadyClock, SystemClock
from bot.composition import load_library
from bot.delivery.worker import DeliveryWorker
from bot.leadership import Tenure, sending
from bot.logging import configure_logging
from bot.rehearsal.channel import Arrival, RecordingChannel
from bot.running import settle_memory
from conversations.rules import load_rules
from storage.database import connect, migrate
from storage.moments import FOREVER
from storage.outbox_states import OutboxState, Priority
from storage.store import Store
from storage.tables import address, outbox
from tests.databases import throw_away_server

MESSAGES = 100_000
FIRST_CHAT = 1_000_000
CHUNK = 5_000
PATIENT = Backoff(timedelta(seconds=1), timedelta(minutes=5))


class Drained(NamedTuple):
    """What it took."""

    rows: int
    seconds: float
    processor_us: float
    """Of this process, a message; PostgreSQL's own processes are not in it."""
    resident_mib: float


async def measure(url: str, folder: Path, messages: int) -> Mapping[str, Drained]:
    """Fill the outbox of a fresh database and empty it, once with either kind of messages."""
    settings = settings_in(folder, database_url=url)
    await migrate(url)
    engine = connect(url)
    store = Store(engine, load_library(settings), load_rules(write_rules(folder / "rules.toml")))
    try:
        await settle_recipients(store, engine, messages, first_chat=FIRST_CHAT)
        settle_memory()
        await _write(engine)
        written = await drain(store, messages)
        await launch_broadcast(engine, starts_at=now())
        await store.broadcasts.tend(now())
        return {"written": written, "judged": await drain(store, messages - 1)}  # its author gets no copy
    finally:
        await store.close()


async def drain(store: Store, messages: int) -> Drained:
    """Let the worker empty the outbox."""
    arrived = 0
    is_empty = asyncio.Event()

    def take(_arrival: Arrival) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == messages:
            is_empty.set()

    channel = RecordingChannel("telegram", BOT, replace(LIMITS, rates=None), SystemClock())
    channel.take = take
    worker = DeliveryWorker(store.outbox, channel, clock=SystemClock(), steady=SteadyClock(), backoff=PATIENT)
    watch = Watch()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run(Tenure(sending(worker.via), 1, SteadyClock(), None)))
        await is_empty.wait()
        worker.stop()
    lap = watch.lap()
    counts = await store.outbox.counts()
    if counts[OutboxState.WAITING] + counts[OutboxState.LEASED] or arrived != messages:
        raise SystemExit(f"{messages} messages were expected to be sent, each once; {arrived} were, and {counts}")
    return Drained(arrived, lap.seconds, lap.processor_seconds / arrived * 1e6, resident_mib())


async def _write(engine: AsyncEngine) -> None:
    """Put a message for each chat into the outbox, as a finished text."""
    body = '{"text":"Pertemuan gugus tugas KLA hari Senin pukul 09.00 di kantor bupati."}'
    row = {
        "via": f"telegram:{BOT}",
        "priority": int(Priority.BULK),
        "body": body,
        "not_after": FOREVER,
        "created_at": 1,
    }
    async with engine.begin() as connection:
        chats = (await connection.scalars(select(address.c.id).order_by(address.c.id))).all()
        for start in range(0, len(chats), CHUNK):
            rows = [{**row, "address_id": each} for each in chats[start : start + CHUNK]]
            await connection.execute(insert(outbox), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=MESSAGES)
    messages = parser.parse_args().messages
    configure_logging(level="ERROR", style="console")
    rows: list[tuple[str, float, float, float, float]] = []
    with (
        tempfile.TemporaryDirectory(prefix="jemputbola-draining-") as name,
        throw_away_server(is_durable=True, parent=Path(tempfile.gettempdir())) as server,
    ):
        for kind, url in {"SQLite": f"{SQLITE}{name}/drain.db", "PostgreSQL": server.create("drain")}.items():
            for what, found in in_loop(measure(url, Path(name), messages)).items():
                each = (found.rows / found.seconds, found.seconds, found.processor_us, found.resident_mib)
                rows.append((f"{kind}, {what}", *each))
                tell(f"  {kind}, {what}: {found.rows / found.seconds:,.0f} messages/s")
    heads = (f"{messages:,} messages", "messages/s", "seconds", "processor us each", "MiB at the end")
    show("Emptying the outbox without a limit", heads, rows, notes=[machine()])


if __name__ == "__main__":
    main()

"""How long storage takes for a turn, in batches: ``python -m tests.storage.benchmark_turns``.

A turn here claims its event, loads sender, posts, assignment and the row's sheet, saves the sheet with one
change, remembers the message, moves the session and puts a reply into the outbox; the decision costs nothing.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from conversations.actions import AnswerChange, RememberMessage, SaveSheet, Say
from conversations.engine import Step
from conversations.events import TextReceived
from conversations.messages import Message
from conversations.needs import SheetNeed, Topic
from conversations.session import Asking, Session
from conversations.sheets import Answer, RowMark, Sheet
from storage.database import connect, migrate
from storage.store import Store
from storage.turns import AddressKey, Envelope, Turns
from tests.storage.forms import NOW, make_library
from tests.storage.people import enlist_villages

USERS = 1000
ROWS = ("26.1", "26.2", "26.3")


def text_of(user: int, turn: int) -> Envelope:
    """Make the text that a user sends in this turn."""
    event = TextReceived(at=NOW + timedelta(seconds=turn), message=str(turn), text="1200")
    return Envelope(f"telegram:1:{user}-{turn}", AddressKey("telegram", "1", f"phone-{user}"), event)


def take_step(turns: Turns, envelope: Envelope, turn: int) -> None:
    """Answer a question, and ask the next."""
    brief = turns.brief(envelope)
    held = brief.assignments[0]
    row = ROWS[turn % len(ROWS)]
    old = brief.sheet(held.id, row)
    key = f"r{row}_q"
    at = int(envelope.event.at.timestamp())
    answers = {**old.answers, key: Answer(str(turn), brief.person.id, at)}
    save = SaveSheet(
        held.id,
        row,
        Sheet(answers, old.evidence),
        RowMark.COMPLETE,
        Fraction(turn % 11, 10),
        (AnswerChange(key, old.values().get(key), str(turn)),),
    )
    topic = Topic(held.id, key)
    actions = (save, RememberMessage(envelope.event.message, topic), Say(Message("Berapa? " * 20), topic))
    turns.apply(envelope, Step(Session(place=Asking(held.id, row, key), heard_at=at), actions))


async def run_batch(store: Store, users: range, turn: int) -> float:
    """Take one turn of each user in one transaction; give the seconds it took."""
    envelopes = [text_of(user, turn) for user in users]
    began = time.perf_counter()
    async with store.begin_turns(NOW) as turns:
        fresh = await turns.claim(envelopes)
        needs = {SheetNeed(turns.brief(each).assignments[0].id, ROWS[turn % len(ROWS)]) for each in fresh}
        await turns.fetch(needs)
        for envelope in fresh:
            take_step(turns, envelope, turn)
        await turns.commit()
    return time.perf_counter() - began


async def measure(folder: Path) -> None:
    """Print microseconds a turn for several sizes of batches."""
    url = f"sqlite+aiosqlite:///{folder}/measured.sqlite3"
    await migrate(url)
    store = Store(connect(url), make_library())
    await enlist_villages(store, USERS)
    gc.collect()
    gc.freeze()  # as the program does after its start
    turn = 0
    for size in (1, 10, 100, 500):
        seconds, computing = [], time.process_time()
        for _ in range(12):
            turn += 1
            starts = range(0, min(USERS, size * 8), size)
            seconds += [await run_batch(store, range(start, start + size), turn) for start in starts]
        computing = (time.process_time() - computing) / (len(seconds) * size) * 1e6
        a_turn = statistics.median(seconds) / size * 1e6
        pace = f"{a_turn:8.1f} us a turn, {1e6 / a_turn:6.0f} turns a second, computing {computing:.0f} us"
        sys.stdout.write(f"batches of {size:4}: {pace}\n")
    await store.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name)))

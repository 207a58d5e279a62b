"""Figures for whoever watches: what waits, for how long, and how large it is."""

from __future__ import annotations

from datetime import timedelta

from conversations.actions import FetchFile
from conversations.events import FileTarget, IncomingFile
from storage.figures import Figures, Queue
from storage.moments import as_ms
from storage.outbox import Priority, Retry
from storage.schema import newest_version
from storage.store import Store
from tests.storage.forms import NOW
from tests.storage.people import SENDER, take, text_from
from tests.storage.test_outbox import claim, put, say

LATER = timedelta(minutes=5)


async def test_an_empty_database_has_a_size_and_nothing_that_waits(store: Store) -> None:
    found = await store.figures.read(NOW)

    assert found.database_bytes > 0
    assert found == Figures(
        queues=dict.fromkeys(Priority, Queue()),
        planned=0,
        held=0,
        messages_leased=0,
        files_waiting=0,
        failed_events=0,
        database_bytes=found.database_bytes,
    )


async def test_messages_are_counted_by_priority_with_the_wait_of_the_first_in_line(store: Store) -> None:
    await say(store, "a", "reply", "another")
    await put(store, "a", "broadcast", not_before=as_ms(NOW + timedelta(minutes=2)))
    await put(store, "a", "for tomorrow", not_before=as_ms(NOW + timedelta(days=1)))

    found = await store.figures.read(NOW + LATER)

    assert found.queues[Priority.REPLY] == Queue(2, LATER)
    assert found.queues[Priority.BULK] == Queue(1, timedelta(minutes=3))
    assert found.planned == 1


async def test_a_message_that_was_put_off_has_waited_since_it_was_made(store: Store) -> None:
    await say(store, "a", "reply")
    (claimed,) = await claim(store)
    leased = (await store.figures.read(NOW)).messages_leased
    await store.outbox.record([Retry(claimed.id, NOW + timedelta(minutes=4), "busy")], NOW, sender=SENDER)

    found = await store.figures.read(NOW + LATER)

    assert leased == 1
    assert (found.queues[Priority.REPLY], found.messages_leased) == (Queue(1, LATER), 0)


async def test_files_to_be_fetched_are_counted(store: Store) -> None:
    wanted = FetchFile(IncomingFile("reference", "photo"), FileTarget(1, "1.1", "r1_1_bukti"))
    await take(store, text_from("a", 1), wanted)

    assert (await store.figures.read(NOW)).files_waiting == 1


async def test_a_store_knows_the_version_of_its_tables(store: Store) -> None:
    assert await store.version() == newest_version()

"""Messages go out by urgency, each chat in order, and nothing is lost or repeated blindly after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, select, text, update

from conversations.actions import FetchFile, Say, Tell
from conversations.events import FileTarget, IncomingFile, TextReceived
from conversations.messages import Message
from conversations.session import Home, Session
from storage.envelopes import AddressKey, Envelope, via
from storage.moments import FOREVER, as_ms
from storage.outbox import (
    DUE,
    Dropped,
    Failed,
    Gone,
    OutboxRow,
    Outcome,
    Priority,
    Retry,
    Room,
    Sender,
    Sent,
    Uncertain,
)
from storage.outbox_states import OutboxState
from storage.statements import run
from storage.store import Store
from storage.tables import address, outbox
from tests.storage.forms import NOW, SOON
from tests.storage.people import MUCH_ROOM, SENDER, phone, take, text_from

LEASE = timedelta(minutes=1)
NEXT = Sender(SENDER.via, SENDER.tenure + 1)
"""Whoever has the lease after the sender of these tests."""


async def say(store: Store, name: str, *texts: str) -> None:
    for words in texts:
        await take(store, text_from(name, hash(words)), Say(Message(words)), session=Session(place=Home()))


async def put(store: Store, name: str, words: str, **columns: int) -> None:
    """Put a message into the outbox as a reminder or broadcast would be."""
    async with store._database.writing("Putting a message") as connection:
        chat = (await connection.execute(select(address).where(address.c.user == name))).one()
        row = {"address_id": chat.id, "via": via(chat.channel, chat.account), "not_after": FOREVER}
        row |= {"priority": Priority.BULK, "body": f'{{"text":"{words}"}}'}
        await connection.execute(insert(outbox), row | {"created_at": as_ms(NOW)} | columns)
        await connection.commit()


async def claim(
    store: Store,
    at: datetime = NOW,
    *,
    sender: Sender = SENDER,
    room: Room = MUCH_ROOM,
    busy: frozenset[int] = frozenset(),
) -> Sequence[OutboxRow]:
    return await store.outbox.claim(at, sender=sender, room=room, busy=busy)


async def record(store: Store, outcomes: Sequence[Outcome], *, sender: Sender = SENDER) -> None:
    await store.outbox.record(outcomes, NOW, sender=sender)


def texts(rows: Sequence[OutboxRow]) -> list[str]:
    return [row.message.text for row in rows]


async def test_a_chat_gets_its_messages_one_after_the_other(store: Store) -> None:
    await say(store, "a", "a1", "a2")
    await say(store, "b", "b1")

    first = await claim(store)
    nothing = await claim(store)
    await record(store, [Sent(first[0].id, "m")])
    second = await claim(store)

    assert (texts(first), texts(nothing), texts(second)) == (["a1", "b1"], [], ["a2"])


async def test_a_reply_goes_before_a_broadcast_that_was_there_first(store: Store) -> None:
    await say(store, "a", "hello")
    await claim(store)
    await record(store, [Sent(1, "m")])
    await put(store, "a", "broadcast")
    await put(store, "a", "reminder", priority=Priority.REMINDER)
    await say(store, "a", "reply")

    found = []
    while rows := await claim(store):
        found += texts(rows)
        await record(store, [Sent(row.id, "m") for row in rows])

    assert found == ["reply", "reminder", "broadcast"]


async def test_busy_chats_and_the_limit_are_respected(store: Store) -> None:
    for name in "abcd":
        await say(store, name, name)

    rows = await claim(store, room=Room(2, 2), busy=frozenset({2}))

    assert texts(rows) == ["a", "c"]


async def test_reminders_and_broadcasts_are_handed_out_up_to_a_room_of_their_own(store: Store) -> None:
    for name in "abcdef":
        await say(store, name, "hello")
    await record(store, [Sent(row.id, "m") for row in await claim(store)])
    for name in "abc":
        await put(store, name, f"broadcast to {name}")
    await put(store, "d", "reminder", priority=Priority.REMINDER)
    await say(store, "e", "reply")

    none = await claim(store, room=Room(10, 0))
    two = await claim(store, room=Room(10, 2))
    rest = await claim(store, room=Room(1, 1))

    assert (texts(none), texts(two), texts(rest)) == (["reply"], ["reminder", "broadcast to a"], ["broadcast to b"])


async def test_a_message_that_was_put_off_holds_back_its_chat_until_then(store: Store) -> None:
    await say(store, "a", "a1", "a2")
    (row,) = await claim(store)
    await record(store, [Retry(row.id, NOW + SOON, "slow down")])

    assert await claim(store) == []
    assert await store.outbox.next_due(NOW, via="telegram:1") == NOW + SOON
    (again,) = await claim(store, NOW + SOON)
    assert (again.message.text, again.attempts) == ("a1", 1)


async def test_what_is_meant_for_later_holds_nothing_back(store: Store) -> None:
    await say(store, "a", "a1")
    await record(store, [Sent(row.id, "m") for row in await claim(store)])
    await put(store, "a", "tomorrow", priority=Priority.ALERT, not_before=as_ms(NOW + timedelta(days=1)))
    await put(store, "a", "today")

    assert texts(await claim(store)) == ["today"]


async def test_what_is_too_late_is_not_sent(store: Store) -> None:
    await say(store, "a", "a1")
    await record(store, [Sent(row.id, "m") for row in await claim(store)])
    await put(store, "a", "late", not_after=as_ms(NOW))

    assert await claim(store) == []
    await store.housekeeping.clean(NOW)
    assert (await store.outbox.counts())[OutboxState.FAILED] == 1


async def test_a_reply_whose_sending_was_cut_off_comes_again_as_uncertain_a_broadcast_does_not(store: Store) -> None:
    await say(store, "a", "reply")
    await say(store, "b", "hello")
    await claim(store)
    await record(store, [Sent(2, "m")])
    await put(store, "b", "broadcast")
    await claim(store)

    before = await claim(store, sender=NEXT)
    await store.outbox.sweep(NOW, sender=NEXT)
    after = await claim(store, sender=NEXT)

    assert before == []
    assert [(row.message.text, row.is_uncertain) for row in after] == [("reply", True)]
    assert (await store.outbox.counts())[OutboxState.UNCERTAIN] == 1


async def test_what_was_handed_out_and_never_begun_waits_again_as_if_nothing_had_been(store: Store) -> None:
    for name in "ab":
        await say(store, name, "hello")
    await record(store, [Sent(row.id, "m") for row in await claim(store)])
    for name in "ab":
        await put(store, name, f"broadcast to {name}")
    first, _ = await claim(store)

    await store.outbox.sweep(NOW, sender=SENDER, mine=[first.id])
    again = await claim(store)

    assert [(row.message.text, row.is_uncertain) for row in again] == [("broadcast to b", False)]


async def test_a_sender_whose_time_is_over_takes_nothing_from_the_next(store: Store) -> None:
    for name in "abc":
        await say(store, name, f"to {name}")
    mine = await claim(store)
    await store.outbox.sweep(NOW, sender=NEXT)
    theirs = await claim(store, sender=NEXT)

    await store.outbox.sweep(NOW, sender=SENDER)
    await record(store, [Sent(mine[0].id, "m"), Retry(mine[1].id, NOW, "slow"), Gone(mine[2].id, "blocked")])
    nothing = await claim(store)
    await record(store, [Sent(row.id, "n") for row in theirs], sender=NEXT)

    assert ([row.id for row in theirs], nothing) == ([row.id for row in mine], [])
    assert (await store.outbox.counts())[OutboxState.SENT] == 3


async def test_each_account_has_a_sender_of_its_own(store: Store) -> None:
    other = AddressKey("telegram", "2", "z")
    await say(store, "a", "by the first bot")
    await take(store, Envelope("telegram:2:1", other, TextReceived(at=NOW, text="halo")), Say(Message("by the second")))

    first = await claim(store)
    second = await claim(store, sender=Sender("telegram:2", 1))

    assert (texts(first), texts(second)) == (["by the first bot"], ["by the second"])


async def test_a_commit_tells_by_which_accounts_its_messages_go_out(store: Store) -> None:
    await say(store, "a", "hello")

    told = await take(store, text_from("b", 1), Tell(1, Message("news"), "news"), Say(Message("thank you")))
    silent = await take(store, text_from("b", 2))

    assert (told.outbox, told.via) == (2, frozenset({"telegram:1"}))
    assert (silent.outbox, silent.via) == (0, frozenset())


async def test_nothing_unasked_goes_to_a_reader_who_is_gone(store: Store) -> None:
    await say(store, "a", "reply")
    await put(store, "a", "broadcast")
    (row,) = await claim(store)

    await record(store, [Gone(row.id, "blocked")])

    assert await claim(store) == []
    told = await take(store, text_from("b", 1), Tell(1, Message("news"), "news"))
    assert told.outbox == 0
    await say(store, "a", "back")
    assert texts(await claim(store)) == ["back"]


async def test_every_outcome_is_counted_where_it_belongs(store: Store) -> None:
    for name in "abcd":
        await say(store, name, name)
    rows = await claim(store)

    dropped = Dropped(rows[3].id, "not needed")
    await record(store, [Sent(rows[0].id, ""), Failed(rows[1].id, "bad"), Uncertain(rows[2].id), dropped])
    await record(store, [Failed(rows[0].id, "too late to say")])

    counts = await store.outbox.counts()
    assert [counts[state] for state in OutboxState] == [0, 0, 1, 1, 1, 1]


async def test_nothing_to_record_and_nothing_due_is_no_work(store: Store) -> None:
    await store.outbox.record([], NOW, sender=SENDER)

    assert await store.outbox.next_due(NOW, via="telegram:1") is None


async def test_one_exchange_records_hands_out_and_tells_when_more_is_due(store: Store) -> None:
    await say(store, "a", "first", "second")
    await put(store, "a", "later", not_before=as_ms(NOW + SOON))
    first = await store.outbox.exchange([], NOW, sender=SENDER, room=MUCH_ROOM)

    ended = [Sent(first.rows[0].id, "")]
    second = await store.outbox.exchange(ended, NOW, sender=SENDER, room=MUCH_ROOM)
    no_room = await store.outbox.exchange([], NOW, sender=SENDER, room=Room(0, 0))

    assert [texts(handed.rows) for handed in (first, second, no_room)] == [["first"], ["second"], []]
    assert {handed.next_due for handed in (first, second, no_room)} == {NOW + SOON}
    assert (await store.outbox.counts())[OutboxState.SENT] == 1


async def test_claiming_uses_the_indexes_of_unsent_messages(store: Store) -> None:
    async with store._database.reading("Explaining") as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL enable_seqscan = off"))  # the table is too small to need an index
            await connection.execute(text("SET LOCAL enable_sort = off"))
        explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[connection.dialect.name]
        sql, arguments = DUE.said(
            connection.dialect, {"address_id": [1]}, {"now": 5, "via": "telegram:1", "most": 5, "lowest": 3}
        )
        plan = [str(tuple(row)) for row in await run(connection, f"{explain} {sql}", arguments)]

    assert any("ix_outbox_waiting" in step for step in plan), plan
    assert any("ix_outbox_chat" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step or "Sort" in step for step in plan), plan


async def test_a_job_that_nobody_ended_is_handed_out_again(store: Store) -> None:
    await take(store, text_from("a", 1), FetchFile(IncomingFile("ref", "photo"), FileTarget(0, "", "")))

    first = await store.jobs.claim(NOW, limit=5, lease=LEASE)
    nothing = await store.jobs.claim(NOW, limit=5, lease=LEASE)
    again = await store.jobs.claim(NOW + LEASE, limit=5, lease=LEASE)
    await store.jobs.retry(again[0].id, NOW + 3 * LEASE)
    later = [await store.jobs.claim(NOW + n * LEASE, limit=5, lease=LEASE) for n in (2, 3)]
    await store.jobs.drop(again[0].id)

    assert ([job.attempts for job in first], nothing, [job.attempts for job in again]) == ([1], [], [2])
    assert [len(jobs) for jobs in later] == [0, 1]
    assert await store.jobs.count() == 0


async def test_a_job_that_is_kept_is_not_handed_out_again(store: Store) -> None:
    await take(store, text_from("a", 1), FetchFile(IncomingFile("ref", "photo"), FileTarget(0, "", "")))
    await store.jobs.claim(NOW, limit=5, lease=LEASE)

    await store.jobs.renew({1, 2}, NOW + 2 * LEASE)
    found = [await store.jobs.claim(NOW + n * LEASE, limit=5, lease=LEASE) for n in (1, 2)]

    assert [len(jobs) for jobs in found] == [0, 1]


async def test_cleaning_keeps_what_is_young_and_forgets_the_rest_step_by_step(store: Store) -> None:
    await say(store, "a", "a1")
    await record(store, [Sent(row.id, "m") for row in await claim(store)])
    await take(store, text_from("b", 1), Tell(1, Message("once"), "once"))
    await record(store, [Sent(row.id, "m") for row in await claim(store)])

    young = await store.housekeeping.clean(NOW + timedelta(hours=20))
    day = await store.housekeeping.clean(NOW + timedelta(days=2))
    again = await store.housekeeping.clean(NOW + timedelta(days=2))
    month = await store.housekeeping.clean(NOW + timedelta(days=31))
    told = await take(store, text_from("b", 2), Tell(1, Message("once"), "once"))

    assert (young.texts, young.messages, young.event_keys) == (0, 0, 0)
    assert (day.texts, day.messages, again.texts) == (2, 0, 0)
    assert (month.messages, month.event_keys) == (1, 2)
    assert texts(await claim(store, NOW + timedelta(days=31))) == []
    assert told.outbox == 1  # counted as asked for; the database has it already


async def test_a_chat_is_named_as_its_channel_names_it(store: Store) -> None:
    await say(store, "a", "a1")
    async with store._database.writing("Moving the clock of a row") as connection:
        await connection.execute(update(outbox).values(created_at=as_ms(NOW - SOON)))
        await connection.commit()

    (row,) = await claim(store)

    assert (row.address, row.address_id, row.priority, row.created_at) == (phone("a"), 1, Priority.REPLY, NOW - SOON)


async def test_what_was_put_off_before_the_clock_was_set_back_does_not_wait_for_hours(store: Store) -> None:
    await say(store, "a", "reply")
    await claim(store)
    await record(store, [Retry(1, NOW + timedelta(minutes=5), "busy")])

    await store.outbox.sweep(NOW, sender=SENDER)
    as_it_was = await claim(store)
    set_back = NOW - timedelta(hours=3)
    await store.outbox.sweep(set_back, sender=SENDER)

    assert (texts(as_it_was), texts(await claim(store, set_back))) == ([], ["reply"])


async def test_a_job_under_way_when_the_clock_was_set_back_does_not_wait_for_hours(store: Store) -> None:
    action = FetchFile(IncomingFile("ref", "photo", "f.jpg", 10), FileTarget(1, "26.1", "k"))
    await take(store, text_from("a", 1), action)
    await store.jobs.claim(NOW, 9, LEASE)
    set_back = NOW - timedelta(hours=3)

    under_way = await store.jobs.claim(NOW, 9, LEASE)
    again = await store.jobs.claim(set_back, 9, LEASE)
    await store.jobs.retry(1, NOW)
    put_off = await store.jobs.claim(set_back, 9, LEASE)

    assert (under_way, [job.attempts for job in (*again, *put_off)]) == ([], [2, 3])

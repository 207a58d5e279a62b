"""What a channel reports later reaches the row of the outbox: once, in any order, and a failure is acted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

from sqlalchemy import select, update

from conversations.actions import Say
from conversations.messages import Message
from conversations.needs import Topic, TopicNeed
from conversations.people import Role
from conversations.session import Home, Session
from storage.moments import as_ms
from storage.outbox import Closed, Failed, Gone, Later, OptedOut, OutboxRow, Outcome, Priority, Retry, Sent, UntilHeard
from storage.outbox_states import UNTIL_HEARD, OutboxState
from storage.reports import Charge, Kept
from storage.statuses import DeliveryStatus
from storage.store import Store
from storage.tables import address, charge, outbox
from tests.storage.forms import NOW, SOON
from tests.storage.people import MUCH_ROOM, SENDER, VILLAGE, appoint, known, take, text_from
from tests.storage.test_outbox import claim, put, record, say

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(hours=2)


@dataclass
class FakePolicy:
    """Decides as it is told, by the code of the error."""

    outcomes: Mapping[int, Any] = field(default_factory=dict)
    judged: list[OutboxRow] = field(default_factory=list)

    def judge(self, row: OutboxRow, report: DeliveryStatus, at: datetime) -> Outcome:
        """Give the outcome of this code, or a plain failure."""
        assert at >= report.at
        self.judged.append(row)
        make = self.outcomes.get(report.errors[0], lambda number: Failed(number, "failed"))
        outcome: Outcome = make(row.id)
        return outcome

    def charge(self, report: DeliveryStatus) -> Charge | None:
        """Charge what has a category."""
        if not report.category:
            return None
        return Charge(202603, report.category, "62", is_billable=report.is_billable is not False)


def report(status: str, tracker: int = 1, *, message: str = "wamid.1", code: int = 0, **more: Any) -> DeliveryStatus:
    at = NOW + {"sent": MINUTE, "delivered": 2 * MINUTE, "read": 3 * MINUTE}.get(status, MINUTE)
    errors = (code,) if code else ()
    return DeliveryStatus("1", message, status, more.pop("at", at), tracker=str(tracker), errors=errors, **more)


async def keep(store: Store, *reports: DeliveryStatus, policy: FakePolicy | None = None) -> Kept:
    return await store.reports.keep("telegram", reports, LATER, policy=policy or FakePolicy())


async def row_of(store: Store, number: int = 1) -> Any:
    async with store._database.reading("Looking at a message") as connection:
        return (await connection.execute(select(outbox).where(outbox.c.id == number))).one()


async def sent_to(store: Store, name: str = "a", *, message: str = "wamid.1") -> None:
    await say(store, name, f"hello {name}")
    (row,) = await claim(store)
    await record(store, [Sent(row.id, message)])


async def test_reports_in_any_order_say_the_same(store: Store) -> None:
    for number, order in enumerate(permutations(("sent", "delivered", "read")), start=1):
        await sent_to(store, f"p{number}", message=f"m{number}")
        for status in order:
            await keep(store, report(status, number, message=f"m{number}"))

        row = await row_of(store, number)

        assert (row.state, row.delivered_at, row.read_at) == (
            OutboxState.SENT,
            as_ms(NOW + 2 * MINUTE),
            as_ms(NOW + 3 * MINUTE),
        )


async def test_a_message_that_was_read_was_delivered_even_when_nobody_says_so(store: Store) -> None:
    await sent_to(store)

    await keep(store, report("read"))

    assert (await row_of(store)).delivered_at == as_ms(NOW + 3 * MINUTE)


async def test_a_report_counts_once_in_a_batch_and_when_it_comes_again(store: Store) -> None:
    await sent_to(store)
    delivered = report("delivered", category="utility", is_billable=True)

    first = await keep(store, delivered, delivered, report("sent", category="utility"))
    again = await keep(store, delivered, report("read", category="utility", is_billable=True))

    async with store._database.reading("Looking at charges") as connection:
        charges = (await connection.execute(select(charge))).all()
    assert ([each.status for each in first.reports], [each.status for each in again.reports]) == (
        ["delivered", "sent"],
        ["read"],
    )
    assert charges == [("telegram:1", 202603, "utility", "62", 1, 1)]


async def test_charges_add_up_by_category_and_what_is_free_is_counted_as_free(store: Store) -> None:
    reports = [
        report("delivered", n, message=f"m{n}", category="service" if n % 2 else "utility", is_billable=n > 2)
        for n in range(6)
    ]

    await keep(store, *reports[:3])
    await keep(store, *reports[3:])

    async with store._database.reading("Looking at charges") as connection:
        rows = await connection.execute(select(charge.c.category, charge.c.messages, charge.c.billable))
        assert sorted(rows.all()) == [("service", 3, 2), ("utility", 3, 1)]


async def test_a_message_cut_off_by_a_crash_is_found_to_have_arrived_and_not_sent_again(kaur: Store) -> None:
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    topic = Topic(head.assignments[0].id, "akta")
    await take(kaur, text_from("a", 1), Say(Message("which?"), topic=topic), session=Session(place=Home()))
    (row,) = await claim(kaur)
    crashed = SENDER._replace(tenure=SENDER.tenure + 1)
    await kaur.outbox.sweep(NOW + MINUTE, sender=crashed)

    kept = await keep(kaur, report("sent", row.id, recipient="a"))

    assert (kept.reconciled, await claim(kaur, NOW + SOON, sender=crashed)) == (1, [])
    assert (await row_of(kaur, row.id)).message_id == "wamid.1"
    assert await known(kaur, TopicNeed(head.address, "wamid.1")) == topic


async def test_a_broadcast_left_uncertain_by_a_crash_becomes_sent(store: Store) -> None:
    await sent_to(store)
    await put(store, "a", "broadcast")
    await claim(store)
    await store.outbox.sweep(NOW + MINUTE, sender=SENDER._replace(tenure=2))

    await keep(store, report("delivered", 2, message="wamid.2"))

    row = await row_of(store, 2)
    assert (row.state, row.message_id, row.delivered_at) == (OutboxState.SENT, "wamid.2", as_ms(NOW + 2 * MINUTE))


async def test_a_report_that_comes_before_its_send_is_recorded_is_not_undone_by_it(store: Store) -> None:
    await say(store, "a", "hello")
    await claim(store)

    await keep(store, report("read"))
    await record(store, [Retry(1, NOW, "timed out")])

    row = await row_of(store)
    assert (row.state, row.read_at) == (OutboxState.SENT, as_ms(NOW + 3 * MINUTE))


async def test_an_attempt_of_which_only_a_report_tells_counts_like_one_that_was_recorded(store: Store) -> None:
    await say(store, "a", "hello")
    await claim(store)
    await record(store, [Retry(1, NOW, "timed out")])
    await claim(store)

    await keep(store, report("sent"))

    row = await row_of(store)
    assert (row.state, row.attempts) == (OutboxState.SENT, 2)


async def test_a_failure_that_comes_before_its_send_is_recorded_stands(store: Store) -> None:
    await say(store, "a", "hello")
    await claim(store)
    policy = FakePolicy({5: lambda number: Retry(number, NOW + SOON, "again later")})

    await keep(store, report("failed", code=5), policy=policy)
    await record(store, [Sent(1, "wamid.1")])

    (row,) = await claim(store, NOW + SOON)
    assert (row.id, row.attempts, (await row_of(store)).error_code) == (1, 1, 5)


async def test_a_message_that_failed_after_it_was_taken_goes_again(store: Store) -> None:
    await sent_to(store)
    policy = FakePolicy({5: lambda number: Retry(number, NOW + SOON, "again later")})

    kept = await keep(store, report("failed", code=5), report("sent"), policy=policy)
    late = await keep(store, report("sent"))

    assert (kept.failed, late.reports, policy.judged[0].message.text) == (1, [], "hello a")
    assert [row.id for row in await claim(store, NOW + SOON)] == [1]


async def test_a_message_put_off_to_another_day_holds_nothing_back(store: Store) -> None:
    await sent_to(store)
    policy = FakePolicy({5: lambda number: Later(number, NOW + timedelta(days=1), "not soon again")})

    await keep(store, report("failed", code=5), policy=policy)
    await say(store, "a", "next")
    await store.outbox.sweep(NOW, sender=SENDER)

    assert [row.id for row in await claim(store)] == [2]
    await record(store, [Sent(2, "wamid.2")])
    assert [row.id for row in await claim(store, NOW + timedelta(days=1))] == [1]


async def test_a_failure_is_told_apart_from_an_older_one_of_the_same_message(store: Store) -> None:
    await sent_to(store)
    policy = FakePolicy({5: lambda number: Retry(number, NOW, "again")})
    await keep(store, report("failed", code=5), policy=policy)
    await claim(store)
    await record(store, [Sent(1, "wamid.2")])

    await keep(store, report("sent"), report("delivered", message="wamid.2"))

    row = await row_of(store)
    assert (row.state, row.message_id, row.delivered_at) == (OutboxState.SENT, "wamid.2", as_ms(NOW + 2 * MINUTE))


async def test_a_second_phone_that_fails_does_not_send_what_was_delivered_again(store: Store) -> None:
    await sent_to(store)
    policy = FakePolicy({5: lambda number: Retry(number, NOW, "again")})

    await keep(store, report("delivered"))
    await keep(store, report("failed", code=5), policy=policy)

    assert ((await row_of(store)).state, policy.judged) == (OutboxState.SENT, [])


async def test_a_delivery_that_is_reported_after_a_failure_is_believed(store: Store) -> None:
    await sent_to(store)
    policy = FakePolicy({5: lambda number: Retry(number, NOW + SOON, "again")})
    await keep(store, report("failed", code=5), policy=policy)

    kept = await keep(store, report("delivered"))

    assert (kept.reconciled, (await row_of(store)).state) == (1, OutboxState.SENT)


async def test_a_reader_who_is_gone_is_noted_and_the_message_given_up(store: Store) -> None:
    await sent_to(store)
    await put(store, "a", "reminder", priority=Priority.REMINDER)

    await keep(store, report("failed", code=5), policy=FakePolicy({5: lambda number: Gone(number, "gone")}))

    async with store._database.reading("Looking at a chat") as connection:
        blocked = await connection.scalar(select(address.c.blocked_at))
    states = [(await row_of(store, number)).state for number in (1, 2)]
    assert (blocked, states) == (as_ms(LATER), [OutboxState.FAILED, OutboxState.FAILED])


async def test_a_reader_who_opted_out_gets_nothing_unasked_any_more(store: Store) -> None:
    await sent_to(store)
    await put(store, "a", "reminder", priority=Priority.REMINDER)
    await record(store, [Sent((await claim(store))[0].id, "wamid.2")])

    policy = FakePolicy({5: lambda number: OptedOut(number, "opted out")})
    await keep(store, report("failed", 2, message="wamid.2", code=5), policy=policy)

    async with store._database.reading("Looking at a chat") as connection:
        opted_out = await connection.scalar(select(address.c.opted_out_at))
    assert (opted_out, (await row_of(store, 2)).state) == (as_ms(LATER), OutboxState.FAILED)


async def test_a_reply_to_somebody_who_opted_out_is_given_up_and_what_comes_later_waits_for_its_reader(
    store: Store,
) -> None:
    await sent_to(store)
    await put(store, "a", "reminder", priority=Priority.REMINDER)
    await record(store, [Sent((await claim(store))[0].id, "wamid.2")])
    policy = FakePolicy(
        {5: lambda number: OptedOut(number, "out", is_reply=True), 6: lambda number: UntilHeard(number, "no template")}
    )

    await keep(store, report("failed", 2, message="wamid.2", code=6), policy=policy)
    held = await row_of(store, 2)
    await keep(store, report("failed", code=5), policy=policy)

    assert (held.state, held.not_before, held.attempts) == (OutboxState.WAITING, UNTIL_HEARD, 0)
    assert (await row_of(store)).state == OutboxState.FAILED


async def test_a_chat_that_was_closed_is_known_to_be_and_the_message_judged_again(store: Store) -> None:
    for name, heard in (("a", NOW), ("b", LATER)):
        await sent_to(store, name, message=f"m-{name}")
        async with store._database.writing("Hearing somebody") as connection:
            mine = address.c.user == name
            await connection.execute(update(address).where(mine).values(heard_at=as_ms(heard)))
            await connection.commit()
    policy = FakePolicy({5: lambda number: Closed(number, NOW + MINUTE, "closed")})

    reports = [report("failed", n, message=f"m-{name}", code=5) for n, name in ((1, "a"), (2, "b"))]
    await keep(store, *reports, policy=policy)

    found = {row.address.user: row.heard_at for row in await store.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)}
    assert found == {"a": None, "b": LATER}


async def test_a_report_about_nothing_of_ours_changes_nothing(store: Store) -> None:
    await sent_to(store)
    await say(store, "a", "waits, never tried")
    before = [tuple(await row_of(store, number)) for number in (1, 2)]

    await keep(
        store,
        report("read", 1, message="another"),
        report("read", 2),
        report("read", 77),
        DeliveryStatus("1", "m", "read", NOW, tracker="1-2"),
        DeliveryStatus("1", "m2", "read", NOW, tracker="9" * 30),
        DeliveryStatus("2", "wamid.1", "read", NOW, tracker="1"),
        report("warned"),
    )

    assert [tuple(await row_of(store, number)) for number in (1, 2)] == before


async def test_after_a_restore_a_report_about_somebody_else_is_not_taken_for_this_message(store: Store) -> None:
    await say(store, "a", "hello")
    await claim(store)

    await keep(store, report("read", recipient="ID.77", phone="628"))

    assert (await row_of(store)).state == OutboxState.LEASED


async def test_a_failure_after_the_text_was_thrown_away_is_final(store: Store) -> None:
    await sent_to(store)
    async with store._database.writing("Ageing") as connection:
        await connection.execute(update(outbox).values(body="{}"))
        await connection.commit()
    policy = FakePolicy({5: lambda number: Retry(number, NOW, "again")})

    await keep(store, report("failed", code=5), policy=policy)

    row = await row_of(store)
    assert (row.state, row.error_code, policy.judged) == (OutboxState.FAILED, 5, [])

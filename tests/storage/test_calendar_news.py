"""Whoever's own time has changed is told once, when the changing is over and only if it still differs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from conversations.calendar import Extension
from conversations.people import Role, Standing
from storage.outbox import OutboxRow
from storage.outbox_outcomes import Sent
from storage.outbox_states import OutboxState
from storage.store import Store
from storage.tables import daily_contact, outbox
from tests.storage.forms import DUE, NOW
from tests.storage.people import KAUR, MUCH_ROOM, OTHER_VILLAGE, SENDER, VILLAGE, accept, appoint

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATER = NOW + timedelta(days=3)


async def move(store: Store, days: int, *, at: datetime = NOW) -> None:
    await store.calendar.set_times(KAUR, "pengisian", "", at=at, due_at=DUE + days * DAY)


async def send(store: Store, at: datetime) -> list[OutboxRow]:
    """Send what waits."""
    rows = await store.outbox.claim(at, sender=SENDER, room=MUCH_ROOM)
    going = await store.outbox.judge(rows, at, sender=SENDER)
    await store.outbox.record([Sent(row.id, "1") for row in going], at, sender=SENDER)
    return going


async def states(store: Store) -> list[OutboxState]:
    async with store._database.reading("Looking") as connection:
        rows = await connection.execute(outbox.select().where(outbox.c.purpose != "").order_by(outbox.c.id))
        return [OutboxState(row.state) for row in rows]


async def test_several_changes_are_one_message_ten_minutes_after_the_last(kaur: Store) -> None:
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await appoint(kaur, "official", KAUR, Role.OFFICIAL)
    await move(kaur, 1)
    await move(kaur, 2, at=NOW + 5 * MINUTE)

    early = await kaur.calendar.plan_news(NOW + 14 * MINUTE)
    planned = await kaur.calendar.plan_news(NOW + 15 * MINUTE)
    again = await kaur.calendar.plan_news(NOW + 16 * MINUTE)
    (message,) = await send(kaur, NOW + 16 * MINUTE)

    assert (early, planned, again) == (0, 1, 0)
    assert message.message.text == (
        "⏰ Bapak Ahmad, jadwal pengisian berubah.\n\n<b>dekela</b> (Pengisian): sekarang "
        "<b>sampai 3 April 2026 pukul 15.00 WIB</b>, sebelumnya sampai 1 April 2026 pukul 15.00 WIB."
    )
    assert message.message.template
    assert message.message.template.name == "jadwal_berubah"


async def test_what_is_changed_back_in_time_is_not_told(kaur: Store) -> None:
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await move(kaur, 1)
    assert await kaur.calendar.plan_news(NOW + 10 * MINUTE) == 1

    await move(kaur, 0, at=NOW + 11 * MINUTE)

    assert await send(kaur, NOW + 12 * MINUTE) == []
    assert await states(kaur) == [OutboxState.DROPPED]


async def test_whoever_was_told_the_newest_times_is_not_told_them_twice(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await move(kaur, 1)
    await kaur.calendar.plan_news(NOW + 10 * MINUTE)
    await move(kaur, 2, at=NOW + 11 * MINUTE)
    await kaur.calendar.plan_news(NOW + 21 * MINUTE)

    first = await send(kaur, NOW + 22 * MINUTE)  # says the newest; the other one waits for its day
    second = await send(kaur, LATER)

    assert (len(first), second) == (1, [])
    assert await states(kaur) == [OutboxState.SENT, OutboxState.DROPPED]
    assert head.person.id


async def test_a_message_that_gives_way_to_another_one_of_the_day_goes_later(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await move(kaur, 1)
    await kaur.calendar.plan_news(NOW + 10 * MINUTE)
    async with kaur._database.writing("Telling something else") as connection:
        other = {"person_id": head.person.id, "day": 20260312, "outbox_id": 4711}
        await connection.execute(daily_contact.insert(), other)
        await connection.commit()

    assert await send(kaur, NOW + 11 * MINUTE) == []
    assert len(await send(kaur, LATER)) == 1


async def test_an_extension_is_told_to_its_post_alone_with_its_reason(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await appoint(kaur, "other", OTHER_VILLAGE, Role.VILLAGE_HEAD)
    granted = Extension(head.posts[0].id, "pengisian", DUE + 3 * DAY, "Desa kebanjiran.", NOW)
    await kaur.calendar.extend(VILLAGE, granted)

    planned = await kaur.calendar.plan_news(NOW + 10 * MINUTE)
    (message,) = await send(kaur, NOW + 11 * MINUTE)

    assert planned == 1
    assert "Alasan: Desa kebanjiran." in message.message.text


async def test_nobody_is_told_of_a_post_that_they_gave_up(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    second = await kaur.roster.find_post(OTHER_VILLAGE, Role.VILLAGE_HEAD)
    assert second
    code = await kaur.roster.issue_invitation(second, Standing.DEFINITIVE, at=NOW)
    await accept(kaur, "head", code, number=9001)
    granted = Extension(head.posts[0].id, "pengisian", DUE + 3 * DAY, "", NOW)
    await kaur.calendar.extend(VILLAGE, granted)
    await kaur.calendar.plan_news(NOW + 10 * MINUTE)

    await kaur.roster.end_holding(head.person.id, head.posts[0].id, NOW + 11 * MINUTE)

    assert await send(kaur, NOW + 12 * MINUTE) == []


@pytest.mark.parametrize("withdrawn", [True, False])
async def test_an_extension_can_be_withdrawn(kaur: Store, *, withdrawn: bool) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    post = head.posts[0].id
    await kaur.calendar.extend(VILLAGE, Extension(post, "pengisian", DUE + 3 * DAY, "Banjir.", NOW))
    await kaur.calendar.plan_news(NOW + 10 * MINUTE)
    assert len(await send(kaur, NOW + 11 * MINUTE)) == 1

    if withdrawn:
        await kaur.calendar.withdraw(VILLAGE, post, at=LATER)
    await kaur.calendar.plan_news(LATER + 10 * MINUTE)
    told = await send(kaur, LATER + 11 * MINUTE)

    assert [("sekarang <b>sampai 1 April" in each.message.text) for each in told] == [True] * withdrawn

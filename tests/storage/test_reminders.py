"""Reminders: planned once from the database, judged when they are sent, whoever looks and however often."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.actions import LeavePost, OptOut, SendAnswers, Snooze
from conversations.people import Role, Standing
from conversations.purposes import ASKED, Reminder, Unfinished
from conversations.session import Home, Invited, Session
from storage.calendar import Changed, fit_windows
from storage.database import connect
from storage.moments import as_ms
from storage.outbox import OutboxRow, Sent
from storage.outbox_states import OutboxState
from storage.store import Store
from storage.tables import assignment, extension, outbox, region, snooze, stage
from storage.unasked import Unasked, put
from tests.storage.forms import make_library
from tests.storage.people import (
    KAUR,
    MUCH_ROOM,
    OTHER_VILLAGE,
    SENDER,
    VILLAGE,
    accept,
    appoint,
    give_answer,
    take,
    text_from,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LAST_DAY = datetime.fromisoformat("2026-05-09T08:30+07:00")
"""Half past eight on a Saturday without a holiday near it."""
DUE = datetime.fromisoformat("2026-05-10T00:00+07:00")


async def set_end(store: Store, due: datetime, closes: datetime | None = None) -> None:
    """Let all stages of the district that take answers end then."""
    async with store._database.writing("Changing a calendar") as connection:
        values = {"opens_at": None, "due_at": as_ms(due), "closes_at": as_ms(closes or due)}
        await connection.execute(update(stage).values(values))
        await refit(store, connection)
        await connection.commit()


async def refit(store: Store, connection: AsyncConnection) -> None:
    row = (await connection.execute(select(stage.c.cycle_id, stage.c.district_id).limit(1))).one()
    await fit_windows(connection, store._shared, Changed(row.cycle_id, row.district_id, LAST_DAY))


@pytest.fixture
async def kaur_in_may(kaur: Store) -> Store:
    """A district whose answers are due on 9 May."""
    await set_end(kaur, DUE)
    return kaur


async def planned(store: Store) -> list[tuple[str, OutboxState]]:
    async with store._database.reading("Looking") as connection:
        rows = await connection.execute(select(outbox).where(outbox.c.purpose != "").order_by(outbox.c.id))
        return [(row.dedupe, OutboxState(row.state)) for row in rows]


async def send(store: Store, at: datetime) -> list[OutboxRow]:
    """Hand out, judge and send what waits; give what was sent."""
    rows = await store.outbox.claim(at, sender=SENDER, room=MUCH_ROOM)
    needed = await store.outbox.judge(rows, at, sender=SENDER)
    await store.outbox.record([Sent(row.id, f"m{row.id}") for row in needed], at, sender=SENDER)
    return [row for row in needed if row.purpose]


async def live(store: Store, since: datetime, until: datetime, *, every: timedelta = 30 * MINUTE) -> list[OutboxRow]:
    """Let the program look again and again; give what it sends."""
    at, sent = since, list[OutboxRow]()
    while at <= until:
        await store.reminders.plan(at)
        sent += await send(store, at)
        at += every
    return sent


def rungs(rows: Sequence[OutboxRow]) -> list[str]:
    return [row.purpose.rung for row in rows if isinstance(row.purpose, Reminder)]


async def test_a_village_head_who_never_answers_hears_each_rung_once(kaur: Store) -> None:
    await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await set_end(kaur, DUE, DUE + 2 * DAY)

    sent = await live(kaur, LAST_DAY - 15 * DAY, LAST_DAY + 4 * DAY, every=12 * HOUR)

    assert rungs(sent) == ["14", "7", "3", "1", "0", "+1", "+2"]
    assert "Bapak Ahmad, formulir <b>dekela</b>: belum dimulai. Ada 4 hal" in sent[0].message.text
    assert "Sisa waktu 14 hari" in sent[0].message.text


async def test_after_days_in_which_nothing_ran_there_is_one_reminder_and_not_all_of_them(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)

    sent = await live(kaur_in_may, LAST_DAY - 30 * DAY, LAST_DAY - 30 * DAY)
    sent += await live(kaur_in_may, LAST_DAY - 2 * DAY, LAST_DAY - 2 * DAY)

    assert rungs(sent) == ["3"]


async def test_what_is_much_too_late_is_not_said_at_all(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)

    assert await kaur_in_may.reminders.plan(LAST_DAY - 10 * DAY) == 0


async def test_planning_twice_and_in_two_processes_gives_one_message(kaur_in_may: Store, kaur_url: str) -> None:
    for place, name in ((VILLAGE, "a"), (OTHER_VILLAGE, "b")):
        await appoint(kaur_in_may, name, place, Role.VILLAGE_HEAD)
    other = Store(connect(kaur_url), make_library())

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.reminders.plan(LAST_DAY)) for store in (kaur_in_may, other)]
    again = await other.reminders.plan(LAST_DAY + MINUTE)
    await other.close()

    assert sorted(task.result() for task in tasks) == [0, 2]
    assert (again, len(await planned(kaur_in_may))) == (0, 2)


async def test_a_clock_that_is_set_back_repeats_nothing(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    sent = await live(kaur_in_may, LAST_DAY, LAST_DAY)

    sent += await live(kaur_in_may, LAST_DAY - HOUR, LAST_DAY + HOUR)

    assert rungs(sent) == ["0"]


async def test_whoever_answers_several_forms_gets_one_message_for_all(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    camat = await kaur_in_may.roster.find_post("17.04.01", Role.SUBDISTRICT_HEAD)
    assert camat
    code = await kaur_in_may.roster.issue_invitation(camat, Standing.ACTING, at=LAST_DAY - DAY)
    await accept(kaur_in_may, "a", code, at=LAST_DAY - DAY)

    (row,) = await live(kaur_in_may, LAST_DAY, LAST_DAY)

    assert isinstance(row.purpose, Reminder)
    assert len(row.purpose.assignments) == 2
    assert "ada 2 formulir yang belum selesai" in row.message.text


async def test_whoever_sent_it_meanwhile_is_not_reminded(kaur_in_may: Store) -> None:
    brief = await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await kaur_in_may.reminders.plan(LAST_DAY)
    await take(kaur_in_may, text_from("a", 2), SendAnswers(brief.assignments[0].id), at=LAST_DAY)

    assert await send(kaur_in_may, LAST_DAY + MINUTE) == []
    assert (await planned(kaur_in_may))[0][1] is OutboxState.DROPPED


async def test_a_reminder_says_what_is_missing_when_it_is_sent(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await kaur_in_may.reminders.plan(LAST_DAY)
    await give_answer(kaur_in_may, text_from("a", 2, at=LAST_DAY), "26.1", "7")

    (row,) = await send(kaur_in_may, LAST_DAY + MINUTE)

    assert "kurang 3 dari 4" in row.message.text


async def test_a_window_that_closed_meanwhile_is_not_reminded_of(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await kaur_in_may.reminders.plan(LAST_DAY)
    await set_end(kaur_in_may, LAST_DAY)

    assert await send(kaur_in_may, LAST_DAY + MINUTE) == []


async def test_an_end_that_is_moved_has_a_ladder_of_its_own(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    sent = await live(kaur_in_may, LAST_DAY - DAY, LAST_DAY, every=12 * HOUR)
    await set_end(kaur_in_may, DUE + 7 * DAY)

    sent += await live(kaur_in_may, LAST_DAY + HOUR, LAST_DAY + 7 * DAY + HOUR, every=12 * HOUR)

    assert rungs(sent) == ["1", "0", "3", "0"]  # told today already; and two days before the new end are holidays


async def test_told_something_else_today_it_goes_tomorrow(kaur_in_may: Store) -> None:
    brief = await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    nudge = Reminder((), "nudge", by=brief.person.id)
    early = LAST_DAY - 7 * DAY - HOUR
    async with kaur_in_may._database.writing("Planning") as connection:
        await put(connection, [Unasked(brief.person.id, nudge, "n", early, early + DAY)], early)
        await connection.commit()

    sent = await live(kaur_in_may, early, early + DAY, every=HOUR)

    assert rungs(sent) == ["nudge", "7"]
    assert "<b>Bapak Ahmad</b> (Kepala Desa" in sent[0].message.text
    assert "mengingatkan:" in sent[0].message.text


async def test_whoever_snoozes_is_reminded_then_and_not_before(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    before = LAST_DAY - 4 * DAY
    until = LAST_DAY - 2 * DAY
    await take(kaur_in_may, text_from("a", 2), Snooze(before), at=before)
    await take(kaur_in_may, text_from("a", 3), Snooze(until), at=before)

    sent = await live(kaur_in_may, before, until + 6 * HOUR, every=6 * HOUR)

    assert rungs(sent) == [ASKED]
    assert "Sesuai permintaan Bapak" in sent[0].message.text
    assert await _snoozes(kaur_in_may) == 0


async def _snoozes(store: Store) -> int:
    async with store._database.reading("Counting") as connection:
        return await connection.scalar(select(func.count()).select_from(snooze)) or 0


async def test_two_processes_remind_once_of_what_was_asked_for(kaur_in_may: Store, kaur_url: str) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur_in_may, text_from("a", 2), Snooze(LAST_DAY), at=LAST_DAY - DAY)
    other = Store(connect(kaur_url), make_library())

    async with asyncio.TaskGroup() as group:
        for store in (kaur_in_may, other):
            group.create_task(store.reminders.plan(LAST_DAY))
    await other.close()

    names = [name for name, _ in await planned(kaur_in_may)]
    assert len([name for name in names if name.startswith("snooze:")]) == 1


async def test_whoever_opted_out_is_not_reminded(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur_in_may, text_from("a", 2), OptOut(is_out=True))

    assert await live(kaur_in_may, LAST_DAY, LAST_DAY) == []


async def test_a_post_that_is_laid_down_is_free_and_its_holder_not_reminded(kaur_in_may: Store) -> None:
    brief = await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await kaur_in_may.reminders.plan(LAST_DAY)

    await take(kaur_in_may, text_from("a", 2), LeavePost(brief.posts[0].id), at=LAST_DAY)

    assert await send(kaur_in_may, LAST_DAY + MINUTE) == []
    vacant = await kaur_in_may.roster.invite_vacant(KAUR, at=LAST_DAY)
    assert VILLAGE in {each.post.region.code for each in vacant}


async def test_an_extension_moves_the_ladder_of_its_post_alone(kaur_in_may: Store) -> None:
    extended = await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await appoint(kaur_in_may, "b", OTHER_VILLAGE, Role.VILLAGE_HEAD)
    async with kaur_in_may._database.writing("Extending") as connection:
        row = (await connection.execute(select(stage).limit(1))).one()
        later = {"post_id": extended.posts[0].id, "form": "", "stage": row.key, "until": as_ms(DUE + 3 * DAY)}
        given = {"cycle_id": row.cycle_id, "reason": "banjir", "granted_at": as_ms(LAST_DAY - 9 * DAY)}
        await connection.execute(extension.insert().values(later | given))
        await refit(kaur_in_may, connection)
        await connection.commit()

    sent = await live(kaur_in_may, LAST_DAY, LAST_DAY + 3 * DAY, every=6 * HOUR)

    told = [(row.address.user, row.purpose.rung) for row in sent if isinstance(row.purpose, Reminder)]
    assert sorted(told) == [("a", "0"), ("a", "1"), ("a", "3"), ("b", "0")]


async def test_whoever_shows_an_invitation_and_goes_no_further_is_reminded_until_they_do(kaur_in_may: Store) -> None:
    post = await kaur_in_may.roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
    assert post
    code = await kaur_in_may.roster.issue_invitation(post, Standing.DEFINITIVE, at=LAST_DAY - 9 * DAY, name="Ahmad")
    await take(kaur_in_may, text_from("a", 1, code), session=Session(place=Invited(code)), at=LAST_DAY - 8 * DAY)
    sent = await live(kaur_in_may, LAST_DAY - 3 * DAY, LAST_DAY - 3 * DAY)
    await kaur_in_may.reminders.plan(LAST_DAY)
    await take(kaur_in_may, text_from("a", 2), session=Session(), at=LAST_DAY)

    after = await send(kaur_in_may, LAST_DAY + MINUTE)

    assert [type(row.purpose) for row in sent] == [Unfinished]
    assert "Ahmad, pendaftaran sebagai <b>Kepala Desa" in sent[0].message.text
    assert after == []


async def test_a_district_of_which_nothing_is_due_is_not_looked_at_closer(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    await kaur_in_may.reminders.plan(LAST_DAY)

    assert await kaur_in_may.reminders._due(LAST_DAY + MINUTE) == {}


async def test_what_is_planned_names_assignments_of_the_district(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    (row,) = await live(kaur_in_may, LAST_DAY, LAST_DAY)
    assert isinstance(row.purpose, Reminder)

    async with kaur_in_may._database.reading("Looking") as connection:
        code = select(region.c.code).join(assignment).where(assignment.c.id.in_(row.purpose.assignments))
        assert list(await connection.scalars(code)) == [VILLAGE]


async def test_whoever_is_writing_just_now_is_reminded_later(kaur_in_may: Store) -> None:
    await appoint(kaur_in_may, "a", VILLAGE, Role.VILLAGE_HEAD)
    at_it = Session(place=Home(), heard_at=int(LAST_DAY.timestamp()))
    await kaur_in_may.reminders.plan(LAST_DAY)
    await take(kaur_in_may, text_from("a", 2), session=at_it, at=LAST_DAY)

    assert await send(kaur_in_may, LAST_DAY + 29 * MINUTE) == []
    assert rungs(await send(kaur_in_may, LAST_DAY + 30 * MINUTE)) == ["0"]

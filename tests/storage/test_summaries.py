"""Weekly summaries: planned once for each reader's own time, told when there is something new, and kept as told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import update

from conversations.actions import IssueInvitation, Subscribe
from conversations.brief import Library
from conversations.engine import Step
from conversations.needs import SheetNeed, SummaryNeed
from conversations.people import Role, Standing
from conversations.rules import default_rules
from conversations.subscriptions import Subscription
from conversations.summaries import Outlook
from indicators.form import RowNumber
from indicators.instrument import InstrumentIndicator, InstrumentPart
from storage.database import connect
from storage.outbox import Failed, OutboxRow, Outcome, Retry, Sent
from storage.outbox_states import OutboxState
from storage.store import Store
from storage.tables import cycle, outbox
from tests.storage.forms import NOW, make_library, said
from tests.storage.people import (
    KAUR,
    MUCH_ROOM,
    OTHER_VILLAGE,
    SENDER,
    VILLAGE,
    accept,
    answer,
    appoint,
    give_answer,
    take,
    text_from,
)

THURSDAY = NOW
MONDAY = datetime.fromisoformat("2026-03-16T08:00+07:00")
FRIDAY = datetime.fromisoformat("2026-03-13T16:00+07:00")
AFTER_HOLIDAYS = datetime.fromisoformat("2026-03-25T07:30+07:00")
"""Of Nyepi and Idul Fitri, which take the Monday before it."""
DAY_OF_THE_CARD = datetime.fromisoformat("2026-03-29T07:30+07:00")
"""A Sunday; answers are due on the Wednesday after it."""
WEEK, MINUTE = timedelta(weeks=1), timedelta(minutes=1)
QUIET_MONDAY = MONDAY + 4 * WEEK
SUBDISTRICT = VILLAGE[:8]


def scored_library() -> Library:
    """Give the library with one indicator that counts: 26, at most 10 points."""
    library = make_library()
    indicator = InstrumentIndicator("26", said("Desa"), Fraction(10))
    part = InstrumentPart("p", said("Bagian"), Fraction(10), (indicator,))
    return Library(replace(library.instrument, parts=(part,)), library.forms)


@pytest.fixture
async def kaur(kaur_url: str) -> AsyncIterator[Store]:
    opened = Store(connect(kaur_url), scored_library(), default_rules())
    await opened.plan_summaries(THURSDAY)  # from here on
    yield opened
    await opened.close()


async def planned(store: Store) -> list[tuple[datetime, str]]:
    """Give what lies in the outbox: from when on it may go, and how far it is."""
    async with store._database.reading("Looking") as connection:
        rows = await connection.execute(outbox.select().where(outbox.c.purpose != "").order_by(outbox.c.id))
        return [(datetime.fromtimestamp(row.not_before / 1000, MONDAY.tzinfo), row.reason) for row in rows]


async def states(store: Store) -> list[tuple[OutboxState, str]]:
    async with store._database.reading("Looking") as connection:
        rows = await connection.execute(outbox.select().where(outbox.c.purpose != "").order_by(outbox.c.id))
        return [(OutboxState(row.state), row.reason) for row in rows]


async def send(store: Store, at: datetime) -> list[OutboxRow]:
    """Claim and judge what waits; give what is to be sent."""
    rows = await store.outbox.claim(at, sender=SENDER, room=MUCH_ROOM)
    return await store.outbox.judge(rows, at, sender=SENDER)


async def record(store: Store, at: datetime, *outcomes: Outcome) -> None:
    await store.outbox.record(outcomes, at, sender=SENDER)


async def told(store: Store, at: datetime) -> list[str]:
    """Plan and send what is due at a moment; give the texts."""
    await store.plan_summaries(at)
    rows = await send(store, at)
    await record(store, at, *(Sent(row.id, f"m{row.id}") for row in rows))
    return [row.message.text for row in rows]


async def shown_to(store: Store, name: str, person: int) -> tuple[Outlook, ...]:
    """Give what somebody sees who asks for their summary now."""
    envelope, need = text_from(name, 99), SummaryNeed(person)
    async with store.begin_turns(NOW) as turns:
        await turns.claim([envelope])
        await turns.fetch([need])
        found = turns.brief(envelope).find(need)
    assert isinstance(found, tuple)
    return found


async def test_everybody_has_theirs_planned_once_for_monday_at_eight(kaur: Store) -> None:
    for name, village in (("ahmad", VILLAGE), ("budi", OTHER_VILLAGE)):
        await appoint(kaur, name, village, Role.VILLAGE_HEAD)

    await kaur.plan_summaries(MONDAY - MINUTE)
    before = await planned(kaur)
    await kaur.plan_summaries(MONDAY)
    await kaur.plan_summaries(MONDAY)
    await kaur.plan_summaries(MONDAY + MINUTE)

    assert (before, await planned(kaur)) == ([], [(MONDAY, "")] * 2)


async def test_a_clock_that_is_set_back_doubles_nothing(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)

    for at in (MONDAY + MINUTE, MONDAY - MINUTE, MONDAY):
        await kaur.plan_summaries(at)

    assert len(await planned(kaur)) == 1


async def test_two_planners_at_once_plan_each_once(kaur: Store, kaur_url: str) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    other = Store(connect(kaur_url), scored_library(), default_rules())

    await kaur.plan_summaries(MONDAY)
    await other.plan_summaries(MONDAY)
    await other.close()

    assert len(await planned(kaur)) == 1


async def test_it_goes_after_the_holidays(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)

    await kaur.plan_summaries(MONDAY + WEEK)

    assert await planned(kaur) == [(AFTER_HOLIDAYS, "")]


async def test_after_weeks_of_standing_still_there_is_one_at_most(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)

    await kaur.plan_summaries(QUIET_MONDAY + timedelta(days=2))
    await kaur.plan_summaries(QUIET_MONDAY + timedelta(days=2, minutes=1))
    late = await planned(kaur)
    await kaur.plan_summaries(QUIET_MONDAY + 2 * WEEK - timedelta(days=1))

    assert (late, len(await planned(kaur))) == ([(QUIET_MONDAY, "")], 1)


async def test_it_comes_at_the_minute_that_its_reader_has_chosen(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("ahmad", 1), Subscribe(Subscription(slot=4 * 1440 + 960)))

    await kaur.plan_summaries(FRIDAY)
    at_four = await planned(kaur)
    await kaur.plan_summaries(MONDAY)

    assert (at_four, await planned(kaur)) == ([(FRIDAY, "")], [(FRIDAY, "")])


async def test_who_ordered_none_has_none_planned(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("ahmad", 1), Subscribe(Subscription(is_on=False)))

    await kaur.plan_summaries(MONDAY)

    assert await planned(kaur) == []


async def test_a_slot_around_the_end_of_the_week_is_found(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("ahmad", 1), Subscribe(Subscription(slot=6 * 1440 + 1170)))
    await kaur.plan_summaries(MONDAY - timedelta(hours=13))

    await kaur.plan_summaries(MONDAY)

    assert len(await planned(kaur)) == 1


async def test_what_has_changed_is_told_and_nothing_else(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("ahmad", 1), "26.1", "3")

    first = await told(kaur, MONDAY)
    unchanged = await told(kaur, QUIET_MONDAY)
    await give_answer(kaur, text_from("ahmad", 2), "26.2", "4")
    again = await told(kaur, QUIET_MONDAY + WEEK)

    assert unchanged == []
    assert "dekela: 1 dari 4 terjawab (bertambah 1)" in first[0]
    assert "dekela: 2 dari 4 terjawab (bertambah 1)" in again[0]
    assert (await states(kaur))[1] == (OutboxState.DROPPED, "nothing has changed since the last one")


async def test_nobody_is_told_before_anything_has_begun(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)

    assert await told(kaur, MONDAY) == []


async def test_who_ordered_it_for_every_week_has_it_every_week(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("ahmad", 1), Subscribe(Subscription(is_always=True)))

    (text,) = await told(kaur, MONDAY)

    assert "Belum ada yang berubah sejak ringkasan sebelumnya." in text


async def test_who_switches_it_off_does_not_get_the_one_that_waits(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("ahmad", 1), "26.1", "3")
    await kaur.plan_summaries(MONDAY)
    await take(kaur, text_from("ahmad", 2), Subscribe(Subscription(is_on=False)))

    assert await send(kaur, MONDAY + MINUTE) == []
    assert await states(kaur) == [(OutboxState.DROPPED, "its reader does not want the summary any more")]


async def test_where_no_cycle_runs_there_is_nothing_to_tell(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("ahmad", 1), Subscribe(Subscription(is_always=True)))
    async with kaur._database.writing("Closing the cycle") as connection:
        await connection.execute(update(cycle).values(closed_at=1))
        await connection.commit()

    assert await told(kaur, MONDAY) == []
    assert await states(kaur) == [(OutboxState.DROPPED, "nothing runs that it could tell of")]


async def test_what_could_not_be_sent_is_told_at_the_next_attempt(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("ahmad", 1), "26.1", "3")
    await kaur.plan_summaries(MONDAY)
    (row,) = await send(kaur, MONDAY)

    await record(kaur, MONDAY, Retry(row.id, MONDAY + MINUTE, "no network"))
    (again,) = await send(kaur, MONDAY + MINUTE)

    assert again.message == row.message


async def test_what_never_went_out_is_told_a_week_later(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("ahmad", 1), "26.1", "3")
    await kaur.plan_summaries(MONDAY)
    (row,) = await send(kaur, MONDAY)
    await record(kaur, MONDAY, Failed(row.id, "refused"))

    (text,) = await told(kaur, QUIET_MONDAY)

    assert "1 dari 4 terjawab (bertambah 1)" in text


async def test_each_rank_reads_of_what_it_looks_after(kaur: Store) -> None:
    await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("ahmad", 1), "26.1", "3")
    await appoint(kaur, "rina", SUBDISTRICT, Role.SUBDISTRICT_HEAD)
    await appoint(kaur, "siti", KAUR, Role.COORDINATOR)
    await appoint(kaur, "bupati", KAUR, Role.OFFICIAL)
    await kaur.roster.add_district("17.71", 2026, None, at=NOW)
    province = await kaur.roster.find_region("17")
    assert province
    invited = IssueInvitation("AB23CD45EF", Role.OFFICIAL, Standing.DEFINITIVE, province.id, "", "")
    await take(kaur, text_from("siti", 1), invited)
    await accept(kaur, "gubernur", invited.code)

    village, camat, coordinator, regent, governor = await told(kaur, MONDAY)

    assert "dekela: 1 dari 4 terjawab" in village
    assert "sedang mengisi" in camat
    assert "Ada kemajuan di 1 wilayah" in camat
    assert "0 dari 195 desa/kelurahan sudah mengirim, 1 sedang mengisi, 194 belum mulai" in coordinator
    assert "0 dari 15 kecamatan sudah mengirim, 15 belum mulai" in coordinator
    assert "Sejak ringkasan sebelumnya: mandiri +0,02, terverifikasi 0" in regent
    assert (
        "• Kabupaten Kaur: mandiri 0,02 (+0,02), belum ada predikat\n• Kota Bengkulu: mandiri 0 (0), belum" in governor
    )


async def test_an_officer_reads_of_the_rows_of_the_own_office(kaur: Store) -> None:
    await appoint(kaur, "dokter", KAUR, Role.OFFICE, "disdik")
    await give_answer(kaur, text_from("dokter", 1), RowNumber("1.2"), "3")

    (text,) = await told(kaur, MONDAY)

    assert "kabupaten: 1 dari 1 terjawab (bertambah 1)" in text
    assert "Bagian ini sudah lengkap." in text


async def test_on_the_day_of_a_card_it_waits_for_the_next(kaur: Store) -> None:
    await appoint(kaur, "rina", SUBDISTRICT, Role.SUBDISTRICT_HEAD)
    await take(kaur, text_from("rina", 1), Subscribe(Subscription(slot=6 * 1440 + 450, is_always=True)))

    on_the_day = await told(kaur, DAY_OF_THE_CARD)
    on_the_next = await told(kaur, DAY_OF_THE_CARD + timedelta(days=1))

    assert (on_the_day, len(on_the_next)) == ([], 1)


async def test_who_looks_at_it_again_sees_the_same_changes(kaur: Store) -> None:
    brief = await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("ahmad", 1), "26.1", "3")
    await told(kaur, MONDAY)
    await give_answer(kaur, text_from("ahmad", 2), "26.2", "4")

    seen = await shown_to(kaur, "ahmad", brief.person.id)

    assert [form.gained for outlook in seen for form in outlook.forms] == [2]


async def test_an_answer_of_the_same_batch_is_in_it(kaur: Store) -> None:
    brief = await appoint(kaur, "ahmad", VILLAGE, Role.VILLAGE_HEAD)
    need, first, second = SummaryNeed(brief.person.id), text_from("ahmad", 1), text_from("ahmad", 2)

    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([first, second])
        await turns.fetch([need, SheetNeed(brief.assignments[0].id, "26.1")])
        turns.apply(first, Step(turns.session(first), (answer(turns.brief(first), "26.1", "3"),)))
        await turns.fetch([need])
        seen = turns.brief(second).find(need)

    assert isinstance(seen, tuple)
    assert [form.now.answered for outlook in seen for form in outlook.forms] == [1]

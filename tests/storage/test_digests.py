"""Camat and coordinators learn in time who has not finished, each once and on one card, and have them reminded."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from conversations.actions import NudgeUnits, SendAnswers
from conversations.engine import Step
from conversations.escalation import Progress, Units
from conversations.hours import moment_there
from conversations.messages import Message
from conversations.needs import UnitsNeed
from conversations.people import Region, Role, Standing
from conversations.purposes import NUDGE, Reminder
from conversations.rules import load_rules
from conversations.session import Home, Session
from storage.database import connect
from storage.errors import StorageError
from storage.outbox import Sent
from storage.rows import encode
from storage.store import Store
from storage.tables import address, outbox
from tests.storage.forms import DUE, NOW, make_library
from tests.storage.people import (
    KAUR,
    MUCH_ROOM,
    OTHER_VILLAGE,
    SENDER,
    VILLAGE,
    accept,
    appoint,
    give_answer,
    known,
    take,
    text_from,
)

KINAL = "17.04.01"
OTHER_KECAMATAN = "17.04.02"
CAMAT_TOLD = moment_there((DUE - timedelta(days=3)).date(), time(8), KAUR)
COORDINATOR_TOLD = CAMAT_TOLD + timedelta(days=2)
MINUTE = timedelta(minutes=1)


async def region(store: Store, code: str) -> Region:
    found = await store.roster.find_region(code)
    assert found is not None
    return found


async def units_of(store: Store, code: str, at: datetime = NOW) -> Units:
    found = await known(store, UnitsNeed((await region(store, code)).id), at=at)
    assert isinstance(found, Units)
    return found


async def told(store: Store, at: datetime) -> list[Message]:
    """Give what goes out of what nobody asked for."""
    rows = await store.outbox.claim(at, sender=SENDER, room=MUCH_ROOM)
    sent = await store.outbox.judge(rows, at, sender=SENDER)
    await store.outbox.record([Sent(row.id, "m") for row in sent], at, sender=SENDER)
    return [row.message for row in sent]


async def help_out(store: Store, name: str, code: str, role: Role) -> None:
    """Let somebody be the helper of whoever holds a post."""
    post = await store.roster.find_post(code, role)
    assert post is not None
    await accept(store, name, await store.roster.issue_invitation(post, Standing.OPERATOR, at=NOW))


async def test_the_camat_is_told_three_days_before_the_end_once(kaur: Store) -> None:
    await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    await help_out(kaur, "helper", KINAL, Role.SUBDISTRICT_HEAD)
    await appoint(kaur, "other", OTHER_KECAMATAN, Role.SUBDISTRICT_HEAD)
    await appoint(kaur, "coordinator", KAUR, Role.COORDINATOR)
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("head", 1), "26.1", "5")

    early = await kaur.digests.plan(CAMAT_TOLD - MINUTE)
    planned = await kaur.digests.plan(CAMAT_TOLD)
    again = await kaur.digests.plan(CAMAT_TOLD + MINUTE)
    kinal, other = sorted(await told(kaur, CAMAT_TOLD + MINUTE), key=lambda each: "Tanjung Kemuning" in each.text)

    assert (early, planned, again) == (0, 2, 0)
    assert "<b>Kecamatan Tanjung Kemuning</b>" in other.text
    assert "<b>Kecamatan Kinal</b>" in kinal.text
    assert "<b>0 dari 14</b> desa/kelurahan sudah selesai." in kinal.text
    assert "Sedang mengisi 1: Desa Gedung Wani (1/4)" in kinal.text
    assert "Belum terdaftar 13: " in kinal.text
    assert kinal.buttons[0][0].label == "Ingatkan 1 desa"


async def test_the_coordinator_is_told_one_day_before_with_a_line_for_each_kecamatan(kaur: Store) -> None:
    await appoint(kaur, "coordinator", KAUR, Role.COORDINATOR)
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)

    early = await kaur.digests.plan(COORDINATOR_TOLD - MINUTE)
    planned = await kaur.digests.plan(COORDINATOR_TOLD)
    (message,) = await told(kaur, COORDINATOR_TOLD)

    assert (early, planned) == (0, 1)
    assert "<b>0 dari 195</b> desa/kelurahan sudah selesai." in message.text
    assert "• Kinal: <b>0 dari 14</b>, 13 belum terdaftar, 1 belum mulai" in message.text
    assert message.text.count("•") == 15


@pytest.mark.parametrize(("late", "planned"), [(timedelta(hours=47), 1), (timedelta(hours=49), 0)])
async def test_what_comes_late_still_goes_but_not_for_ever(kaur: Store, late: timedelta, planned: int) -> None:
    await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)

    assert await kaur.digests.plan(CAMAT_TOLD + late) == planned


async def test_nobody_is_told_where_everybody_has_sent(kaur: Store) -> None:
    camat = await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    heads = [await appoint(kaur, f"head-{code}", code, Role.VILLAGE_HEAD) for code in await villages(kaur)]
    await kaur.digests.plan(CAMAT_TOLD)
    for head in heads:
        await take(kaur, text_from(f"head-{head.posts[0].region.code}", 1), SendAnswers(head.assignments[0].id))

    assert camat.posts[0].region.code == KINAL
    assert await told(kaur, CAMAT_TOLD) == []
    assert {each.progress for each in (await units_of(kaur, KINAL)).villages} == {Progress.SENT}


async def villages(store: Store) -> list[str]:
    return [each.region.code for each in (await units_of(store, KINAL)).villages]


async def test_an_end_that_was_moved_brings_nothing_and_is_told_of_in_its_own_time(kaur: Store) -> None:
    await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    await kaur.digests.plan(CAMAT_TOLD)
    await kaur.roster.add_district(KAUR, 2026, DUE + timedelta(days=8), at=CAMAT_TOLD)

    assert await told(kaur, CAMAT_TOLD) == []
    assert await kaur.digests.plan(CAMAT_TOLD + timedelta(days=8)) == 1


async def test_two_processes_plan_it_once(kaur: Store, kaur_url: str) -> None:
    await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    other = Store(connect(kaur_url), make_library())

    planned = await asyncio.gather(kaur.digests.plan(CAMAT_TOLD), other.digests.plan(CAMAT_TOLD))

    await other.close()
    assert sorted(planned) == [0, 1]


async def test_who_is_told_when_is_for_the_rules_to_say(kaur: Store, kaur_url: str, tmp_path: Path) -> None:
    await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    await appoint(kaur, "coordinator", KAUR, Role.COORDINATOR)
    own = tmp_path / "rules.toml"
    own.write_text("[escalation]\nsubdistrict_head_days = -1\ncoordinator_days = 3\n", "utf-8")
    other = Store(connect(kaur_url), make_library(), load_rules(own))

    planned = await other.digests.plan(CAMAT_TOLD)

    purpose = await waiting(other)
    await other.close()
    assert planned == 1
    assert [name for name, _ in purpose] == ["coordinator"]


async def waiting(store: Store) -> list[tuple[str, str]]:
    """Give what waits for whom: the purpose as it is kept."""
    statement = select(address.c.user, outbox.c.purpose).join(address, address.c.id == outbox.c.address_id)
    async with store._database.reading("Looking at the outbox") as connection:
        rows = await connection.execute(statement.where(outbox.c.purpose != "").order_by(outbox.c.id))
        return [(row.user, row.purpose) for row in rows]


async def test_whoever_took_the_post_over_does_not_get_the_digest_of_the_one_before(kaur: Store) -> None:
    await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    await kaur.digests.plan(CAMAT_TOLD)
    post = await kaur.roster.find_post(KINAL, Role.SUBDISTRICT_HEAD)
    assert post is not None
    (camat,) = await kaur.roster.holders(post)
    await help_out(kaur, "camat-again", VILLAGE, Role.VILLAGE_HEAD)
    await kaur.roster.end_holding(camat.id, post, CAMAT_TOLD)

    assert await told(kaur, CAMAT_TOLD) == []
    assert [name for name, purpose in await waiting(kaur) if "digest" in purpose] == ["camat"]


async def test_villages_are_reminded_in_the_camats_name_once_a_day(kaur: Store) -> None:
    camat = await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await help_out(kaur, "helper", VILLAGE, Role.VILLAGE_HEAD)
    chosen = tuple([(await region(kaur, code)).id for code in (VILLAGE, OTHER_VILLAGE)])

    await take(kaur, text_from("camat", 1), NudgeUnits(chosen))
    await take(kaur, text_from("camat", 2), NudgeUnits(chosen))

    expected = encode(Reminder((), NUDGE, camat.person.id)).decode()
    assert await waiting(kaur) == [("head", expected), ("helper", expected)]
    units = await units_of(kaur, KINAL)
    assert [each.region.code for each in units.villages if each.is_nudged] == [VILLAGE, OTHER_VILLAGE]
    tomorrow = NOW + timedelta(days=1)
    assert not [each for each in (await units_of(kaur, KINAL, tomorrow)).villages if each.is_nudged]
    await take(kaur, text_from("camat", 3, at=tomorrow), NudgeUnits(chosen), at=tomorrow)
    assert len(await waiting(kaur)) == 4


async def test_a_reminder_in_the_camats_name_says_whose_and_comes_the_day_after_another_message(kaur: Store) -> None:
    await appoint(kaur, "camat", KINAL, Role.SUBDISTRICT_HEAD)
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await appoint(kaur, "other", OTHER_VILLAGE, Role.VILLAGE_HEAD)
    first, second = [(await region(kaur, code)).id for code in (VILLAGE, OTHER_VILLAGE)]
    await take(kaur, text_from("camat", 1), NudgeUnits((first,)))
    (today,) = await told(kaur, NOW)
    late = NOW + timedelta(hours=8)

    await take(kaur, text_from("camat", 2, at=late), NudgeUnits((first, second)), at=late)

    assert today.text.startswith("<b>Bapak Ahmad</b> (Camat, Kecamatan Kinal) mengingatkan:")
    assert await told(kaur, late) == []  # it is eleven at night
    morning = moment_there((NOW + timedelta(days=1)).date(), time(8), KAUR)
    assert len(await told(kaur, morning)) == 1
    assert await told(kaur, morning + timedelta(days=2)) == []


async def test_nobody_has_the_people_of_others_reminded(kaur: Store) -> None:
    await appoint(kaur, "camat", OTHER_KECAMATAN, Role.SUBDISTRICT_HEAD)
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    village = (await region(kaur, VILLAGE)).id

    for name in ("camat", "head"):
        with pytest.raises(StorageError, match="in one of the person's own"):
            await take(kaur, text_from(name, 1), NudgeUnits((village,)))


async def test_what_is_seen_follows_what_a_step_before_has_changed(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await appoint(kaur, "coordinator", KAUR, Role.COORDINATOR)
    need = UnitsNeed((await region(kaur, KAUR)).id)
    envelope = text_from("head", 1)
    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([envelope])
        await turns.fetch([need])
        before = turns.brief(envelope).find(need)
        turns.apply(envelope, Step(Session(place=Home()), (SendAnswers(head.assignments[0].id),)))
        await turns.fetch([need])
        after = turns.brief(envelope).find(need)

    assert isinstance(before, Units)
    assert isinstance(after, Units)
    assert [before.villages[0].progress, after.villages[0].progress] == [Progress.NOT_STARTED, Progress.SENT]
    assert (len(after.villages), len(after.subdistricts)) == (195, 15)


async def test_a_region_without_units_has_nothing_to_be_seen(kaur: Store) -> None:
    await kaur.roster.load_regions()

    assert await known(kaur, UnitsNeed((await region(kaur, VILLAGE)).id)) is None
    assert await known(kaur, UnitsNeed((await region(kaur, KAUR)).id), at=DUE + timedelta(days=90)) is None
    assert await known(kaur, UnitsNeed(4711)) is None

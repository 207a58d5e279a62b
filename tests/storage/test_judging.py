"""What nobody asked for is judged when it is sent: by hours, opting out, the one message of a day, and its kind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.actions import OptOut
from conversations.messages import Message
from conversations.people import Role
from conversations.purposes import ASKED, BroadcastCopy, Purpose, Reminder, Unfinished
from conversations.rules import load_rules
from storage.database import connect
from storage.judging import judge as gate
from storage.judging.verdicts import Case, Drop, Go, Verdict
from storage.outbox import OutboxRow
from storage.outbox_states import OutboxState
from storage.store import Store
from storage.tables import outbox
from storage.turn_state import Shared
from storage.unasked import Unasked, put
from tests.storage.forms import NOW, make_library
from tests.storage.people import KAUR, MUCH_ROOM, OTHER_VILLAGE, SENDER, VILLAGE, appoint, take, text_from

WEEK = timedelta(days=7)
NEXT_MORNING = datetime.fromisoformat("2026-03-13T08:00+07:00")
"""In Ramadan."""
AT_NIGHT = datetime.fromisoformat("2026-03-12T22:00+07:00")


async def judge_by_kind(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Let everything go but broadcast 13."""
    return {
        case.id: Drop("nobody wants it") if case.purpose == BroadcastCopy(13) else Go(Message(f"{case.purpose}"))
        for case in cases
    }


@pytest.fixture(autouse=True)
def judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "JUDGES", dict.fromkeys((Reminder, BroadcastCopy, Unfinished), judge_by_kind))


async def plan(store: Store, person: int, *purposes: Purpose) -> None:
    messages = [
        Unasked(person, each, f"{person}:{each}", not_before=NOW - WEEK, not_after=NOW + WEEK) for each in purposes
    ]
    async with store._database.writing("Planning") as connection:
        await put(connection, messages, NOW)
        await connection.commit()


async def send(store: Store, at: datetime = NOW, store_again: Store | None = None) -> list[OutboxRow]:
    """Claim and judge what waits; give what is to be sent."""
    rows = await store.outbox.claim(at, sender=SENDER, room=MUCH_ROOM)
    return await (store_again or store).outbox.judge(rows, at, sender=SENDER)


async def states(store: Store) -> list[tuple[OutboxState, str]]:
    async with store._database.reading("Looking") as connection:
        rows = await connection.execute(outbox.select().where(outbox.c.purpose != "").order_by(outbox.c.id))
        return [(OutboxState(row.state), row.reason) for row in rows]


async def test_what_is_within_hours_goes_as_its_kind_writes_it(kaur: Store) -> None:
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(1))

    (row,) = await send(kaur)

    assert row.message.text == str(BroadcastCopy(1))


async def test_at_night_it_waits_for_the_morning(kaur: Store) -> None:
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(1))

    at_night = await send(kaur, AT_NIGHT)
    next_due = await kaur.outbox.next_due(AT_NIGHT, via=SENDER.via)
    in_the_morning = await send(kaur, NEXT_MORNING)

    assert (at_night, next_due, len(in_the_morning)) == ([], NEXT_MORNING, 1)


async def test_an_installation_has_hours_of_its_own(kaur: Store, kaur_url: str, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[hours_in_ramadan]\nusual = [[20:00:00, 23:00:00]]\n", "utf-8")
    store = Store(connect(kaur_url), make_library(), load_rules(own))
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(1))

    sent = [await send(store, at) for at in (NOW, AT_NIGHT)]
    await store.close()

    assert [len(each) for each in sent] == [0, 1]


async def test_of_two_messages_a_day_the_second_goes_on_the_next(kaur: Store) -> None:
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(1))
    await plan(kaur, head.person.id, BroadcastCopy(2))

    first = await send(kaur)
    second = await _after(kaur, first, NOW + timedelta(minutes=1))
    on_the_next = await send(kaur, NEXT_MORNING)

    assert [len(first), len(second), len(on_the_next)] == [1, 0, 1]
    assert (await states(kaur))[1][1] == gate.TOLD_TODAY


async def _after(store: Store, rows: Sequence[OutboxRow], at: datetime) -> list[OutboxRow]:
    from storage.outbox import Sent

    await store.outbox.record([Sent(row.id, f"m{row.id}") for row in rows], at, sender=SENDER)
    return await send(store, at)


async def test_a_message_that_is_tried_again_does_not_stand_in_its_own_way(kaur: Store) -> None:
    from storage.outbox import Retry

    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(1))
    (row,) = await send(kaur)

    await kaur.outbox.record([Retry(row.id, NOW, "busy")], NOW, sender=SENDER)

    assert len(await send(kaur)) == 1


async def test_what_is_not_needed_does_not_use_up_the_day(kaur: Store) -> None:
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(13))
    await plan(kaur, head.person.id, BroadcastCopy(1))

    dropped = await send(kaur)
    sent = await send(kaur)

    assert (len(dropped), len(sent)) == (0, 1)
    assert (await states(kaur))[0] == (OutboxState.DROPPED, "nobody wants it")


async def test_what_somebody_asked_for_goes_besides_the_one_message_of_the_day(kaur: Store) -> None:
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(1))
    await plan(kaur, head.person.id, Reminder((1,), ASKED))

    asked_for = await _after(kaur, await send(kaur), NOW)

    assert [row.purpose for row in asked_for] == [Reminder((1,), ASKED)]


async def test_whoever_opted_out_after_it_was_handed_out_gets_nothing(kaur: Store) -> None:
    head = await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD)
    await plan(kaur, head.person.id, BroadcastCopy(1))
    rows = await kaur.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)
    await take(kaur, text_from("a", 2), OptOut(is_out=True))

    sent = await kaur.outbox.judge(rows, NOW, sender=SENDER)

    assert (sent, (await states(kaur))[0][0]) == ([], OutboxState.DROPPED)


async def test_a_stranger_gets_nothing_but_what_is_for_strangers(kaur: Store) -> None:
    await take(kaur, text_from("a", 1))
    await plan(kaur, 1, BroadcastCopy(1))
    await plan(kaur, 1, Unfinished(1, KAUR))

    await send(kaur)
    sent = await send(kaur)

    assert [row.purpose for row in sent] == [Unfinished(1, KAUR)]
    assert (await states(kaur))[0] == (OutboxState.DROPPED, "its reader holds no post any more")


async def test_a_strangers_hours_are_those_of_the_post_that_they_are_invited_to(kaur: Store) -> None:
    await take(kaur, text_from("a", 1))
    await plan(kaur, 1, Unfinished(1, "91.71"))

    in_papua_it_is_evening = await send(kaur)

    assert in_papua_it_is_evening == []


async def test_of_two_messages_judged_at_once_one_goes(
    kaur: Store, kaur_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [await appoint(kaur, name, code, Role.VILLAGE_HEAD) for name, code in zip("ab", VILLAGES, strict=True)]
    meeting = asyncio.Barrier(2)

    async def judge_together(
        connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
    ) -> Mapping[int, Verdict]:
        """Let both have looked what was told today before either goes on; SQLite has one writer anyway."""
        if connection.dialect.name == "postgresql":
            await meeting.wait()
        return await judge_by_kind(connection, shared, cases, at)

    monkeypatch.setattr(gate, "JUDGES", {BroadcastCopy: judge_together})
    for head in heads:
        await plan(kaur, head.person.id, BroadcastCopy(1), BroadcastCopy(2))
    other = Store(connect(kaur_url), make_library())
    rows = await _all_rows(kaur)

    halves = [[row for row in rows if row.purpose == BroadcastCopy(number)] for number in (1, 2)]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(store.outbox.judge(half, NOW, sender=SENDER))
            for store, half in zip((kaur, other), halves, strict=True)
        ]
    await other.close()

    readers = [row.address_id for task in tasks for row in task.result()]
    assert len(readers) == len(set(readers)) == 2


VILLAGES = (VILLAGE, OTHER_VILLAGE)


async def _all_rows(store: Store) -> list[OutboxRow]:
    """Give all messages that wait, as if each had been handed out: a person's two by two processes."""
    from sqlalchemy import select, update

    from storage.outbox import READ, READER, read_row
    from storage.tables import address

    async with store._database.writing("Handing out") as connection:
        await connection.execute(update(outbox).values(state=int(OutboxState.LEASED), tenure=SENDER.tenure))
        rows = (await connection.execute(select(*READ, *READER).join(address).order_by(outbox.c.id))).all()
        await connection.commit()
    return [row for row in map(read_row, rows) if row.purpose]

"""A row that the coordinator gives back is marked, told of once, and settled by an answer or an approval."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from conversations.actions import SendAnswers
from conversations.messages import Message
from conversations.needs import RowTally, ScoreNeed, ScoreTotals, SheetNeed
from conversations.people import Assignment, Role, Standing
from conversations.sheets import Returned, Sheet
from storage.errors import StorageError
from storage.outbox import Sent
from storage.returned import TOLD_AFTER
from storage.store import Store
from tests.storage.forms import NOW
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

HALF = Fraction(1, 2)
BILLION = 10**9
LATER = NOW + TOLD_AFTER


async def come_back(store: Store, number: int, row: str, reason: str = "SK lama", *, at: datetime = NOW) -> None:
    await store.roster.return_row(number, row, Returned(reason, int(at.timestamp())), at=at)


async def told(store: Store, at: datetime = LATER) -> list[Message]:
    """Give what goes out of what nobody asked for."""
    rows = await store.outbox.claim(at, sender=SENDER, room=MUCH_ROOM)
    sent = await store.outbox.judge(rows, at, sender=SENDER)
    await store.outbox.record([Sent(row.id, "m") for row in sent], at, sender=SENDER)
    return [row.message for row in sent]


async def look(store: Store, row: str) -> tuple[Assignment, Sheet]:
    """Give the head's assignment and the sheet of one of its rows, as the next turn sees them."""
    async with store.begin_turns(NOW) as turns:
        envelope = text_from("head", 77)
        await turns.claim([envelope])
        held = turns.brief(envelope).assignments[0]
        await turns.fetch([SheetNeed(held.id, row)])
        return held, turns.brief(envelope).sheet(held.id, row)


async def a_head_with_answers(store: Store, *rows: str) -> int:
    head = await appoint(store, "head", VILLAGE, Role.VILLAGE_HEAD)
    for place, row in enumerate(rows):
        await give_answer(store, text_from("head", place), row, "5", HALF)
    return head.assignments[0].id


async def test_a_row_that_comes_back_is_marked_and_its_answer_counts_as_claimed_only(kaur: Store) -> None:
    number = await a_head_with_answers(kaur, "26.1", "26.2")
    await take(kaur, text_from("head", 8), SendAnswers(number))
    await kaur.roster.approve(number, "26.1", by=None, at=NOW)

    await come_back(kaur, number, "26.1", "Mohon SK 2024.")

    held, sheet = await look(kaur, "26.1")
    region = await kaur.roster.find_region(KAUR)
    assert region is not None
    score = await known(kaur, ScoreNeed(region.id))
    assert (held.progress, held.sent_at) == ("!#..", None)
    assert (sheet.returned, sheet.values()) == (Returned("Mohon SK 2024.", int(NOW.timestamp())), {"r26_1_q": "5"})
    assert isinstance(score, ScoreTotals)
    assert score.rows["26.1"] == RowTally(195, 1, BILLION // 2, 0, 0)


async def test_a_new_answer_settles_it(kaur: Store) -> None:
    number = await a_head_with_answers(kaur, "26.1")
    await come_back(kaur, number, "26.1")

    await give_answer(kaur, text_from("head", 9), "26.1", "6")

    held, sheet = await look(kaur, "26.1")
    assert (sheet.returned, held.progress) == (None, "#...")
    assert await told(kaur) == []


async def test_an_approval_settles_it(kaur: Store) -> None:
    number = await a_head_with_answers(kaur, "26.1")
    await come_back(kaur, number, "26.1")

    await kaur.roster.approve(number, "26.1", by=None, at=NOW)

    held, sheet = await look(kaur, "26.1")
    assert (sheet.returned, held.progress) == (None, "#...")
    assert await told(kaur) == []


async def test_everybody_who_answers_is_told_once_of_all_rows_that_came_back(kaur: Store) -> None:
    number = await a_head_with_answers(kaur, "26.1", "26.2", "26.3")
    post = await kaur.roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
    assert post is not None
    code = await kaur.roster.issue_invitation(post, Standing.OPERATOR, at=NOW)
    await accept(kaur, "helper", code)
    await kaur.roster.approve(number, "26.3", by=None, at=NOW)
    await come_back(kaur, number, "26.2", "Fotonya <buram>.")
    await come_back(kaur, number, "26.1", "Mohon SK 2024.", at=NOW + timedelta(minutes=5))

    at_once = await told(kaur, NOW + timedelta(minutes=9))
    heard = await told(kaur)

    assert at_once == []
    assert len(heard) == 2
    assert heard[0].text.count("<b>26.") == 2
    assert "1 baris diterima, 2 perlu dilengkapi" in heard[0].text
    assert heard[0].text.index("Mohon SK 2024.") < heard[0].text.index("Fotonya &lt;buram&gt;.")
    assert "(4 poin)" in heard[0].text


async def test_rows_that_come_back_after_that_are_told_of_anew(kaur: Store) -> None:
    number = await a_head_with_answers(kaur, "26.1", "26.2")
    await come_back(kaur, number, "26.1")
    first = await told(kaur)

    await come_back(kaur, number, "26.2", at=LATER)

    assert len(first) == 1
    assert len(await told(kaur, LATER + TOLD_AFTER)) == 1  # on the same day: somebody waits for it


async def test_whoever_no_longer_answers_for_it_is_not_told(kaur: Store) -> None:
    number = await a_head_with_answers(kaur, "26.1")
    other = await kaur.roster.find_post(OTHER_VILLAGE, Role.VILLAGE_HEAD)
    assert other is not None
    await accept(kaur, "head", await kaur.roster.issue_invitation(other, Standing.ACTING, at=NOW), number=9001)
    await come_back(kaur, number, "26.1")
    post = await kaur.roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
    assert post is not None
    (head,) = await kaur.roster.holders(post)
    await kaur.roster.end_holding(head.id, post, NOW)

    assert await told(kaur) == []


async def test_of_a_kabupaten_whoever_answered_the_row_is_told_of_theirs_and_otherwise_the_coordinator(
    kaur: Store,
) -> None:
    health = await appoint(kaur, "health", KAUR, Role.OFFICE, "dinkes")
    school = await appoint(kaur, "school", KAUR, Role.OFFICE, "disdik")
    await appoint(kaur, "coordinator", KAUR, Role.COORDINATOR)
    number = health.assignments[0].id
    await give_answer(kaur, text_from("health", 1), "1.1", "5")
    await give_answer(kaur, text_from("school", 1), "1.2", "5")
    await come_back(kaur, number, "1.1", "catatan satu")
    await come_back(kaur, number, "1.2", "catatan dua")
    office = await kaur.roster.find_post(KAUR, Role.OFFICE, "disdik")
    assert office is not None

    heard = await told(kaur)
    await kaur.roster.end_holding(school.person.id, office, NOW)
    await come_back(kaur, number, "1.2", "catatan tiga", at=LATER)
    coordinator = await told(kaur, LATER + TOLD_AFTER)

    assert [("satu" in each.text, "dua" in each.text) for each in heard] == [(True, False), (False, True)]
    assert [("satu" in each.text, "tiga" in each.text) for each in coordinator] == [(True, True)]


async def test_what_was_never_answered_cannot_come_back(kaur: Store) -> None:
    number = await a_head_with_answers(kaur, "26.1")

    with pytest.raises(StorageError, match="has no answer"):
        await come_back(kaur, number, "26.2")

"""A batch of turns is kept as a whole, once, and not at all without a commit."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import func, select, update

from conversations.actions import (
    FetchFile,
    RememberMessage,
    RequestAccess,
    Say,
    SendAnswers,
    SetLanguage,
    Tell,
)
from conversations.engine import Step
from conversations.events import FileRefused, FileTarget, IncomingFile
from conversations.messages import Message
from conversations.needs import AllSheetsNeed, PersonNeed, SheetNeed, Topic, TopicNeed
from conversations.people import Role, Standing
from conversations.session import Home, Session
from conversations.sheets import EMPTY_SHEET, RowMark
from storage.errors import StorageError
from storage.outbox import Sent
from storage.store import Store
from storage.tables import METADATA, history, session, sheet
from storage.turns import Envelope
from tests.storage.forms import NOW, SOON
from tests.storage.people import (
    MUCH_ROOM,
    OTHER_VILLAGE,
    SENDER,
    VILLAGE,
    answer,
    appoint,
    give_answer,
    known,
    phone,
    take,
    text_from,
)

HELLO = Say(Message("Selamat pagi"))


async def counts(store: Store) -> dict[str, int]:
    async with store._database.reading("Counting") as connection:
        return {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in METADATA.sorted_tables
        }


async def said(store: Store) -> list[str]:
    """Send everything that waits, and give the texts in order."""
    texts = []
    while rows := await store.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM):
        texts += [row.message.text for row in rows]
        await store.outbox.record([Sent(row.id, f"sent-{row.id}") for row in rows], NOW, sender=SENDER)
    return texts


async def test_whoever_writes_for_the_first_time_becomes_a_person_who_is_remembered(store: Store) -> None:
    await take(store, text_from("a", 1), HELLO, session=Session(place=Home()))

    async with store.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from("a", 2)])
        brief, remembered = turns.brief(envelope), turns.session(envelope)

    assert (brief.person.id, brief.person.name, brief.channel_name) == (1, "", "Telegram")
    assert remembered.place == Home()


async def test_the_phones_language_is_the_first_guess(store: Store) -> None:
    envelopes = [
        Envelope("1", phone("a"), text_from("a", 1).event, language="en-GB"),
        Envelope("2", phone("b"), text_from("b", 1).event, language="jv"),
    ]

    async with store.begin_turns(NOW) as turns:
        fresh = await turns.claim(envelopes)
        languages = [turns.brief(each).person.language for each in fresh]

    assert languages == ["en", "id"]


async def test_leaving_a_batch_without_commit_keeps_nothing(kaur: Store) -> None:
    before = await counts(kaur)

    async with kaur.begin_turns(NOW) as turns:
        for envelope in await turns.claim([text_from("a", 1)]):
            job = FetchFile(IncomingFile("ref", "photo"), FileTarget(0, "", ""))
            request = RequestAccess("Siti", Role.VILLAGE_HEAD, Standing.DEFINITIVE, 1, "")
            turns.apply(envelope, Step(Session(place=Home()), (HELLO, job, request)))
            turns.keep_failed(envelope, "ValueError")
        await turns.fetch([PersonNeed(1)])  # writes what is pending, still without a commit

    assert await counts(kaur) == before


async def test_an_error_in_a_batch_keeps_nothing(kaur: Store) -> None:
    before = await counts(kaur)

    with pytest.raises(StorageError, match="own"):
        await take(kaur, text_from("a", 1), HELLO, SendAnswers(1))

    assert await counts(kaur) == before


async def test_the_same_event_again_changes_nothing(kaur: Store) -> None:
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("head", 1), "26.1", "5")
    before = await counts(kaur)

    await give_answer(kaur, text_from("head", 1), "26.1", "7")

    assert await counts(kaur) == before


async def test_an_event_twice_in_one_batch_is_given_once_in_its_first_place(store: Store) -> None:
    first, second = text_from("a", 1), text_from("b", 1)

    async with store.begin_turns(NOW) as turns:
        fresh = await turns.claim([first, second, first])

    assert fresh == [first, second]


async def test_events_of_one_person_in_a_batch_see_what_the_ones_before_did(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    need = SheetNeed(head.assignments[0].id, "26.2")

    async with kaur.begin_turns(NOW) as turns:
        one, two = await turns.claim([text_from("head", 1), text_from("head", 2)])
        await turns.fetch([need])
        action = answer(turns.brief(one), "26.2", "5")
        turns.apply(one, Step(Session(place=Home(), misses=2), (action,)))
        brief = turns.brief(two)
        misses = turns.session(two).misses

    assert brief.assignments[0].progress == ".#.."
    assert brief.sheet(need.assignment, "26.2").values() == {"r26_2_q": "5"}
    assert misses == 2


async def test_an_answer_is_kept_with_its_history(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    number = head.assignments[0].id
    await give_answer(kaur, text_from("head", 1), "26.1", "5")
    await give_answer(kaur, text_from("head", 2), "26.1", "6")

    found = await known(kaur, AllSheetsNeed(number))

    assert isinstance(found, dict)
    assert {row: kept.values() for row, kept in found.items()} == {"26.1": {"r26_1_q": "6"}}
    async with kaur._database.reading("Looking at the history") as connection:
        rows = (await connection.execute(select(history).order_by(history.c.id))).all()
    assert [(row.old, row.new, row.person_id, row.event_key) for row in rows] == [
        (None, "5", head.person.id, "telegram:1:head-1"),
        ("5", "6", head.person.id, "telegram:1:head-2"),
    ]


async def test_a_row_that_stays_as_it_was_is_not_written(kaur: Store) -> None:
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("head", 1), "26.1", "5")

    await give_answer(kaur, text_from("head", 2, at=NOW + SOON), "26.1", "5")

    async with kaur._database.reading("Looking at the sheet") as connection:
        updated_at = await connection.scalar(select(sheet.c.updated_at))
    assert updated_at == int(NOW.timestamp() * 1000)


async def test_somebody_elses_assignment_cannot_be_answered(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await appoint(kaur, "other", OTHER_VILLAGE, Role.VILLAGE_HEAD)

    with pytest.raises(StorageError, match="own"):
        await take(kaur, text_from("other", 1), answer(head, "26.1", "5"))


@pytest.mark.parametrize("share", [Fraction(1, 3), Fraction(2), Fraction(-1)])
async def test_a_share_that_is_none_is_refused(kaur: Store, share: Fraction) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)

    with pytest.raises(StorageError, match="billionths"):
        await take(kaur, text_from("head", 1), answer(head, "26.1", "5", share=share))


async def test_handing_in_is_remembered_and_marks_are_kept_in_the_forms_order(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    action = answer(head, "26.9", "5", share=None, mark=RowMark.PUT_OFF)
    await take(kaur, text_from("head", 1), action, SendAnswers(head.assignments[0].id))

    async with kaur.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from("head", 2)])
        held = turns.brief(envelope).assignments[0]

    assert (held.progress, held.sent_at) == ("...s", NOW)


async def test_a_message_is_found_again_by_what_it_was_about(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    asked, answered = Topic(head.assignments[0].id, "a"), Topic(head.assignments[0].id, "b")
    await take(kaur, text_from("head", 1), Say(Message("?"), asked), RememberMessage("77", answered))
    (row,) = await kaur.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)
    await kaur.outbox.record([Sent(row.id, "78")], NOW, sender=SENDER)

    found = [await known(kaur, TopicNeed(head.address, message)) for message in ("77", "78", "79")]

    assert found == [answered, asked, None]


async def test_a_newer_reply_of_the_same_name_takes_the_place_of_an_unsent_one(store: Store) -> None:
    await take(store, text_from("a", 1), Say(Message("1 foto"), supersedes="album"), HELLO)
    await take(store, text_from("a", 2), Say(Message("2 foto"), supersedes="album"))

    assert await said(store) == ["Selamat pagi", "2 foto"]


async def test_somebody_else_is_told_once_where_they_wrote_last(store: Store) -> None:
    await take(store, text_from("a", 1), session=Session(place=Home()))
    for number in (1, 2):
        await take(store, text_from("b", number), Tell(1, Message("Kabar"), "news"))

    rows = await store.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)

    assert [(row.message.text, row.address) for row in rows] == [("Kabar", phone("a"))]


async def test_telling_somebody_who_never_wrote_is_no_error(store: Store) -> None:
    committed = await take(store, text_from("b", 1), Tell(4711, Message("Kabar"), "news"))

    assert committed.outbox == 0


async def test_a_jobs_result_ends_the_job_and_answers_where_it_was_asked(store: Store) -> None:
    target = FileTarget(0, "", "")
    committed = await take(store, text_from("a", 1), FetchFile(IncomingFile("ref", "photo"), target))
    (job,) = await store.jobs.claim(NOW, limit=5, lease=SOON)
    result = Envelope(f"job:{job.id}", job.address_id, FileRefused(at=NOW, reason="unavailable", target=target))

    await take(store, result, HELLO)

    assert committed.jobs == 1
    assert (job.action, job.address, job.attempts) == (FetchFile(IncomingFile("ref", "photo"), target), phone("a"), 1)
    assert await store.jobs.count() == 0
    assert await said(store) == ["Selamat pagi"]


async def test_an_address_number_that_nobody_has_is_refused(store: Store) -> None:
    with pytest.raises(StorageError, match="99"):
        await take(store, Envelope("job:1", 99, text_from("a", 1).event))


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_that_cannot_be_kept_is_refused(store: Store, key: str) -> None:
    with pytest.raises(StorageError, match="characters"):
        await take(store, Envelope(key, phone("a"), text_from("a", 1).event))


async def test_too_large_a_message_is_refused(store: Store) -> None:
    with pytest.raises(StorageError, match="bytes"):
        await take(store, text_from("a", 1), Say(Message("x" * 300_000)))


async def test_a_failed_event_is_kept_and_can_be_tried_again_once(store: Store) -> None:
    original = text_from("a", 1, "rusak")
    async with store.begin_turns(NOW) as turns:
        for envelope in await turns.claim([original]):
            turns.keep_failed(envelope, "ValueError at parse:12", Step(turns.session(envelope), (HELLO,)))
        await turns.commit()
    (failure,) = await store.failures.list()
    again = await store.failures.envelope(failure.id)

    await take(store, again)

    assert (failure.event_key, failure.error, failure.at) == (original.key, "ValueError at parse:12", NOW)
    assert (again.event, again.address) == (original.event, original.address)
    assert await store.failures.list() == []
    assert await said(store) == ["Selamat pagi"]
    with pytest.raises(StorageError, match="none"):
        await store.failures.envelope(failure.id)


async def test_a_dropped_failure_is_gone(store: Store) -> None:
    async with store.begin_turns(NOW) as turns:
        for envelope in await turns.claim([text_from("a", 1)]):
            turns.keep_failed(envelope, "ValueError")
        await turns.commit()

    assert await store.failures.drop(1)
    assert not await store.failures.drop(1)


@pytest.mark.parametrize("body", ["{", '{"version":99}', '{"place":{"type":"elsewhere"}}'])
async def test_a_session_that_cannot_be_read_begins_anew_and_is_counted(store: Store, body: str) -> None:
    await take(store, text_from("a", 1), session=Session(place=Home()))
    async with store._database.writing("Breaking a session") as connection:
        await connection.execute(update(session).values(body=body))
        await connection.commit()

    first = await take(store, text_from("a", 2))
    second = await take(store, text_from("a", 3))

    assert (first.lost_sessions, second.lost_sessions) == (1, 0)


async def test_a_new_language_is_kept(store: Store) -> None:
    await take(store, text_from("a", 1), SetLanguage("en"))

    async with store.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from("a", 2)])

        assert turns.brief(envelope).person.language == "en"


async def test_an_unanswered_row_has_an_empty_sheet(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)

    assert await known(kaur, SheetNeed(head.assignments[0].id, "26.1")) == EMPTY_SHEET


async def test_five_hundred_strangers_fit_into_one_batch(store: Store) -> None:
    envelopes = [text_from(f"phone-{place}", 1, at=NOW + timedelta(seconds=place)) for place in range(500)]

    async with store.begin_turns(NOW) as turns:
        for envelope in await turns.claim(envelopes):
            turns.apply(envelope, Step(Session(place=Home()), (HELLO,)))
        committed = await turns.commit()

    assert committed.outbox == 500


async def test_an_answer_to_a_row_that_the_form_does_not_have_is_refused(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)

    with pytest.raises(StorageError, match="row of the form"):
        await take(kaur, text_from("head", 1), answer(head, "99.9", "5"))


async def test_a_moment_without_a_time_zone_is_refused(store: Store) -> None:
    naive = text_from("a", 1, at=NOW.replace(tzinfo=None))

    with pytest.raises(StorageError, match="time zone"):
        await take(store, naive, HELLO)


async def test_a_database_that_objects_says_so_without_peoples_words(store: Store) -> None:
    topic = RememberMessage("1", Topic(4711, "rahasia"))

    with pytest.raises(StorageError, match="Keeping a batch") as raised:
        await take(store, text_from("a", 1), topic)

    assert "rahasia" not in str(raised.value)
    assert await counts(store) == dict.fromkeys((table.name for table in METADATA.sorted_tables), 0) | {"form_row": 9}

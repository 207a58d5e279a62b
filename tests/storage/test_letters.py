"""What people write to each other is kept for whoever it was written to, until one of them is forgotten."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from conversations.actions import ForgetPerson, Tell
from conversations.brief import Brief
from conversations.engine import Step
from conversations.letters import Letter
from conversations.messages import Message
from conversations.needs import LetterNeed
from conversations.people import Role
from storage.housekeeping import ONCE_KEPT
from storage.outbox import Sent
from storage.store import Store
from storage.tables import letter
from tests.storage.forms import NOW, SOON
from tests.storage.people import KAUR, MUCH_ROOM, SENDER, VILLAGE, appoint, known, take, text_from

CODE = "ABCDEFGHJK"


async def two_people(store: Store) -> tuple[Brief, Brief]:
    return await appoint(store, "head", VILLAGE, Role.VILLAGE_HEAD), await appoint(
        store, "coordinator", KAUR, Role.COORDINATOR
    )


def written(sender: Brief, reader: Brief, code: str = CODE, *, later: timedelta = timedelta(0)) -> Tell:
    sent = Letter(code, sender.person.id, reader.person.id, f"Apa <itu>? {code}", NOW + later)
    return Tell(reader.person.id, Message("..."), f"letter:{code}", letter=sent)


async def how_many(store: Store) -> int:
    async with store._database.reading("Counting letters") as connection:
        return int(await connection.scalar(select(func.count()).select_from(letter)) or 0)


async def test_a_letter_is_found_by_its_code_and_by_its_message_and_by_nobody_but_its_reader(kaur: Store) -> None:
    head, coordinator = await two_people(kaur)
    told = written(head, coordinator)
    await take(kaur, text_from("head", 1), told)
    (row,) = await kaur.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)
    await kaur.outbox.record([Sent(row.id, "m7")], NOW, sender=SENDER)

    found = {
        need: await known(kaur, need)
        for need in (
            LetterNeed(coordinator.person.id, CODE),
            LetterNeed(coordinator.person.id, "", coordinator.address, "m7"),
            LetterNeed(coordinator.person.id),
        )
    }
    others = {
        need: await known(kaur, need)
        for need in (
            LetterNeed(head.person.id, CODE),
            LetterNeed(coordinator.person.id, "", head.address, "m7"),
            LetterNeed(coordinator.person.id, "", coordinator.address, "m8"),
            LetterNeed(coordinator.person.id, "ANOTHER"),
            LetterNeed(head.person.id),
        )
    }

    assert set(found.values()) == {told.letter}
    assert set(others.values()) == {None}


async def test_the_newest_letter_is_the_one_that_was_sent_last_also_in_the_same_batch(kaur: Store) -> None:
    head, coordinator = await two_people(kaur)
    newest = LetterNeed(coordinator.person.id)
    first, second = written(head, coordinator, "FIRST"), written(head, coordinator, "SECOND", later=SOON)

    async with kaur.begin_turns(NOW) as turns:
        envelopes = [text_from("head", 1), text_from("head", 2)]
        await turns.claim(envelopes)
        seen = []
        for envelope, told in zip(envelopes, (first, second), strict=True):
            await turns.fetch([newest])
            seen.append(turns.brief(envelope).find(newest))
            turns.apply(envelope, Step(turns.session(envelope), (told,)))
        await turns.commit()

    assert seen == [None, first.letter]
    assert await known(kaur, newest) == second.letter


async def test_letters_go_with_whoever_is_forgotten_and_with_time(kaur: Store) -> None:
    head, coordinator = await two_people(kaur)
    await take(kaur, text_from("head", 1), written(head, coordinator), written(coordinator, head, "BACK"))
    await take(kaur, text_from("coordinator", 1), written(coordinator, coordinator, "OWN"))

    before = await how_many(kaur)
    await take(kaur, text_from("head", 2), written(head, coordinator, "LAST"), ForgetPerson())
    forgotten = await how_many(kaur)
    await kaur.housekeeping.clean(NOW + ONCE_KEPT)
    young = await how_many(kaur)
    cleaned = await kaur.housekeeping.clean(NOW + ONCE_KEPT + SOON)

    assert (before, forgotten, young) == (3, 1, 1)
    assert (cleaned.letters, await how_many(kaur)) == (1, 0)


async def test_everybody_has_a_newest_letter_of_their_own(kaur: Store) -> None:
    head, coordinator = await two_people(kaur)
    old, new = written(head, coordinator, "OLD"), written(head, coordinator, "NEW", later=SOON)
    back = written(coordinator, head, "BACK")
    await take(kaur, text_from("head", 1), new, old, back)
    envelope = text_from("head", 2)
    needs = [LetterNeed(each.person.id) for each in (head, coordinator)]

    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([envelope])
        await turns.fetch(needs)
        found = [turns.brief(envelope).find(need) for need in needs]

    assert found == [back.letter, new.letter]

"""One chat, whether the channel names its person by an id, by a phone number, or by both."""

from __future__ import annotations

from datetime import UTC, timedelta

from sqlalchemy import select

from conversations.actions import ForgetPerson, RememberMessage, RequestAccess, Say
from conversations.engine import Step
from conversations.events import TextReceived
from conversations.messages import Message
from conversations.needs import Topic, TopicNeed
from conversations.people import Role, Standing
from conversations.session import Home, Session
from storage.identity import Move
from storage.outbox import Sender
from storage.store import Store
from storage.tables import access_request, address, outbox
from storage.turns import AddressKey, Envelope
from storage.windows import is_open
from tests.storage.forms import NOW
from tests.storage.people import MUCH_ROOM, VILLAGE, accept_in, known, take

ID, OTHER_ID = "ID.99887766", "ID.11223344"
PHONE, OTHER_PHONE = "6281100001", "6281100002"
HERE = Sender("whatsapp:5", 1)


def heard(user: str, number: int, phone: str = "", *, account: str = "5") -> Envelope:
    key = AddressKey("whatsapp", account, user)
    return Envelope(f"wa:{account}:{user}:{number}", key, TextReceived(at=NOW, text="halo"), phone=phone)


def key(user: str) -> AddressKey:
    return AddressKey("whatsapp", "5", user)


async def kept(store: Store) -> list[tuple[str, str]]:
    """Give the chats by user and phone."""
    async with store._database.reading("Looking") as connection:
        rows = await connection.execute(select(address.c.user, address.c.phone).order_by(address.c.id))
        return [(row.user, row.phone) for row in rows]


async def owner(store: Store, envelope: Envelope) -> tuple[int, Session, int]:
    async with store.begin_turns(NOW) as turns:
        (fresh,) = await turns.claim([envelope])
        return turns.brief(fresh).person.id, turns.session(fresh), turns.brief(fresh).address


async def head(store: Store, envelope: Envelope, role: Role = Role.VILLAGE_HEAD, region: str = VILLAGE) -> int:
    """Let somebody take a post; give their number."""
    post = await store.roster.find_post(region, role)
    assert post is not None
    code = await store.roster.issue_invitation(post, Standing.DEFINITIVE, at=NOW)
    async with store.begin_turns(NOW) as turns:
        (fresh,) = await turns.claim([envelope])
        brief = await accept_in(turns, fresh, code)
        await turns.commit()
    return brief.person.id


async def test_a_phone_number_is_kept_beside_the_id_and_finds_it(store: Store) -> None:
    await take(store, heard(ID, 1, PHONE), session=Session(place=Home(), misses=2))

    person, session, where = await owner(store, heard(PHONE, 2, PHONE))

    assert (person, session.misses) == (1, 2)
    assert await kept(store) == [(ID, PHONE)]
    assert (await owner(store, heard(ID, 3)))[2] == where


async def test_who_was_known_by_the_number_alone_is_known_by_the_id_from_then_on(store: Store) -> None:
    await take(store, heard(PHONE, 1, PHONE), Say(Message("belum terkirim")), session=Session(place=Home(), misses=2))

    await take(store, heard(ID, 2, PHONE))

    assert await kept(store) == [(ID, PHONE)]
    assert (await owner(store, heard(ID, 3)))[0] == 1
    (row,) = await store.outbox.claim(NOW, sender=HERE, room=MUCH_ROOM)
    assert (row.address.user, row.phone, row.heard_at) == (ID, PHONE, NOW)


async def test_number_and_id_in_one_batch_are_one_chat(store: Store) -> None:
    async with store.begin_turns(NOW) as turns:
        fresh = await turns.claim([heard(PHONE, 1, PHONE), heard(ID, 2, PHONE), heard(OTHER_ID, 3)])
        people = [turns.brief(each).person.id for each in fresh]
        for number, each in enumerate(fresh):
            turns.apply(each, Step(Session(place=Home(), misses=number), ()))
        await turns.commit()

    assert people[0] == people[1] != people[2]
    assert sorted(await kept(store)) == [(OTHER_ID, ""), (ID, PHONE)]
    assert (await owner(store, heard(ID, 4)))[1].misses == 1


async def test_two_chats_that_turn_out_to_be_one_keep_all_that_they_had(kaur: Store) -> None:
    village = await kaur.roster.find_region(VILLAGE)
    assert village is not None
    wish = RequestAccess("Siti", Role.VILLAGE_HEAD, Standing.OPERATOR, village.id, "")
    await take(kaur, heard(PHONE, 1, PHONE), wish, Say(Message("untuk nomor")), session=Session(place=Home(), misses=3))
    head_number = await head(kaur, heard(ID, 2))
    topic = Topic(1, "a")
    await take(kaur, heard(PHONE, 3, PHONE), RememberMessage("m1", topic), session=Session(place=Home(), misses=4))

    person, session, where = await owner(kaur, heard(ID, 4))
    await take(kaur, heard(ID, 5, PHONE), Say(Message("untuk id")), session=session)

    assert person == head_number
    assert await kept(kaur) == [(ID, PHONE)]
    for envelope in (heard(PHONE, 6, PHONE), heard(ID, 7)):
        assert await owner(kaur, envelope) == (head_number, session, where)
    (first,) = await kaur.outbox.claim(NOW, sender=HERE, room=MUCH_ROOM)
    assert (first.message.text, first.address_id) == ("untuk nomor", where)
    assert await known(kaur, TopicNeed(where, "m1")) == topic
    async with kaur._database.reading("Looking") as connection:
        assert await connection.scalar(select(access_request.c.person_id)) == head_number
        assert set((await connection.scalars(select(outbox.c.address_id))).all()) == {where}


async def test_the_conversation_of_the_number_goes_on_where_the_id_had_none(kaur: Store) -> None:
    number = await head(kaur, heard(PHONE, 1, PHONE))
    await take(kaur, heard(PHONE, 2, PHONE), session=Session(place=Home(), misses=3))
    async with kaur.begin_turns(NOW) as turns:
        await turns.claim([heard(ID, 3)])
        await turns.commit()

    person, session, _ = await owner(kaur, heard(ID, 4, PHONE))

    assert (person, session.misses) == (number, 3)


async def test_two_who_both_hold_a_post_stay_two(kaur: Store) -> None:
    by_number = await head(kaur, heard(PHONE, 1, PHONE))
    by_id = await head(kaur, heard(ID, 2), Role.SUBDISTRICT_HEAD, "17.04.01")

    for number in (3, 4):
        assert (await owner(kaur, heard(ID, number, PHONE)))[0] == by_id
    await take(kaur, heard(ID, 5, PHONE))

    assert (await owner(kaur, heard(PHONE, 6, PHONE)))[0] == by_number
    assert sorted(await kept(kaur)) == [(PHONE, ""), (ID, PHONE)]


async def test_a_number_that_somebody_else_has_now_goes_with_them(store: Store) -> None:
    await take(store, heard(ID, 1, PHONE))

    await take(store, heard(OTHER_ID, 2, PHONE))
    await take(store, heard(ID, 3, OTHER_PHONE))

    assert await kept(store) == [(ID, OTHER_PHONE), (OTHER_ID, PHONE)]
    assert (await owner(store, heard(PHONE, 4, PHONE)))[0] == 2


async def test_somebody_with_a_new_number_goes_on_where_they_were(kaur: Store) -> None:
    person = await head(kaur, heard(ID, 1, PHONE))
    told = Move(key(ID), PHONE, key(OTHER_ID), OTHER_PHONE)

    await kaur.roster.move_chat(told)
    await kaur.roster.move_chat(told)

    assert await kept(kaur) == [(OTHER_ID, OTHER_PHONE)]
    assert (await owner(kaur, heard(OTHER_ID, 2, OTHER_PHONE)))[0] == person


async def test_somebody_who_has_written_from_the_new_number_already_is_one_person_with_one_chat(kaur: Store) -> None:
    person = await head(kaur, heard(ID, 1, PHONE))
    await take(kaur, heard(OTHER_ID, 2, OTHER_PHONE))

    await kaur.roster.move_chat(Move(key(ID), PHONE, key(OTHER_ID), OTHER_PHONE))

    assert await kept(kaur) == [(OTHER_ID, OTHER_PHONE)]
    assert (await owner(kaur, heard(OTHER_ID, 3)))[0] == person


async def test_older_news_of_a_new_number_tells_no_ids(store: Store) -> None:
    await take(store, heard(ID, 1, PHONE))
    await take(store, heard("6281100003", 1, "6281100003"))

    await store.roster.move_chat(Move(key(PHONE), PHONE, key(OTHER_PHONE), OTHER_PHONE))
    await store.roster.move_chat(Move(key("6281100003"), "6281100003", key("6281100004"), "6281100004"))

    assert await kept(store) == [(ID, OTHER_PHONE), ("6281100004", "6281100004")]


async def test_a_stranger_who_moves_is_still_a_stranger(store: Store) -> None:
    await take(store, heard(ID, 1, PHONE))

    await store.roster.move_chat(Move(key("ID.5"), "", key("ID.6"), ""))

    assert await kept(store) == [(ID, PHONE)]


async def test_the_same_number_at_two_of_our_numbers_is_two_chats(store: Store) -> None:
    await take(store, heard(ID, 1, PHONE))

    await take(store, heard(OTHER_ID, 2, PHONE, account="6"))

    assert await kept(store) == [(ID, PHONE), (OTHER_ID, PHONE)]


async def test_a_forgotten_persons_number_is_forgotten_where_it_is_not_their_only_name(store: Store) -> None:
    await take(store, heard(ID, 1, PHONE), ForgetPerson())
    await take(store, heard(OTHER_PHONE, 2, OTHER_PHONE), ForgetPerson())

    assert await kept(store) == [(ID, ""), (OTHER_PHONE, OTHER_PHONE)]


async def test_a_message_that_comes_late_opens_no_window(store: Store) -> None:
    early = NOW - timedelta(days=3)
    for number, sent_at in enumerate((early, NOW - timedelta(hours=2), early, NOW + timedelta(days=1))):
        envelope = Envelope(f"wa:{number}", heard(ID, 1).address, TextReceived(at=NOW, text="x"), sent_at=sent_at)
        await take(store, envelope, Say(Message(str(number))), at=NOW)
        async with store._database.reading("Looking") as connection:
            at = await connection.scalar(select(address.c.heard_at))
        expected = (early, NOW - timedelta(hours=2), NOW - timedelta(hours=2), NOW)[number]
        assert at == int(expected.timestamp() * 1000)


def test_a_window_is_open_for_a_day_and_other_channels_for_ever() -> None:
    day = timedelta(days=1)

    assert is_open("whatsapp", NOW - day + timedelta(seconds=1), NOW.astimezone(UTC))
    assert not is_open("whatsapp", NOW - day, NOW)
    assert not is_open("whatsapp", None, NOW)
    assert is_open("telegram", None, NOW)

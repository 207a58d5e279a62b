"""One person in several chats: linking them by a code or a phone number, and letting one go."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from conversations.actions import (
    Action,
    ForgetPerson,
    IssueLinkCode,
    KeepPhone,
    LeaveChat,
    LinkChat,
    PreferChannel,
    RequestAccess,
    Say,
    Tell,
)
from conversations.brief import Brief
from conversations.engine import Step
from conversations.events import TextReceived
from conversations.messages import Message
from conversations.needs import ChatsNeed, HolderNeed, LinkNeed, PhoneNeed
from conversations.people import Chats, Counterpart, Role, Standing
from conversations.session import NEW_SESSION, Home, Session
from storage.errors import StorageError
from storage.outbox import Sender
from storage.reaching import Because
from storage.store import Store
from storage.tables import access_request, link_code, outbox, session
from storage.turns import AddressKey, Envelope
from tests.storage.forms import NOW
from tests.storage.people import MUCH_ROOM, SENDER, VILLAGE, appoint, known, take, text_from

CODE, PHONE = "ABCD2345", "6281100001"
LATER = NOW + timedelta(minutes=15)
ISSUE = IssueLinkCode(CODE, LATER)


def whatsapp(user: str, number: int, *, told: str = "", at: datetime = NOW) -> Envelope:
    key = AddressKey("whatsapp", "5", user)
    return Envelope(f"wa:{user}:{number}", key, TextReceived(at=at, text="halo"), phone=told)


async def link(store: Store, envelope: Envelope, code: str = CODE, *further: Action) -> None:
    """Type a code, and join whoever has asked for it."""
    async with store.begin_turns(NOW) as turns:
        (fresh,) = await turns.claim([envelope])
        await turns.fetch([LinkNeed(code)])
        found = turns.brief(fresh).find(LinkNeed(code))
        assert isinstance(found, Counterpart)
        turns.apply(fresh, Step(Session(place=Home(), misses=9), (LinkChat(found.person.id, code), *further)))
        await turns.commit()


async def linked_head(store: Store) -> Brief:
    """Let a village head on Telegram link their WhatsApp."""
    head = await appoint(store, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(store, text_from("head", 1), ISSUE, session=Session(place=Home(), misses=2))
    await link(store, whatsapp("w", 1))
    return head


async def look(store: Store, envelope: Envelope) -> tuple[Brief, Session]:
    async with store.begin_turns(NOW) as turns:
        (fresh,) = await turns.claim([envelope])
        return turns.brief(fresh), turns.session(fresh)


async def test_a_code_tells_whose_it_is_until_it_is_used_or_expired_or_replaced(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("head", 1), IssueLinkCode("OLDOLD22", LATER))
    await take(kaur, text_from("head", 2), ISSUE)

    found = await known(kaur, LinkNeed("abcd 2345"))

    assert found == Counterpart(head.person, head.posts, head.address, "Telegram", is_usable=True)
    assert await known(kaur, LinkNeed("OLDOLD22")) is None
    late = await known(kaur, LinkNeed(CODE), at=LATER)
    assert isinstance(late, Counterpart)
    assert not late.is_usable
    async with kaur._database.reading("Looking for the code") as connection:
        (kept,) = (await connection.scalars(select(link_code.c.code_hash))).all()
    assert len(kept) == 64


async def test_a_linked_chat_goes_on_with_the_persons_conversation_and_answers_go_where_they_last_wrote(
    kaur: Store,
) -> None:
    head = await linked_head(kaur)

    brief, session = await look(kaur, whatsapp("w", 2))

    assert (brief.person, brief.posts) == (head.person, head.posts)
    assert [each.id for each in brief.assignments] == [each.id for each in head.assignments]
    assert session.misses == 2
    await take(kaur, text_from("other", 1), Tell(head.person.id, Message("Kabar"), "news"))
    (row,) = await kaur.outbox.claim(NOW, sender=Sender("whatsapp:5", 1), room=MUCH_ROOM)
    assert (row.address.user, row.chosen_because) == ("w", Because.WROTE_LAST)
    used = await known(kaur, LinkNeed(CODE))
    assert isinstance(used, Counterpart)
    assert not used.is_usable


async def test_what_follows_a_link_in_the_same_batch_is_the_persons(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("head", 1), ISSUE, session=Session(place=Home(), misses=2))

    async with kaur.begin_turns(NOW) as turns:
        before, one, two, three = await turns.claim([whatsapp("w", number) for number in range(4)])
        turns.apply(before, Step(Session(place=Home(), misses=7), ()))
        await turns.fetch([LinkNeed(CODE), LinkNeed(CODE.lower())])
        turns.apply(one, Step(Session(misses=8), (LinkChat(head.person.id, CODE), Say(Message("ok")))))
        brief, seen = turns.brief(two), turns.session(two)
        turns.apply(two, Step(Session(place=Home(), misses=3), ()))
        await turns.fetch([LinkNeed(CODE)])
        again = turns.brief(three).find(LinkNeed(CODE))
        await turns.commit()

    assert (brief.person.id, brief.posts, seen.misses) == (head.person.id, head.posts, 2)
    assert isinstance(again, Counterpart)
    assert not again.is_usable
    assert (await look(kaur, text_from("head", 2)))[1].misses == 3
    async with kaur._database.reading("Counting") as connection:
        assert await connection.scalar(select(func.count()).select_from(session)) == 1


async def test_requests_follow_a_stranger_to_the_person_they_are(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("head", 1), ISSUE)
    village = await kaur.roster.find_region(VILLAGE)
    assert village is not None
    wish = RequestAccess("Siti", Role.VILLAGE_HEAD, Standing.OPERATOR, village.id, "")
    await take(kaur, whatsapp("w", 1), wish)

    await link(kaur, whatsapp("w", 2))

    async with kaur._database.reading("Looking") as connection:
        assert (await connection.scalars(select(access_request.c.person_id))).all() == [head.person.id]


async def test_a_request_of_the_same_batch_follows_too(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("head", 1), ISSUE)
    village = await kaur.roster.find_region(VILLAGE)
    assert village is not None
    async with kaur.begin_turns(NOW) as turns:
        one, two = await turns.claim([whatsapp("w", 1), whatsapp("w", 2)])
        await turns.fetch([LinkNeed(CODE)])
        wish = RequestAccess("Siti", Role.VILLAGE_HEAD, Standing.OPERATOR, village.id, "")
        turns.apply(one, Step(NEW_SESSION, (wish,)))
        turns.apply(two, Step(NEW_SESSION, (LinkChat(head.person.id, CODE),)))
        await turns.commit()

    async with kaur._database.reading("Looking") as connection:
        assert (await connection.scalars(select(access_request.c.person_id))).all() == [head.person.id]


async def test_a_chat_joins_nobody_who_was_not_looked_at_nor_its_own_person_nor_leaving_a_post(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, whatsapp("w", 0), IssueLinkCode("WWWW2222", LATER))

    with pytest.raises(StorageError, match="looked at"):
        await take(kaur, whatsapp("w", 1), LinkChat(head.person.id))
    with pytest.raises(StorageError, match="looked at"):
        await take(kaur, text_from("head", 1), LinkChat(head.person.id))
    with pytest.raises(StorageError, match="without a post"):
        await link(kaur, text_from("head", 2), "WWWW2222")


async def test_a_code_that_was_used_meanwhile_is_refused(kaur: Store) -> None:
    head = await linked_head(kaur)

    with pytest.raises(StorageError, match="used"):
        await take(kaur, whatsapp("thief", 1), LinkChat(head.person.id, CODE), needs=[LinkNeed(CODE)])


async def test_the_same_phone_number_names_the_one_who_holds_a_post(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("head", 1), KeepPhone(PHONE))
    await take(kaur, whatsapp("w", 1, told=PHONE))
    stranger, _ = await look(kaur, whatsapp("w", 2, told=PHONE))

    found = await known(kaur, PhoneNeed(PHONE, stranger.person.id))

    assert (stranger.phone, stranger.posts) == (PHONE, ())
    assert found == Counterpart(head.person, head.posts, head.address, "Telegram")
    for nobody in (PhoneNeed(PHONE, head.person.id), PhoneNeed("", 0), PhoneNeed("62", 0)):
        assert await known(kaur, nobody) is None
    await take(kaur, whatsapp("w", 3), LinkChat(head.person.id), needs=[PhoneNeed(PHONE, stranger.person.id)])
    assert (await look(kaur, whatsapp("w", 4)))[0].person == head.person


async def test_a_phone_number_of_two_holders_names_nobody(kaur: Store) -> None:
    for name, region, role in (("head", VILLAGE, Role.VILLAGE_HEAD), ("camat", "17.04.01", Role.SUBDISTRICT_HEAD)):
        await appoint(kaur, name, region, role)
        await take(kaur, text_from(name, 1), KeepPhone(PHONE))

    assert await known(kaur, PhoneNeed(PHONE, 0)) is None


async def test_an_invitation_tells_who_leads_its_post_now(kaur: Store) -> None:
    post = await kaur.roster.find_post(VILLAGE, Role.VILLAGE_HEAD)
    assert post is not None
    code = await kaur.roster.issue_invitation(post, Standing.DEFINITIVE, at=NOW)
    helper = await kaur.roster.issue_invitation(post, Standing.OPERATOR, at=NOW)
    assert await known(kaur, HolderNeed(code)) is None
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)

    found = await known(kaur, HolderNeed(code))

    assert isinstance(found, Counterpart)
    assert (found.person, found.channel_name) == (head.person, "Telegram")
    assert await known(kaur, HolderNeed(helper)) is None


async def chats_of(store: Store, person: int) -> list[tuple[str, bool]]:
    found = await known(store, ChatsNeed(person))
    assert isinstance(found, Chats)
    return [(each.channel_name, each.linked_at is not None) for each in found.all]


async def test_a_person_sees_their_chats_and_what_they_prefer(kaur: Store) -> None:
    head = await linked_head(kaur)
    await take(kaur, whatsapp("w", 5), PreferChannel("telegram"))

    found = await known(kaur, ChatsNeed(head.person.id))

    assert isinstance(found, Chats)
    assert found.preferred == "telegram"
    assert [(each.channel, each.linked_at) for each in found.all] == [("telegram", None), ("whatsapp", NOW)]
    assert await known(kaur, ChatsNeed(99)) == Chats(())


async def test_a_chat_that_is_let_go_from_the_other_is_a_strangers_and_its_news_go_elsewhere(kaur: Store) -> None:
    head = await linked_head(kaur)
    await take(kaur, text_from("b", 1), Tell(head.person.id, Message("Kabar"), "news"))
    left = head.address + 1

    await take(kaur, text_from("head", 5), LeaveChat(left), needs=[ChatsNeed(head.person.id)])

    brief, session = await look(kaur, whatsapp("w", 6))
    assert (brief.posts, session) == ((), NEW_SESSION)
    assert await chats_of(kaur, head.person.id) == [("Telegram", False)]
    (row,) = await kaur.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)
    assert row.message.text == "Kabar"


async def test_a_chat_that_lets_itself_go_is_a_strangers_from_the_next_event_on(kaur: Store) -> None:
    head = await linked_head(kaur)
    post = await kaur.roster.find_post("17.04.01", Role.SUBDISTRICT_HEAD)
    assert post is not None

    async with kaur.begin_turns(NOW) as turns:
        one, two, three = await turns.claim([whatsapp("w", 7), whatsapp("w", 8), whatsapp("w", 9)])
        here = turns.brief(one).address
        turns.apply(one, Step(Session(place=Home()), (LeaveChat(here), Say(Message("Sudah")))))
        brief = turns.brief(two)
        turns.apply(two, Step(Session(place=Home(), misses=4), (IssueLinkCode("WWWW2222", LATER),)))
        await turns.fetch([ChatsNeed(head.person.id)])
        renamed = turns.brief(three)
        turns.apply(three, Step(turns.session(three), ()))
        await turns.commit()

    assert (brief.posts, brief.person.name) == ((), "")
    assert renamed.person.id > 0
    after, session = await look(kaur, whatsapp("w", 10))
    assert (after.person.id, session.misses) == (renamed.person.id, 4)
    mine, kept = await look(kaur, text_from("head", 6))
    assert (mine.person.id, kept.misses) == (head.person.id, 2)
    async with kaur._database.reading("Looking") as connection:
        assert (await connection.scalars(select(link_code.c.person_id).order_by(link_code.c.person_id))).all() == [
            head.person.id,
            renamed.person.id,
        ]


async def test_the_only_chat_and_somebody_elses_are_not_let_go(kaur: Store) -> None:
    head = await linked_head(kaur)
    await take(kaur, text_from("b", 1))
    other, _ = await look(kaur, text_from("b", 2))

    with pytest.raises(StorageError, match="only one"):
        await take(kaur, text_from("b", 3), LeaveChat(other.address))
    with pytest.raises(StorageError, match="is not"):
        await take(kaur, text_from("head", 4), LeaveChat(other.address))
    assert (await look(kaur, text_from("head", 5)))[0].posts == head.posts


async def test_being_forgotten_ends_codes_and_blanks_every_chat(kaur: Store) -> None:
    head = await linked_head(kaur)

    await take(kaur, text_from("head", 5), IssueLinkCode("WWWW2222", LATER))
    async with kaur.begin_turns(NOW) as turns:
        one, two, three = await turns.claim([text_from("head", number) for number in (6, 7, 8)])
        turns.apply(one, Step(NEW_SESSION, (IssueLinkCode("XXXX2222", LATER),)))
        turns.apply(two, Step(NEW_SESSION, (ForgetPerson(),)))
        turns.apply(three, Step(NEW_SESSION, (IssueLinkCode("YYYY2222", LATER),)))
        await turns.commit()

    for code in (CODE, "WWWW2222", "XXXX2222"):
        assert await known(kaur, LinkNeed(code)) is None
    found = await known(kaur, LinkNeed("YYYY2222"))
    assert isinstance(found, Counterpart)
    assert found.person.id != head.person.id
    assert (await look(kaur, whatsapp("w", 9)))[0].posts == ()


async def test_a_stranger_with_another_chat_keeps_their_conversation_there(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("head", 1), ISSUE)
    await take(kaur, text_from("s", 1), IssueLinkCode("SSSS2222", LATER))
    await link(kaur, whatsapp("w", 1), "SSSS2222")
    await take(kaur, whatsapp("w", 2), session=Session(place=Home(), misses=5))

    await link(kaur, whatsapp("w", 3))

    assert (await look(kaur, whatsapp("w", 4)))[0].person.id == head.person.id
    brief, session = await look(kaur, text_from("s", 2))
    assert (brief.person.id != head.person.id, session.misses) == (True, 5)
    await take(kaur, text_from("b", 1), Tell(brief.person.id, Message("Kabar"), "news"))
    async with kaur._database.reading("Looking") as connection:
        assert (await connection.scalars(select(outbox.c.address_id))).all() == [brief.address]

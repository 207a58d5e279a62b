"""Invitations, posts, access requests, and being forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from conversations.actions import (
    AcceptInvitation,
    DecideRequest,
    ForgetPerson,
    IssueInvitation,
    RequestAccess,
    Say,
    Tell,
)
from conversations.engine import Step
from conversations.messages import Message
from conversations.needs import (
    CODE_CHARACTERS,
    CoordinatorsNeed,
    FreshCodeNeed,
    HoldersNeed,
    InvitationNeed,
    InvitedToNeed,
    PersonNeed,
    QueueNeed,
    RequestNeed,
)
from conversations.people import AccessRequest, Holder, Invitation, Person, Role, Standing
from conversations.session import Home, Session
from storage.errors import StorageError
from storage.invitations import ALPHABET, code_hash, new_code
from storage.store import Store
from storage.tables import address, holding, invitation, person, session
from tests.storage.forms import NOW, SOON
from tests.storage.people import (
    KAUR,
    MUCH_ROOM,
    SENDER,
    VILLAGE,
    accept,
    accept_in,
    appoint,
    give_answer,
    known,
    phone,
    take,
    text_from,
)


async def invite(store: Store, region: str = VILLAGE, role: Role = Role.VILLAGE_HEAD, **words: Standing) -> str:
    post = await store.roster.find_post(region, role)
    assert post is not None
    return await store.roster.issue_invitation(post, words.get("standing", Standing.DEFINITIVE), at=NOW, name="Ahmad")


async def district_of(store: Store) -> int:
    found = await store.roster.find_region(KAUR)
    assert found is not None
    return found.id


def test_a_code_has_no_signs_that_look_alike() -> None:
    codes = {new_code() for _ in range(200)}

    assert len(codes) == 200
    assert {len(code) for code in codes} == {CODE_CHARACTERS}
    assert not set("".join(codes)) & set("ILO01")
    assert set("".join(codes)) <= set(ALPHABET)


async def test_an_invitation_is_found_however_its_code_is_typed_and_the_code_is_not_kept(kaur: Store) -> None:
    code = await invite(kaur)

    for typed in (code, code.lower(), f" {code[:5]}-{code[5:]} "):
        found = await known(kaur, InvitationNeed(typed))
        assert isinstance(found, Invitation)
        assert (found.role, found.region.code, found.is_usable) == (Role.VILLAGE_HEAD, VILLAGE, True)
    assert await known(kaur, InvitationNeed("SALAHSALAH")) is None
    assert await known(kaur, InvitedToNeed("SALAHSALAH")) == ()
    async with kaur._database.reading("Looking for the code") as connection:
        assert (await connection.scalars(select(invitation.c.code_hash))).all() == [code_hash(code)]


async def test_accepting_gives_post_and_assignments_in_the_same_step_and_uses_the_invitation_up(kaur: Store) -> None:
    code = await invite(kaur)

    brief = await accept(kaur, "head", code)

    assert [(post.role, post.region.code) for post in brief.posts] == [(Role.VILLAGE_HEAD, VILLAGE)]
    assert [(held.form, held.progress) for held in brief.assignments] == [("dekela", "....")]
    assert brief.person == Person(1, "Ahmad", "Bapak", "id", NOW)
    found = await known(kaur, InvitationNeed(code))
    assert isinstance(found, Invitation)
    assert not found.is_usable
    with pytest.raises(StorageError, match="free"):
        await accept(kaur, "thief", code)


async def test_two_people_with_one_code_in_one_batch_do_not_both_get_the_post(kaur: Store) -> None:
    code = await invite(kaur)

    async with kaur.begin_turns(NOW) as turns:
        first, second = await turns.claim([text_from("a", 1), text_from("b", 1)])
        await accept_in(turns, first, code)
        await turns.fetch([InvitationNeed(code)])
        found = turns.brief(second).find(InvitationNeed(code))

    assert isinstance(found, Invitation)
    assert not found.is_usable


async def test_an_expired_invitation_is_not_usable(kaur: Store) -> None:
    code = await invite(kaur)

    found = await known(kaur, InvitationNeed(code), at=NOW + timedelta(days=60))

    assert isinstance(found, Invitation)
    assert not found.is_usable


async def test_accepting_what_was_never_looked_at_is_refused(kaur: Store) -> None:
    with pytest.raises(StorageError, match="loaded"):
        await take(kaur, text_from("a", 1), AcceptInvitation(1, "Ahmad", "Bapak", NOW))


async def test_a_new_head_takes_over_with_every_answer_and_the_old_one_holds_nothing(kaur: Store) -> None:
    await appoint(kaur, "old", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("old", 1), "26.1", "5")

    new = await appoint(kaur, "new", VILLAGE, Role.VILLAGE_HEAD)

    assert new.assignments[0].progress == "#..."
    assert await kaur.roster.posts_of(1) == ()
    assert [each.id for each in await kaur.roster.holders(new.posts[0].id)] == [new.person.id]


async def test_a_helper_holds_the_post_beside_the_head(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    helper = await accept(kaur, "helper", await invite(kaur, standing=Standing.OPERATOR))

    assert await kaur.roster.posts_of(head.person.id) == head.posts
    assert helper.posts[0].standing is Standing.OPERATOR
    assert helper.assignments == head.assignments


async def test_offices_and_the_coordinator_share_the_districts_form_and_officials_have_none(kaur: Store) -> None:
    office = await appoint(kaur, "office", KAUR, Role.OFFICE, "dinkes")
    coordinator = await appoint(kaur, "coordinator", KAUR, Role.COORDINATOR)
    official = await appoint(kaur, "official", KAUR, Role.OFFICIAL)

    assert [held.form for held in office.assignments] == ["kabupaten"]
    assert coordinator.assignments == office.assignments
    assert (office.posts[0].office, official.assignments) == ("dinkes", ())


async def test_an_ended_post_is_gone_from_the_next_turn(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)

    assert await kaur.roster.end_holding(head.person.id, head.posts[0].id, NOW + SOON)
    assert not await kaur.roster.end_holding(head.person.id, head.posts[0].id, NOW + SOON)
    async with kaur.begin_turns(NOW + SOON) as turns:
        (envelope,) = await turns.claim([text_from("head", 5, at=NOW + SOON)])
        assert turns.brief(envelope).posts == ()


async def test_whoever_took_or_lost_a_post_while_the_clock_was_ahead_has_it_or_not_when_it_is_right(
    kaur: Store,
) -> None:
    await appoint(kaur, "old", VILLAGE, Role.VILLAGE_HEAD)
    code = await invite(kaur)
    await accept(kaur, "new", code, at=NOW + timedelta(hours=3))

    async with kaur.begin_turns(NOW) as turns:
        old, new = await turns.claim([text_from("old", 1), text_from("new", 1)])
        assert turns.brief(old).posts == ()
        assert [post.role for post in turns.brief(new).posts] == [Role.VILLAGE_HEAD]


async def test_a_request_waits_for_the_coordinator_until_it_is_decided(kaur: Store) -> None:
    coordinator = await appoint(kaur, "coordinator", KAUR, Role.COORDINATOR)
    village = await kaur.roster.find_region(VILLAGE)
    assert village is not None
    wishes = [
        RequestAccess(name, Role.VILLAGE_HEAD, Standing.DEFINITIVE, village.id, "") for name in ("Siti", "Siti A.")
    ]
    for number, wish in enumerate(wishes):
        await take(kaur, text_from("siti", number), wish)

    district = await district_of(kaur)
    queue = await known(kaur, QueueNeed(district))

    assert isinstance(queue, tuple)
    (request,) = queue
    assert isinstance(request, AccessRequest)
    assert (request.name, request.region, request.at) == ("Siti A.", village, NOW)
    assert await known(kaur, RequestNeed(request.id)) == request
    assert await known(kaur, CoordinatorsNeed(district)) == (coordinator.person.id,)
    await take(kaur, text_from("coordinator", 1), DecideRequest(request.id, is_granted=True))
    assert await known(kaur, QueueNeed(district)) == ()
    assert await known(kaur, RequestNeed(request.id)) is None


async def test_an_invitation_made_in_a_chat_is_good_for_its_post(kaur: Store) -> None:
    village = await kaur.roster.find_region(VILLAGE)
    assert village is not None
    async with kaur.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from("coordinator", 1)])
        needs = [FreshCodeNeed("a"), FreshCodeNeed("b")]
        await turns.fetch(needs)
        code, other = (str(turns.brief(envelope).find(need)) for need in needs)
        issue = IssueInvitation(code, Role.VILLAGE_HEAD, Standing.OPERATOR, village.id, "", "Budi")
        turns.apply(envelope, Step(turns.session(envelope), (issue,)))
        assert needs[0] not in turns.brief(envelope).known
        await turns.commit()

    found = await known(kaur, InvitationNeed(code))

    assert code != other
    assert isinstance(found, Invitation)
    assert (found.name, found.standing, found.is_usable) == ("Budi", Standing.OPERATOR, True)


async def test_a_forgotten_person_leaves_answers_and_becomes_a_stranger(kaur: Store) -> None:
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await give_answer(kaur, text_from("head", 1), "26.1", "5")

    await take(kaur, text_from("head", 2), ForgetPerson(), Say(Message("Sudah dihapus")))

    async with kaur.begin_turns(NOW + SOON) as turns:
        (envelope,) = await turns.claim([text_from("head", 3, at=NOW + SOON)])
        brief = turns.brief(envelope)
    assert (brief.person.name, brief.person.consented_at, brief.posts, brief.assignments) == ("", None, (), ())
    assert brief.person.id != 1
    forgotten = await known(kaur, PersonNeed(1))
    assert isinstance(forgotten, Person)
    assert (forgotten.name, forgotten.honorific) == ("", "")
    new = await appoint(kaur, "new", VILLAGE, Role.VILLAGE_HEAD)
    assert new.assignments[0].progress == "#..."


async def test_what_a_forgotten_person_says_in_the_same_batch_is_a_strangers(kaur: Store) -> None:
    await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    code = await invite(kaur, "17.04.01", Role.SUBDISTRICT_HEAD)
    village = await kaur.roster.find_region(VILLAGE)
    assert village is not None
    wish = RequestAccess("Siti", Role.VILLAGE_HEAD, Standing.DEFINITIVE, village.id, "")

    async with kaur.begin_turns(NOW + SOON) as turns:
        batch = [text_from("head", number, at=NOW + SOON) for number in (1, 2, 3)]
        one, two, three = await turns.claim(batch)
        turns.apply(one, Step(Session(), (ForgetPerson(),)))
        turns.apply(two, Step(Session(place=Home()), (wish,)))
        await turns.fetch([InvitationNeed(code), InvitedToNeed(code)])
        stranger = await accept_in(turns, three, code)
        await turns.commit()

    (request,) = await _queue(kaur)
    assert stranger.person.id == request.person != 1
    assert [held.form for held in stranger.assignments] == ["kelana"]
    assert [post.role for post in await kaur.roster.posts_of(request.person)] == [Role.SUBDISTRICT_HEAD]
    assert await kaur.roster.posts_of(1) == ()


async def _queue(store: Store) -> tuple[AccessRequest, ...]:
    queue = await known(store, QueueNeed(await district_of(store)), at=NOW + SOON)
    assert isinstance(queue, tuple)
    return queue


async def test_nothing_about_a_forgotten_person_is_left_but_numbers(kaur: Store) -> None:
    head = await appoint(kaur, "head", VILLAGE, Role.VILLAGE_HEAD)
    await take(kaur, text_from("other", 1), Tell(head.person.id, Message("Ingat, Pak Ahmad"), "x"))

    await kaur.roster.forget(head.person.id, NOW + SOON)

    async with kaur._database.reading("Looking for what is left") as connection:
        kept = (await connection.execute(select(person).where(person.c.id == head.person.id))).one()
        assert (kept.name, kept.honorific, kept.consented_at) == ("", "", None)
        for table in (session, address):
            assert (await connection.execute(select(table).where(table.c.person_id == head.person.id))).all() == []
        until = await connection.scalar(select(holding.c.until).where(holding.c.person_id == head.person.id))
        assert until == int((NOW + SOON).timestamp() * 1000)
        assert await connection.scalar(text("SELECT count(*) FROM outbox WHERE body LIKE '%Ahmad%'")) == 0
    with pytest.raises(StorageError, match="none"):
        await kaur.roster.forget(4711, NOW)


async def test_a_closed_chat_is_not_told_anything_until_its_owner_writes_again(store: Store) -> None:
    await take(store, text_from("a", 1), session=Session(place=Home()))
    await store.roster.mark_blocked(phone("a"), NOW)

    closed = await take(store, text_from("b", 1), Tell(1, Message("Kabar"), "one"))
    await take(store, text_from("a", 2))
    opened = await take(store, text_from("b", 2), Tell(1, Message("Kabar"), "two"))

    assert (closed.outbox, opened.outbox) == (0, 1)


async def test_a_person_on_two_phones_goes_on_where_they_were_and_is_told_where_they_wrote_last(store: Store) -> None:
    await take(store, text_from("one", 1), session=Session(place=Home(), misses=2))
    await take(store, text_from("two", 1), session=Session())
    async with store._database.writing("Giving both phones to one person") as connection:
        await connection.execute(update(address).values(person_id=1))
        await connection.commit()

    async with store.begin_turns(NOW) as turns:
        (envelope,) = await turns.claim([text_from("two", 2)])
        session_on_two = turns.session(envelope)
        turns.apply(envelope, Step(session_on_two, ()))
        await turns.commit()
    await take(store, text_from("other", 1), Tell(1, Message("Kabar"), "news"))

    assert session_on_two.misses == 2
    (row,) = await store.outbox.claim(NOW, sender=SENDER, room=MUCH_ROOM)
    assert row.address == phone("two")


async def test_a_request_that_was_made_before_being_forgotten_in_the_same_batch_is_gone(kaur: Store) -> None:
    village = await kaur.roster.find_region(VILLAGE)
    assert village is not None
    wish = RequestAccess("Siti", Role.VILLAGE_HEAD, Standing.DEFINITIVE, village.id, "")

    async with kaur.begin_turns(NOW) as turns:
        one, two = await turns.claim([text_from("a", 1), text_from("a", 2)])
        turns.apply(one, Step(Session(), (wish,)))
        turns.apply(two, Step(Session(), (ForgetPerson(),)))
        await turns.commit()

    assert await _queue(kaur) == ()


async def test_who_holds_posts_in_a_place_is_named_with_them(kaur: Store) -> None:
    head, coordinator = (
        await appoint(kaur, "a", VILLAGE, Role.VILLAGE_HEAD),
        await appoint(kaur, "b", KAUR, Role.COORDINATOR),
    )
    village, district = head.posts[0].region.id, coordinator.posts[0].region.id

    there = await known(kaur, HoldersNeed((village,)))
    both = await known(kaur, HoldersNeed((village, district)))
    nobody = await known(kaur, HoldersNeed(()))

    assert there == (Holder(head.person, head.posts[0]),)
    assert both == (Holder(coordinator.person, coordinator.posts[0]), Holder(head.person, head.posts[0]))
    assert nobody == ()

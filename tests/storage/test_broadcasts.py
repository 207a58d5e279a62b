"""Broadcasts in the database: whom one would reach, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from conversations.actions import ChangeBroadcast, LaunchBroadcast, PreferChannel
from conversations.audiences import Audience, BroadcastDraft
from conversations.brief import Brief
from conversations.broadcasts import (
    AudiencePreview,
    Broadcast,
    BroadcastChange,
    BroadcastState,
    Carried,
    LeftOut,
)
from conversations.form_states import FormState, form_state
from conversations.needs import AudienceNeed, BroadcastNeed, BroadcastsNeed
from conversations.people import Role
from conversations.session import Home, Session
from storage.channel_terms import ChannelTerms
from storage.errors import StorageError
from storage.form_states import state_of
from storage.moments import as_ms
from storage.outbox_states import Priority
from storage.store import Store
from storage.tables import address, assignment, outbox
from storage.turns import Committed
from tests.storage.forms import DEKELA, NOW
from tests.storage.people import KAUR, OTHER_VILLAGE, VILLAGE, appoint, give_answer, known, take, text_from

FAR_VILLAGE = "17.04.02.2002"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TEXT = "Yth. {nama} di {desa}: kurang {kurang}."


class Kaur:
    """A coordinator, and some who can be reached."""

    def __init__(self, store: Store, siti: Brief, people: Sequence[Brief]) -> None:
        self.store = store
        self.author = siti.person.id
        self.region = siti.posts[0].region.id
        self.people = [each.person.id for each in people]
        self.turns = 0

    def draft(self, **audience: Any) -> BroadcastDraft:
        return BroadcastDraft(Audience(self.region, **audience), TEXT)

    async def preview(self, **audience: Any) -> AudiencePreview:
        found = await known(self.store, AudienceNeed(self.draft(**audience), self.author))
        assert isinstance(found, AudiencePreview)
        return found

    async def do(self, action: LaunchBroadcast | ChangeBroadcast, *, after: timedelta = timedelta(0)) -> Committed:
        self.turns += 1
        at = NOW + after
        return await take(
            self.store, text_from("siti", self.turns, at=at), action, session=Session(place=Home()), at=at
        )

    async def broadcast(self, number: int = 1) -> Broadcast | None:
        found = await known(self.store, BroadcastNeed(number))
        assert found is None or isinstance(found, Broadcast)
        return found


async def written(store: Store, statement: Any) -> None:
    async with store._database.writing("Changing rows") as connection:
        await connection.execute(statement)
        await connection.commit()


@pytest.fixture
async def here(kaur: Store) -> Kaur:
    siti = await appoint(kaur, "siti", KAUR, Role.COORDINATOR)
    heads = [
        await appoint(kaur, name, region, Role.VILLAGE_HEAD)
        for name, region in (("ahmad", VILLAGE), ("budi", OTHER_VILLAGE), ("citra", FAR_VILLAGE))
    ]
    camat = await appoint(kaur, "dewi", "17.04.01", Role.SUBDISTRICT_HEAD)
    return Kaur(kaur, siti, [*heads, camat])


async def test_a_preview_counts_those_who_are_reached_and_the_posts_that_nobody_holds(here: Kaur) -> None:
    preview = await here.preview(roles=(Role.VILLAGE_HEAD,))

    assert (preview.people, preview.left_out) == (3, {LeftOut.VACANT: 192})
    assert preview.carried == (Carried("telegram", "Telegram", 3, 0, 0),)


async def test_the_author_gets_no_copy(here: Kaur) -> None:
    assert (await here.preview()).people == 4
    assert (await here.preview(roles=(Role.COORDINATOR,))).people == 0


async def test_an_audience_is_narrowed_by_kecamatan_and_by_hand(here: Kaur) -> None:
    maje = await here.store.roster.find_region("17.04.01")
    assert maje

    nearby = await here.preview(subdistricts=(maje.id,))
    picked = await here.preview(people=tuple(here.people[:1]))

    assert (nearby.people, picked.people, picked.left_out) == (3, 1, {})


async def test_an_audience_is_narrowed_by_how_far_a_form_is(here: Kaur) -> None:
    await give_answer(here.store, text_from("ahmad", 1), "26.1", "ya")

    begun = await here.preview(form=DEKELA.key, states=(FormState.IN_PROGRESS,))
    idle = await here.preview(form=DEKELA.key, states=(FormState.NOT_STARTED,))
    any_form = await here.preview(states=(FormState.NOT_STARTED,))

    assert (begun.people, idle.people, any_form.people) == (1, 2, 3)
    assert (begun.left_out, idle.left_out[LeftOut.VACANT]) == ({}, 192)


async def test_sql_says_how_far_a_form_is_as_the_conversation_does(kaur: Store) -> None:
    cases = [
        (marks, is_sent)
        for marks in ("....", "..-.", "--", "##", "#-#", "x#", "s.", "~#", "!#", "")
        for is_sent in (False, True)
    ]
    async with kaur._database.writing("Trying every state") as connection:
        numbers = (await connection.scalars(select(assignment.c.id).limit(len(cases)))).all()
        for number, (progress, is_sent) in zip(numbers, cases, strict=True):
            values = {"progress": progress, "sent_at": 1 if is_sent else None}
            await connection.execute(update(assignment).where(assignment.c.id == number).values(values))

        found = await connection.execute(
            select(assignment.c.id, state_of().label("state")).where(assignment.c.id.in_(numbers))
        )
        states = {row.id: row.state for row in found}

    said = [form_state(progress, is_sent=is_sent) for progress, is_sent in cases]
    assert [states[number] for number in numbers] == said


async def test_those_who_cannot_be_reached_are_left_out_with_the_reason(here: Kaur) -> None:
    for name, value in (("ahmad", {"blocked_at": 1}), ("budi", {"opted_out_at": 1})):
        await written(here.store, update(address).where(address.c.user == name).values(value))

    preview = await here.preview(roles=(Role.VILLAGE_HEAD,))

    assert preview.people == 1
    assert preview.left_out == {LeftOut.VACANT: 192, LeftOut.BLOCKED: 1, LeftOut.OPTED_OUT: 1}


async def on_whatsapp(here: Kaur, heard_at: dict[int, int | None]) -> None:
    rows = [
        {"channel": "whatsapp", "account": "5", "user": f"62{person}", "person_id": person, "heard_at": heard}
        for person, heard in heard_at.items()
    ]
    await written(here.store, insert(address).values(rows))
    for name in ("ahmad", "budi"):
        await take(here.store, text_from(name, 7), PreferChannel("whatsapp"), session=Session(place=Home()))


async def test_what_is_paid_on_whatsapp_is_counted_and_priced(here: Kaur) -> None:
    await on_whatsapp(here, {here.people[0]: as_ms(NOW), here.people[1]: as_ms(NOW - DAY)})
    here.store.know_channels({"whatsapp": ChannelTerms(template_rupiah=Fraction(1357, 2))})

    preview = await here.preview(roles=(Role.VILLAGE_HEAD,))

    assert preview.carried == (Carried("telegram", "Telegram", 1, 0, 0), Carried("whatsapp", "WhatsApp", 2, 1, 679))


async def test_an_audience_of_one_channel_leaves_the_others_out(here: Kaur) -> None:
    await on_whatsapp(here, {here.people[0]: as_ms(NOW), here.people[1]: None})

    preview = await here.preview(roles=(Role.VILLAGE_HEAD,), channel="telegram")

    assert (preview.people, preview.left_out[LeftOut.ELSEWHERE]) == (1, 2)
    assert preview.carried == (Carried("telegram", "Telegram", 1, 0, 0),)


async def test_a_price_that_is_not_known_is_not_told(here: Kaur) -> None:
    await on_whatsapp(here, {here.people[0]: None})

    assert Carried("whatsapp", "WhatsApp", 1, 1, None) in (await here.preview()).carried


async def test_samples_are_written_as_their_readers_will_see_them(here: Kaur) -> None:
    await give_answer(here.store, text_from("budi", 1), "26.1", "ya")

    samples = (await here.preview(roles=(Role.VILLAGE_HEAD,), form=DEKELA.key)).samples

    assert [each.channel_name for each in samples] == ["Telegram"] * 3
    assert all(each.post.startswith("Kepala Desa ") for each in samples)
    assert "Yth. Bapak Ahmad di Desa " in samples[0].message.text


async def test_the_end_is_reckoned_from_the_start_at_the_channels_rate(here: Kaur) -> None:
    here.store.know_channels({"telegram": ChannelTerms(unhurried_a_second=2)})

    soon = await here.preview()

    assert soon.finishes_at == NOW + MINUTE + timedelta(seconds=2)


async def test_a_broadcast_is_launched_with_time_to_undo_it_and_shown_where_it_was_confirmed(here: Kaur) -> None:
    committed = await here.do(LaunchBroadcast(here.draft()))

    kept = await here.broadcast()
    assert kept
    assert (kept.state, kept.starts_at, kept.author) == (BroadcastState.SCHEDULED, NOW + MINUTE, here.author)
    assert (committed.outbox, committed.via) == (1, frozenset({"telegram:1"}))
    async with here.store._database.reading("Looking") as connection:
        rows = (await connection.execute(select(outbox).where(outbox.c.body.contains("n8:undo:1")))).all()
    assert [row.priority for row in rows] == [Priority.REPLY]


async def test_a_broadcast_may_be_for_another_time(here: Kaur) -> None:
    later = NOW + DAY
    draft = BroadcastDraft(Audience(here.region), TEXT, starts_at=int(later.timestamp()))

    await here.do(LaunchBroadcast(draft))

    kept = await here.broadcast()
    assert kept
    assert kept.starts_at == later


async def test_nobody_sends_broadcasts_into_regions_that_are_not_theirs(here: Kaur) -> None:
    with pytest.raises(StorageError, match="region of the person's own"):
        await here.do(LaunchBroadcast(BroadcastDraft(Audience(here.region + 1), TEXT)))


async def test_a_broadcast_can_be_undone_until_it_starts(here: Kaur) -> None:
    await here.do(LaunchBroadcast(here.draft()))
    await here.do(LaunchBroadcast(here.draft()))

    await here.do(ChangeBroadcast(1, BroadcastChange.UNDO), after=timedelta(seconds=59))
    await here.do(ChangeBroadcast(2, BroadcastChange.UNDO), after=MINUTE)

    listed = await known(here.store, BroadcastsNeed(here.region))
    assert isinstance(listed, tuple)
    assert [(each.id, each.state) for each in listed] == [(2, BroadcastState.SCHEDULED), (1, BroadcastState.CANCELLED)]


async def test_a_change_that_comes_too_late_changes_nothing(here: Kaur) -> None:
    await here.do(LaunchBroadcast(here.draft()))
    await here.do(ChangeBroadcast(1, BroadcastChange.CANCEL))

    for change in BroadcastChange:
        await here.do(ChangeBroadcast(1, change))

    kept = await here.broadcast()
    assert kept
    assert kept.state is BroadcastState.CANCELLED
    assert await here.broadcast(2) is None

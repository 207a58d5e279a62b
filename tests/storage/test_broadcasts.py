"""Broadcasts in the database: whom one would reach, and what becomes of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from conversations.actions import ChangeBroadcast, LaunchBroadcast, PreferChannel, SendRecord
from conversations.audiences import Audience, BroadcastDraft
from conversations.broadcasts import (
    AudiencePreview,
    Broadcast,
    BroadcastChange,
    BroadcastState,
    Carried,
    Failure,
    Fate,
    LeftOut,
)
from conversations.events import StoredFile
from conversations.form_states import FormState, form_state
from conversations.needs import AudienceNeed, BroadcastNeed, BroadcastsNeed, ReceivedBroadcastNeed
from conversations.people import Role
from conversations.session import Home, Session
from storage.backups.restoring import doubt_broadcasts
from storage.channel_terms import ChannelTerms
from storage.errors import StorageError
from storage.form_states import state_of
from storage.moments import as_ms
from storage.outbox import Failed, Outcome, Room, Sent, Uncertain, UntilHeard
from storage.outbox_states import OutboxState, Priority
from storage.planning import broadcasts as planning
from storage.store import Store
from storage.tables import address, assignment, outbox, recipient
from storage.turns import Committed
from storage.unasked import put
from tests.databases import Databases, Template
from tests.storage.conftest import open_store
from tests.storage.forms import DEKELA, DUE, NOW
from tests.storage.people import (
    KAUR,
    MUCH_ROOM,
    OTHER_VILLAGE,
    SENDER,
    VILLAGE,
    appoint,
    give_answer,
    known,
    take,
    text_from,
)

FAR_VILLAGE = "17.04.02.2002"
PEOPLE = (
    ("siti", KAUR, Role.COORDINATOR),
    ("ahmad", VILLAGE, Role.VILLAGE_HEAD),
    ("budi", OTHER_VILLAGE, Role.VILLAGE_HEAD),
    ("citra", FAR_VILLAGE, Role.VILLAGE_HEAD),
    ("dewi", "17.04.01", Role.SUBDISTRICT_HEAD),
)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TEXT = "Yth. {nama} di {desa}: kurang {kurang}."


class Kaur:
    """A coordinator, and some who can be reached."""

    def __init__(self, store: Store, url: str, region: int) -> None:
        self.store = store
        self.url = url
        self.region = region
        self.author, *self.people = range(1, 6)
        """In the order in which they registered: three villages, then the camat."""
        self.turns = 0

    def draft(self, **audience: Any) -> BroadcastDraft:
        return BroadcastDraft(Audience(self.region, **audience), TEXT)

    async def preview(self, **audience: Any) -> AudiencePreview:
        found = await known(self.store, AudienceNeed(self.draft(**audience), self.author))
        assert isinstance(found, AudiencePreview)
        return found

    async def do(
        self, action: LaunchBroadcast | ChangeBroadcast | SendRecord, *, after: timedelta = timedelta(0)
    ) -> Committed:
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


async def add_people(url: str) -> None:
    store = open_store(url)
    await store.roster.add_district(KAUR, 2026, DUE, at=NOW)
    for name, region, role in PEOPLE:
        await appoint(store, name, region, role)
    await store.close()


WITH_PEOPLE = Template("kaur with people", add_people)


@pytest.fixture
async def here(databases: Databases) -> AsyncIterator[Kaur]:
    url = databases.new(WITH_PEOPLE)
    store = open_store(url)
    region = await store.roster.find_region(KAUR)
    assert region
    yield Kaur(store, url, region.id)
    await store.close()
    databases.drop(url)


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
    prices = ChannelTerms(template_rupiah=Fraction(1357, 2), notice_rupiah=Fraction(330))
    here.store.know_channels({"whatsapp": prices})

    preview = await here.preview(roles=(Role.VILLAGE_HEAD,))

    assert preview.carried == (Carried("telegram", "Telegram", 1, 0, 0), Carried("whatsapp", "WhatsApp", 2, 1, 679))


async def test_what_does_not_fit_into_the_template_is_announced_by_a_notice(here: Kaur) -> None:
    await on_whatsapp(here, {here.people[0]: as_ms(NOW), here.people[1]: as_ms(NOW - DAY)})
    here.store.know_channels({"whatsapp": ChannelTerms(template_rupiah=Fraction(700), notice_rupiah=Fraction(330))})
    long = msgspec.structs.replace(here.draft(), text="a" * 651)

    found = await known(here.store, AudienceNeed(long, here.author))

    assert isinstance(found, AudiencePreview)
    assert Carried("whatsapp", "WhatsApp", 2, 1, 330, held=1) in found.carried


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


async def test_what_does_not_fit_into_a_days_hours_ends_on_the_next(here: Kaur) -> None:
    here.store.know_channels({"telegram": ChannelTerms(unhurried_a_second=1)})
    nearly_four = datetime(2026, 3, 12, 9, 59, 58, tzinfo=UTC)
    draft = msgspec.structs.replace(here.draft(), starts_at=int(nearly_four.timestamp()))

    found = await known(here.store, AudienceNeed(draft, here.author))

    assert isinstance(found, AudiencePreview)
    assert found.finishes_at == datetime(2026, 3, 13, 1, 0, 2, tzinfo=UTC)


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


class Delivery:
    """Sends what the outbox hands out, as the worker does."""

    def __init__(self, here: Kaur) -> None:
        self.here = here
        self.sent: list[tuple[int, str]] = []
        """Addresses and texts."""

    async def deliver(self, at: datetime, *, most: int = 50) -> list[str]:
        """Send what is due; give the texts."""
        store, texts = self.here.store, []
        while rows := await store.outbox.claim(at, sender=SENDER, room=Room(most, most)):
            ready = await store.outbox.judge(rows, at, sender=SENDER)
            await store.outbox.record([Sent(row.id, f"m{row.id}") for row in ready], at, sender=SENDER)
            self.sent += [(row.address_id, row.message.text) for row in ready]
            texts += [row.message.text for row in ready]
            if most < 50:
                break
        return texts

    def copies(self) -> list[tuple[int, str]]:
        """Give what was said in the author's name."""
        return [(chat, text) for chat, text in self.sent if "Pesan dari" in text]


START = NOW + MINUTE
"""When a broadcast that was confirmed now goes out."""


async def test_everybody_who_is_meant_gets_one_copy_in_their_own_words(here: Kaur) -> None:
    delivery = Delivery(here)
    await give_answer(here.store, text_from("budi", 1), "26.1", "ya")
    await here.do(LaunchBroadcast(here.draft(roles=(Role.VILLAGE_HEAD,), form=DEKELA.key)))

    await here.store.broadcasts.tend(NOW)
    early = await delivery.deliver(NOW)
    vias = await here.store.broadcasts.tend(START)
    await delivery.deliver(START)
    await here.store.broadcasts.tend(START)

    assert [text for text in early if "Pesan dari" in text] == []
    assert vias == frozenset()
    assert sorted(text.partition("\n\n")[2] for _, text in delivery.copies()) == [
        "Yth. Bapak Ahmad di Desa Gedung Wani: kurang 4 jawaban.",
        "Yth. Bapak Ahmad di Desa Penandingan: kurang 3 jawaban.",
        "Yth. Bapak Ahmad di Desa Tinggi Ari: kurang 4 jawaban.",
    ]
    kept = await here.broadcast()
    assert kept
    assert (kept.state, kept.people, kept.sent, kept.ended_at) == (BroadcastState.FINISHED, 3, 3, START)


async def test_the_authors_message_tells_by_itself_how_far_it_is(here: Kaur) -> None:
    here.store.know_channels({"telegram": ChannelTerms(can_edit=True)})
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft()))
    await delivery.deliver(NOW)

    await here.store.broadcasts.tend(START)
    await delivery.deliver(START, most=3)
    vias = await here.store.broadcasts.tend(START)
    rows = await here.store.outbox.claim(START, sender=SENDER, room=Room(1, 0))
    await here.store.outbox.record([Sent(row.id, "") for row in rows], START, sender=SENDER)
    await delivery.deliver(START)
    await here.store.broadcasts.tend(START)
    [last] = await here.store.outbox.claim(START, sender=SENDER, room=Room(1, 0))

    assert vias == {"telegram:1"}
    assert [(row.edits, "2 dari 4" in row.message.text) for row in rows] == [("m1", True)]
    assert (last.edits, "Terkirim ke 4 dari 4" in last.message.text) == ("m1", True)
    assert await here.store.broadcasts.tend(START) == frozenset()


async def test_where_nothing_can_be_edited_the_end_is_a_message_of_its_own(here: Kaur) -> None:
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft()))
    await delivery.deliver(NOW)
    await here.store.broadcasts.tend(START)
    await delivery.deliver(START)

    await here.store.broadcasts.tend(START)

    [told] = await delivery.deliver(START)
    assert "✅ Selesai. Terkirim ke 4 dari 4 orang." in told


async def test_who_cannot_be_reached_is_listed_with_the_reason(here: Kaur) -> None:
    for name, value in (("ahmad", {"blocked_at": 1}), ("budi", {"opted_out_at": 1})):
        await written(here.store, update(address).where(address.c.user == name).values(value))
    await here.do(LaunchBroadcast(here.draft(roles=(Role.VILLAGE_HEAD,))))

    await here.store.broadcasts.tend(START)

    kept = await here.broadcast()
    assert kept
    assert (kept.people, kept.left_out) == (1, {LeftOut.BLOCKED: 1, LeftOut.OPTED_OUT: 1})


async def test_nobody_is_listed_whom_a_channel_does_not_reach(here: Kaur) -> None:
    await on_whatsapp(here, {here.people[0]: as_ms(NOW)})
    await here.do(LaunchBroadcast(here.draft(roles=(Role.VILLAGE_HEAD,), channel="whatsapp")))

    await here.store.broadcasts.tend(START)

    kept = await here.broadcast()
    assert kept
    assert (kept.people, kept.left_out) == (1, {})


async def test_who_is_not_meant_any_more_when_their_turn_comes_gets_no_copy(here: Kaur) -> None:
    delivery = Delivery(here)
    audience = {"form": DEKELA.key, "states": (FormState.NOT_STARTED,)}
    await here.do(LaunchBroadcast(here.draft(**audience)))
    await here.store.broadcasts.tend(START)
    await give_answer(here.store, text_from("budi", 1), "26.1", "ya")

    await delivery.deliver(START)

    kept = await here.broadcast()
    assert kept
    assert (kept.sent, kept.dropped) == (2, 1)


async def test_a_paused_broadcast_waits_and_goes_on(here: Kaur) -> None:
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft()))
    await here.store.broadcasts.tend(START)
    await delivery.deliver(START, most=3)
    before = len(delivery.copies())

    await here.do(ChangeBroadcast(1, BroadcastChange.PAUSE), after=MINUTE)
    await delivery.deliver(START)
    await here.store.broadcasts.tend(START)
    while_paused = len(delivery.copies())
    committed = await here.do(ChangeBroadcast(1, BroadcastChange.RESUME), after=MINUTE)
    await delivery.deliver(START)
    await here.store.broadcasts.tend(START)

    kept = await here.broadcast()
    assert kept
    assert (before, while_paused, len(delivery.copies())) == (2, 2, 4)
    assert (kept.state, kept.sent) == (BroadcastState.FINISHED, 4)
    assert "telegram:1" in committed.via


async def test_a_cancelled_broadcast_ends_where_it_is(here: Kaur) -> None:
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft()))
    await here.store.broadcasts.tend(START)
    await delivery.deliver(START, most=3)
    under_way = await here.store.outbox.claim(START, sender=SENDER, room=Room(1, 1))

    await here.do(ChangeBroadcast(1, BroadcastChange.CANCEL), after=MINUTE)
    await here.store.broadcasts.tend(START)
    still = await here.broadcast()
    assert await here.store.outbox.judge(under_way, START, sender=SENDER) == []
    await here.store.broadcasts.tend(START)

    kept = await here.broadcast()
    assert still
    assert kept
    assert (still.waiting, still.ended_at, still.dropped) == (1, None, 1)
    assert (kept.state, kept.sent, kept.dropped, kept.ended_at) == (BroadcastState.CANCELLED, 2, 2, START)


async def test_an_undone_broadcast_reaches_nobody(here: Kaur) -> None:
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft()))
    await here.do(ChangeBroadcast(1, BroadcastChange.UNDO))

    await here.store.broadcasts.tend(START)
    await delivery.deliver(START)

    kept = await here.broadcast()
    assert kept
    assert (kept.people, kept.ended_at, delivery.copies()) == (0, START, [])


async def test_outside_of_hours_it_waits_and_says_until_when(here: Kaur) -> None:
    evening = datetime(2026, 3, 12, 13, 30, tzinfo=UTC)
    morning = datetime(2026, 3, 13, 1, tzinfo=UTC)
    delivery = Delivery(here)
    draft = msgspec.structs.replace(here.draft(), starts_at=int(evening.timestamp()))
    await here.do(LaunchBroadcast(draft))

    await here.store.broadcasts.tend(evening)
    await delivery.deliver(evening)

    kept = await here.broadcast()
    assert kept
    assert (delivery.copies(), kept.next_at) == ([], morning)
    await delivery.deliver(morning)
    assert len(delivery.copies()) == 4


async def test_it_is_sent_again_to_those_whom_it_did_not_reach_and_to_nobody_else(here: Kaur) -> None:
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft(roles=(Role.VILLAGE_HEAD,))))
    await here.store.broadcasts.tend(START)
    await delivery.deliver(START, most=2)
    [lost, *_] = rows = await here.store.outbox.claim(START, sender=SENDER, room=MUCH_ROOM)
    await here.store.outbox.record([Failed(row.id, "no") for row in rows], START, sender=SENDER)
    await here.do(ChangeBroadcast(1, BroadcastChange.RETRY_FAILED), after=MINUTE)
    assert await here.broadcast(2) is None
    await here.store.broadcasts.tend(START)
    first = await here.broadcast()

    await here.do(ChangeBroadcast(1, BroadcastChange.RETRY_FAILED), after=MINUTE)
    await here.store.broadcasts.tend(START + MINUTE)
    await delivery.deliver(START + DAY)
    await here.store.broadcasts.tend(START + DAY)

    second = await here.broadcast(2)
    assert first
    assert second
    assert (first.failed, len(rows)) == ({Failure.CHANNEL: 2}, 2)
    assert (second.people, second.sent) == (2, 2)
    assert len(delivery.copies()) == len(set(delivery.copies())) == 3
    assert lost.address_id in {chat for chat, _ in delivery.copies()}


@pytest.mark.parametrize(
    ("change", "failure"), [({"reason": "too late"}, Failure.LATE), ({"reason": "opted out"}, Failure.GONE)]
)
async def test_failures_are_told_apart(here: Kaur, change: dict[str, str], failure: Failure) -> None:
    await here.do(LaunchBroadcast(here.draft()))
    await here.store.broadcasts.tend(START)

    values = change | {"state": int(OutboxState.FAILED)}
    await written(here.store, update(outbox).where(outbox.c.priority == Priority.BULK).values(values))

    kept = await here.broadcast()
    assert kept
    assert kept.failed == {failure: 4}


async def test_what_was_sent_to_somebody_is_found_by_its_message_or_as_the_last(here: Kaur) -> None:
    delivery = Delivery(here)
    for start in (START, START + DAY):
        await here.do(LaunchBroadcast(here.draft(roles=(Role.SUBDISTRICT_HEAD,))), after=start - START)
        await here.store.broadcasts.tend(start)
        await delivery.deliver(start)
    camat = here.people[-1]
    async with here.store._database.reading("Looking") as connection:
        copies = select(outbox.c.message_id).where(outbox.c.priority == Priority.BULK).order_by(outbox.c.id)
        first, _ = (await connection.scalars(copies)).all()

    found = [
        await known(here.store, ReceivedBroadcastNeed(camat, message=first)),
        await known(here.store, ReceivedBroadcastNeed(camat)),
        await known(here.store, ReceivedBroadcastNeed(camat, broadcast=1)),
        await known(here.store, ReceivedBroadcastNeed(here.people[0], message=first)),
    ]

    assert [each and each.id for each in found] == [1, 2, 1, None]  # type: ignore[attr-defined]


async def test_a_record_names_everybody_with_what_became_of_their_copy(here: Kaur) -> None:
    await written(here.store, update(address).where(address.c.user == "ahmad").values(blocked_at=1))
    await here.do(LaunchBroadcast(here.draft()))
    await here.store.broadcasts.tend(START)
    rows = await here.store.outbox.claim(START, sender=SENDER, room=MUCH_ROOM)
    sent, failed, unsure = [row for row in rows if row.purpose]
    outcomes: list[Outcome] = [Sent(sent.id, "m"), Failed(failed.id, "no"), Uncertain(unsure.id)]
    await here.store.outbox.record(outcomes, START, sender=SENDER)
    await written(here.store, update(outbox).where(outbox.c.id == sent.id).values(delivered_at=as_ms(START)))
    committed = await here.do(SendRecord(1))
    [job] = await here.store.jobs.claim(NOW, limit=5, lease=MINUTE)

    record = await here.store.broadcast_records.read(1, address=job.address_id)

    assert (committed.jobs, job.action, record.language, record.region_code) == (1, SendRecord(1), "id", KAUR)
    assert [(each.post.region.code, each.fate, each.why) for each in record.recipients] == [
        ("17.04.01", Fate.UNCERTAIN, None),
        (VILLAGE, Fate.LEFT_OUT, LeftOut.BLOCKED),
        (OTHER_VILLAGE, Fate.DELIVERED, None),
        (FAR_VILLAGE, Fate.FAILED, Failure.CHANNEL),
    ]
    assert [each.channel_name for each in record.recipients] == ["Telegram", "", "Telegram", "Telegram"]


async def test_a_record_that_is_not_there_says_so(here: Kaur) -> None:
    with pytest.raises(StorageError, match="number of a broadcast"):
        await here.store.broadcast_records.read(1, address=1)


async def test_the_picture_of_a_broadcast_is_kept(here: Kaur) -> None:
    picture = StoredFile("ab" * 32, "undangan.jpg", "photo", 5_000)
    await here.do(LaunchBroadcast(msgspec.structs.replace(here.draft(), file=picture)))

    assert picture.sha256 in await here.store.housekeeping.evidence_in_use()


class KilledError(Exception):
    """The program is no more."""


def killed_at(chosen: int, monkeypatch: pytest.MonkeyPatch, *, is_late: bool) -> None:
    """End the program at the listing of this chunk, before or after its messages are written."""
    count = itertools.count(1)

    async def put_or_die(*given: Any) -> dict[str, int]:
        number = next(count)
        if number == chosen and not is_late:
            raise KilledError
        found = await put(*given)
        if number == chosen:
            raise KilledError
        return found

    monkeypatch.setattr(planning, "put", put_or_die)


async def everybody_once(here: Kaur) -> None:
    """Check that each of the four is listed once, with one message of their own."""
    async with here.store._database.reading("Looking") as connection:
        listed = (await connection.execute(select(recipient).order_by(recipient.c.person_id))).all()
        copies = select(outbox.c.id, outbox.c.dedupe).where(outbox.c.priority == Priority.BULK)
        messages = {row.id: row.dedupe for row in await connection.execute(copies)}
    assert [row.person_id for row in listed] == here.people
    assert {row.outbox_id: f"broadcast:1:{row.person_id}" for row in listed} == messages


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_program_that_is_killed_while_it_lists_people_leaves_none_out_and_none_twice(
    here: Kaur, monkeypatch: pytest.MonkeyPatch, *, is_late: bool
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 1)
    await here.do(LaunchBroadcast(here.draft()))

    for chunk in range(1, 6):
        killed_at(chunk, monkeypatch, is_late=is_late)
        with suppress(KilledError):
            await here.store.broadcasts.tend(START)
    await here.store.broadcasts.tend(START)

    await everybody_once(here)


async def test_two_processes_that_look_after_a_broadcast_at_once_list_everybody_once(
    here: Kaur, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 1)
    await here.do(LaunchBroadcast(here.draft()))
    others = [open_store(here.url) for _ in range(2)]

    async with asyncio.TaskGroup() as tasks:
        for store in (here.store, *others):
            tasks.create_task(store.broadcasts.tend(START))

    for store in others:
        await store.close()
    await everybody_once(here)


async def test_a_broadcast_is_paused_and_cancelled_while_people_are_listed(
    here: Kaur, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 1)
    await here.do(LaunchBroadcast(here.draft()))
    killed_at(3, monkeypatch, is_late=False)
    with suppress(KilledError):
        await here.store.broadcasts.tend(START)

    await here.do(ChangeBroadcast(1, BroadcastChange.PAUSE), after=MINUTE)
    await here.store.broadcasts.tend(START)
    paused = await here.broadcast()
    await here.do(ChangeBroadcast(1, BroadcastChange.CANCEL), after=MINUTE)
    await here.store.broadcasts.tend(START)

    kept = await here.broadcast()
    assert paused
    assert kept
    assert (paused.people, paused.ended_at) == (2, None)
    assert (kept.people, kept.dropped, kept.ended_at) == (2, 2, START)


async def test_a_broadcast_ends_while_some_copies_wait_until_their_readers_write(here: Kaur) -> None:
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft()))
    await here.store.broadcasts.tend(START)
    rows = await here.store.outbox.claim(START, sender=SENDER, room=MUCH_ROOM)
    held, *others = [row for row in rows if row.purpose]
    outcomes: list[Outcome] = [UntilHeard(held.id, "no template"), *(Sent(row.id, "m") for row in others)]
    await here.store.outbox.record(outcomes, START, sender=SENDER)
    await here.store.broadcasts.tend(START)
    ended = await here.broadcast()

    await written(here.store, update(outbox).where(outbox.c.id == held.id).values(not_before=0))
    await delivery.deliver(START)

    kept = await here.broadcast()
    assert ended
    assert kept
    assert (ended.state, ended.waiting, ended.held, ended.next_at) == (BroadcastState.FINISHED, 1, 1, None)
    assert (kept.sent, kept.waiting, kept.held) == (4, 0, 0)


async def test_what_may_have_gone_out_since_a_backup_waits_for_its_author(here: Kaur) -> None:
    for start in (NOW, NOW + DAY, NOW):
        draft = msgspec.structs.replace(here.draft(), starts_at=int(start.timestamp()))
        await here.do(LaunchBroadcast(draft))
    await here.store.broadcasts.tend(START)
    await here.do(LaunchBroadcast(here.draft()))
    await here.store.close()

    await doubt_broadcasts(here.url, START + MINUTE)

    listed = await known(here.store, BroadcastsNeed(here.region))
    assert isinstance(listed, tuple)
    assert [each.state for each in listed] == [
        BroadcastState.PAUSED,
        BroadcastState.SENDING,
        BroadcastState.SCHEDULED,
        BroadcastState.SENDING,
    ]


async def test_an_office_is_told_what_its_own_rows_lack(here: Kaur) -> None:
    for office in ("dinkes", "disdik"):
        await appoint(here.store, office, KAUR, Role.OFFICE, office)

    samples = (await here.preview(roles=(Role.OFFICE,))).samples

    assert [each.message.text.rpartition(": ")[2] for each in samples] == [
        "kurang 2 jawaban.",
        "kurang 1 jawaban.",
    ]


async def test_a_preview_counts_those_who_had_the_message_of_the_day(here: Kaur) -> None:
    delivery = Delivery(here)
    await here.do(LaunchBroadcast(here.draft(roles=(Role.SUBDISTRICT_HEAD,))))
    await here.store.broadcasts.tend(START)
    await delivery.deliver(START)

    today = await here.preview()
    tomorrow = await known(here.store, AudienceNeed(here.draft(), here.author), at=NOW + DAY)

    assert isinstance(tomorrow, AudiencePreview)
    assert (today.people, today.next_day, today.finishes_at) == (4, 1, datetime(2026, 3, 13, 1, tzinfo=UTC))
    assert (tomorrow.next_day, tomorrow.finishes_at) == (0, NOW + DAY + MINUTE)

"""Loads whom a broadcast would reach, how far broadcasts are, and which one somebody was sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.audiences import Audience, BroadcastDraft, fits_template
from conversations.broadcasts import UNDO_TIME, AudiencePreview, Carried, LeftOut, ReceivedBroadcast, Sample
from conversations.hours import day_number, ends_at, next_allowed, next_day
from conversations.needs import AudienceNeed, BroadcastNeed, BroadcastsNeed, ReceivedBroadcastNeed
from conversations.people import Person, Post
from conversations.texts import texts_for
from conversations.views.broadcast_copies import Written
from conversations.views.naming import post_name
from storage.broadcasts.audiences import count_vacant, members, reached, usable_chat
from storage.broadcasts.copies import write_copies
from storage.broadcasts.register import read_broadcasts
from storage.channel_terms import NO_TERMS
from storage.envelopes import channel_name
from storage.moments import as_ms, from_ms
from storage.outbox_states import OutboxState
from storage.rows import LASTS, PERSON, POST, read_person, read_post
from storage.tables import address, broadcast, daily_contact, holding, outbox, person, post, recipient
from storage.tables.base import AnyRow
from storage.turn_state import Shared, TurnState

MOST_LISTED = 10


async def audiences(connection: AsyncConnection, state: TurnState, needs: Collection[AudienceNeed]) -> None:
    """Meet the need to know whom a broadcast would reach."""
    for need in needs:
        state.known[need] = await _preview(connection, state, need)


async def _preview(connection: AsyncConnection, state: TurnState, need: AudienceNeed) -> AudiencePreview:
    draft, at = need.draft, as_ms(state.at)
    chosen = reached(draft.audience, author=need.author, at=at)
    carried = await _carried(connection, state.shared, chosen, draft)
    people = sum(each.copies for each in carried)
    await state.shared.regions.know(connection, {draft.audience.region})
    region = state.shared.regions.region(draft.audience.region)
    rules = state.shared.rules
    starts_at = max(state.at + UNDO_TIME, from_ms(draft.starts_at * 1000))
    told = await _told_that_day(
        connection, chosen, day_number(next_allowed(starts_at, region.code, rules), region.code)
    )
    begins = next_day(starts_at, region.code, rules) if told else starts_at
    return AudiencePreview(
        people=people,
        carried=carried,
        left_out=await _left_out(connection, draft.audience, need.author, people),
        samples=await _samples(connection, state, need, _spread(chosen, people)),
        finishes_at=ends_at(begins, _lasting(state.shared, carried), region.code, rules),
        next_day=told,
    )


async def _told_that_day(connection: AsyncConnection, chosen: Subquery, day: int) -> int:
    """Count those who were told something else on a day."""
    joined = (
        select(func.count()).select_from(chosen).join(daily_contact, daily_contact.c.person_id == chosen.c.person_id)
    )
    return (await connection.execute(joined.where(daily_contact.c.day == day))).scalar_one()


async def _carried(
    connection: AsyncConnection, shared: Shared, chosen: Subquery, draft: BroadcastDraft
) -> tuple[Carried, ...]:
    copies, opened = func.count().label("copies"), func.count().filter(chosen.c.is_open).label("opened")
    statement = select(chosen.c.channel, copies, opened).group_by(chosen.c.channel).order_by(chosen.c.channel)
    is_whole = fits_template(draft.text, draft.file)
    return tuple(_carry(shared, row, is_whole=is_whole) for row in await connection.execute(statement))


def _carry(shared: Shared, row: AnyRow, *, is_whole: bool) -> Carried:
    paid, terms = row.copies - row.opened, shared.terms.get(row.channel, NO_TERMS)
    rate = terms.template_rupiah if is_whole else terms.notice_rupiah
    rupiah = None if paid and rate is None else ceil(paid * (rate or Fraction(0)))
    return Carried(row.channel, channel_name(row.channel), row.copies, paid, rupiah, 0 if is_whole else paid)


def _lasting(shared: Shared, carried: Collection[Carried]) -> timedelta:
    """All channels work at the same time; the slowest is the last."""
    rates = [(each.copies, shared.terms.get(each.channel, NO_TERMS).unhurried_a_second) for each in carried]
    return max((timedelta(seconds=ceil(some / rate)) for some, rate in rates if rate), default=timedelta())


async def _left_out(connection: AsyncConnection, audience: Audience, author: int, people: int) -> dict[LeftOut, int]:
    meant = members(audience, author=author)
    usable = usable_chat(meant.c.person_id)
    is_blocked = ~exists().where(address.c.person_id == meant.c.person_id, address.c.blocked_at.is_(None))
    counts = (
        await connection.execute(
            select(
                func.count().label("meant"),
                func.count().filter(~usable & is_blocked).label("blocked"),
                func.count().filter(~usable & ~is_blocked).label("opted_out"),
            ).select_from(meant)
        )
    ).one()
    vacant = count_vacant(audience)
    found = {
        LeftOut.VACANT: 0 if vacant is None else (await connection.execute(vacant)).scalar_one(),
        LeftOut.BLOCKED: counts.blocked,
        LeftOut.OPTED_OUT: counts.opted_out,
        LeftOut.ELSEWHERE: counts.meant - people - counts.blocked - counts.opted_out,
    }
    return {why: amount for why, amount in found.items() if amount}


def _spread(chosen: Subquery, people: int) -> Select[Any]:
    """The first, the middle and the last of the audience: who registered early, and who late."""
    places = {1, (people + 1) // 2, people} - {0}
    numbered = select(chosen, func.row_number().over(order_by=chosen.c.person_id).label("place")).subquery()
    return (
        select(numbered.c.person_id, numbered.c.channel, *PERSON, *POST)
        .join(person, person.c.id == numbered.c.person_id)
        .join(post, post.c.id == numbered.c.post_id)
        .join(holding, (holding.c.post_id == post.c.id) & (holding.c.person_id == person.c.id) & LASTS)
        .where(numbered.c.place.in_(places))
        .order_by(numbered.c.place)
    )


async def _samples(
    connection: AsyncConnection, state: TurnState, need: AudienceNeed, spread: Select[Any]
) -> tuple[Sample, ...]:
    rows = (await connection.execute(spread)).all()
    regions = state.shared.regions
    audience = need.draft.audience
    await regions.know(connection, {audience.region, *(row.region_id for row in rows)})
    readers = {
        row.person_id: (read_person(row[2 : 2 + len(PERSON)]), read_post(row[2 + len(PERSON) :], regions))
        for row in rows
    }
    written = Written(0, need.draft.text, need.draft.file, regions.region(audience.region).name)
    copies = await write_copies(connection, state.shared.library, written, readers, form=audience.form)
    channels = {row.person_id: channel_name(row.channel) for row in rows}
    return tuple(
        Sample(who.called, _post_said(state, who, held), channels[number], copies[number])
        for number, (who, held) in readers.items()
    )


def _post_said(state: TurnState, who: Person, held: Post) -> str:
    return post_name(state.shared.library, held, texts_for(who.language))


async def newest_broadcasts(connection: AsyncConnection, state: TurnState, needs: Collection[BroadcastsNeed]) -> None:
    """Meet the need for a district's broadcasts."""
    for need in needs:
        chosen = select(broadcast).where(broadcast.c.district_id == need.district).order_by(broadcast.c.id.desc())
        state.known[need] = tuple(await read_broadcasts(connection, chosen.limit(MOST_LISTED)))


async def broadcasts(connection: AsyncConnection, state: TurnState, needs: Collection[BroadcastNeed]) -> None:
    """Meet the need for single broadcasts."""
    state.known |= dict.fromkeys(needs)
    chosen = select(broadcast).where(broadcast.c.id.in_({need.broadcast for need in needs}))
    for found in await read_broadcasts(connection, chosen):
        state.known[BroadcastNeed(found.id)] = found


async def received_broadcasts(
    connection: AsyncConnection, state: TurnState, needs: Collection[ReceivedBroadcastNeed]
) -> None:
    """Meet the need to know which broadcast somebody was sent."""
    newest = {need for need in needs if not need.broadcast and not need.message}
    if newest:
        found = await _received(connection, recipient.c.person_id.in_({need.person for need in newest}))
        state.known |= {need: found.get(need.person) for need in newest}
    for need in {*needs} - newest:
        mine = recipient.c.person_id == need.person
        mine &= recipient.c.broadcast_id == need.broadcast if need.broadcast else outbox.c.message_id == need.message
        state.known[need] = (await _received(connection, mine)).get(need.person)


async def _received(connection: AsyncConnection, those: ColumnElement[bool]) -> dict[int, ReceivedBroadcast]:
    """Give the newest of those broadcasts that each person was sent."""
    order = (outbox.c.done_at.desc(), broadcast.c.id.desc())
    place = func.row_number().over(partition_by=recipient.c.person_id, order_by=order).label("place")
    names = (recipient.c.person_id, broadcast.c.id, broadcast.c.author_id, broadcast.c.text, outbox.c.done_at)
    sent = (
        select(*names, place)
        .select_from(recipient)
        .join(outbox, outbox.c.id == recipient.c.outbox_id)
        .join(broadcast, broadcast.c.id == recipient.c.broadcast_id)
        .where(those, outbox.c.state == OutboxState.SENT)
        .subquery()
    )
    rows = await connection.execute(select(sent).where(sent.c.place == 1))
    return {row.person_id: ReceivedBroadcast(row.id, row.author_id, row.text, from_ms(row.done_at)) for row in rows}

"""Who is meant by an audience, and by what each of them is reached: all in SQL, within the audience's region."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, case, exists, func, or_, select

from conversations.audiences import Audience
from conversations.people import ROLES_BY_KIND
from storage.form_states import state_of
from storage.moments import MILLISECOND
from storage.outbox_states import OutboxState
from storage.rows import LASTS
from storage.tables import address, assignment, cycle, holding, outbox, person, post, recipient, region, session
from storage.windows import WINDOWS

CAN_BE_REACHED = address.c.blocked_at.is_(None) & address.c.opted_out_at.is_(None)


def members(audience: Audience, *, author: int, among: Collection[int] | None = None) -> Subquery:
    """Give the people who are meant, each once (``person_id``), with one of their posts (``post_id``).

    Not the author, who knows what it says. ``among``: a few people, of whom alone anything is read.
    """
    who = [holding.c.person_id != author, LASTS]
    if audience.people:
        who.append(holding.c.person_id.in_(audience.people))
    if audience.failed_of:
        who.append(holding.c.person_id.in_(unreached(audience.failed_of)))
    every = select(holding.c.person_id, holding.c.post_id)
    if among is None:
        held: FromClause = every.where(*who).subquery("held")
    else:
        # Written out: with statistics a minute old, PostgreSQL would rather read everybody in the region for each few.
        held = every.where(holding.c.person_id.in_(among), *who).cte("held").prefix_with("MATERIALIZED")
    return (
        select(held.c.person_id, func.min(held.c.post_id).label("post_id"))
        .join(post, post.c.id == held.c.post_id)
        .join(region, region.c.id == post.c.region_id)
        .where(*_posts_meant(audience))
        .group_by(held.c.person_id)
        .subquery("member")
    )


def unreached(broadcast: int) -> Select[Any]:
    """Give the people to whom a broadcast was sent in vain."""
    joined = recipient.join(outbox, outbox.c.id == recipient.c.outbox_id)
    failed = (recipient.c.broadcast_id == broadcast) & (outbox.c.state == OutboxState.FAILED)
    return select(recipient.c.person_id).select_from(joined).where(failed)


def count_vacant(audience: Audience) -> Select[Any] | None:
    """Count the posts that are meant and that nobody holds; where people are named, no post is meant."""
    if audience.people or audience.failed_of:
        return None
    is_held = exists().where(holding.c.post_id == post.c.id, LASTS)
    joined = select(func.count()).select_from(post).join(region, region.c.id == post.c.region_id)
    return joined.where(~is_held, *_posts_meant(audience))


def _posts_meant(audience: Audience) -> list[ColumnElement[bool]]:
    conditions = [or_(region.c.district_id == audience.region, region.c.province_id == audience.region)]
    if audience.roles:
        conditions.append(post.c.role.in_(audience.roles))
    if audience.subdistricts:
        conditions.append(region.c.subdistrict_id.in_(audience.subdistricts))
    if audience.form or audience.states:
        conditions += [_answers(), _has_form(audience)]
    return conditions


def _answers() -> ColumnElement[bool]:
    """A post answers what is assigned to its region."""
    return or_(*((region.c.kind == kind) & post.c.role.in_(roles) for kind, roles in ROLES_BY_KIND.items() if roles))


def _has_form(audience: Audience) -> ColumnElement[bool]:
    running = assignment.join(cycle, cycle.c.id == assignment.c.cycle_id)
    mine = [assignment.c.region_id == post.c.region_id, cycle.c.closed_at.is_(None)]
    if audience.form:
        mine.append(assignment.c.form == audience.form)
    if audience.states:
        mine.append(state_of().in_(audience.states))
    return exists().select_from(running).where(*mine).correlate(post)


def reached(audience: Audience, *, author: int, at: int) -> Subquery:
    """Give the members who can be reached, each with the chat in which they are (``storage.reaching``, in SQL).

    ``person_id``, ``post_id``, ``address_id``, ``channel`` and ``is_open``: anything may be written there.
    """
    ranked = _ranked(members(audience, author=author), at)
    wanted = ranked.c.place == 1
    if audience.channel:
        wanted &= ranked.c.channel == audience.channel
    names = ("person_id", "post_id", "address_id", "channel", "is_open")
    return select(*(ranked.c[each] for each in names)).where(wanted).subquery("reached")


def _ranked(member: Subquery, at: int) -> Subquery:
    is_open = is_open_at(at)
    is_preferred = address.c.channel == person.c.preferred_channel
    rank = case(
        (~is_open, 3),
        (address.c.id == session.c.address_id, 0),
        (address.c.channel.in_(WINDOWS), 2),
        else_=1,
    )
    order = (is_preferred.desc(), rank, func.coalesce(address.c.heard_at, 0).desc(), address.c.id)
    place = func.row_number().over(partition_by=member.c.person_id, order_by=order)
    return (
        select(*member.c, address.c.id.label("address_id"), address.c.channel, is_open.label("is_open"))
        .add_columns(place.label("place"))
        .select_from(member)
        .join(person, person.c.id == member.c.person_id)
        .join(address, address.c.person_id == member.c.person_id)
        .outerjoin(session, session.c.person_id == member.c.person_id)
        .where(CAN_BE_REACHED)
        .subquery("ranked")
    )


def is_open_at(at: int) -> ColumnElement[bool]:
    """Tell whether anything may be written in the chat of a row at this moment (``storage.windows``)."""
    open_here = [
        (address.c.channel == channel) & (func.coalesce(address.c.heard_at, 0) > at - window // MILLISECOND)
        for channel, window in WINDOWS.items()
    ]
    return or_(address.c.channel.not_in(WINDOWS), *open_here)


def usable_chat(people: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell whether the person of a row can be reached at all."""
    return exists().where(address.c.person_id == people, CAN_BE_REACHED)

"""Loads invitations by their codes, what comes with them, and makes fresh codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import FreshCodeNeed, InvitationNeed, InvitedToNeed
from conversations.people import Invitation, Post, Role, Standing
from storage.invitations import code_hash, new_code
from storage.moments import as_ms
from storage.posts_held import answerable, load_assignments
from storage.rows import read_post
from storage.tables import invitation, post
from storage.tables.base import AnyRow
from storage.turn_state import Invited, Shared, TurnState

_invitations = select(invitation, post.c.region_id, post.c.role, post.c.office).join(
    post, post.c.id == invitation.c.post_id
)


async def invitations(connection: AsyncConnection, state: TurnState, needs: Collection[InvitationNeed]) -> None:
    """Meet the need for the invitation behind a code."""
    found = await _load(connection, state, (need.code for need in needs))
    for need in needs:
        one = found.get(code_hash(need.code))
        state.known[need] = one.invitation if one else None
        if one:
            state.shown_as[one.invitation.id].add(need)


async def invited_to(connection: AsyncConnection, state: TurnState, needs: Collection[InvitedToNeed]) -> None:
    """Meet the need for what an invitation's post has to answer."""
    found = await _load(connection, state, (need.code for need in needs))
    for need in needs:
        one = found.get(code_hash(need.code))
        state.known[need] = one.assignments if one else ()


async def fresh_codes(_connection: AsyncConnection, state: TurnState, needs: Collection[FreshCodeNeed]) -> None:
    """Meet the need for a code that was never given."""
    state.known |= {need: new_code(need.characters) for need in needs}


async def find_invitations(
    connection: AsyncConnection, shared: Shared, hashes: Collection[str], at: datetime
) -> dict[str, tuple[Invitation, Post]]:
    """Give the invitations of codes, with their posts, by the codes' hashes."""
    rows = (await connection.execute(_invitations.where(invitation.c.code_hash.in_(hashes)))).all()
    await shared.regions.know(connection, {row.region_id for row in rows})
    found = {}
    for row in rows:
        held = read_post((row.post_id, row.role, row.region_id, row.standing, row.office), shared.regions)
        found[row.code_hash] = (_read(row, held, as_ms(at)), held)
    return found


async def _load(connection: AsyncConnection, state: TurnState, codes: Iterable[str]) -> dict[str, Invited]:
    shown = await find_invitations(connection, state.shared, {code_hash(code) for code in codes}, state.at)
    assigned = await load_assignments(connection, state, [held for _, held in shown.values()])
    found = {}
    for name, (one, held) in shown.items():
        mine = tuple(state.assignments[number].seen_by([held]) for number in answerable([held], assigned))
        found[name] = Invited(one, held, mine)
    state.invited |= {each.invitation.id: each for each in found.values()}
    return found


def _read(row: AnyRow, held: Post, at: int) -> Invitation:
    return Invitation(
        id=row.id,
        role=Role(row.role),
        region=held.region,
        standing=Standing(row.standing),
        office=row.office,
        name=row.name,
        honorific=row.honorific,
        is_usable=row.used_at is None and row.withdrawn_at is None and row.expires_at > at,
    )

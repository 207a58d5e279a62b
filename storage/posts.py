"""Posts and who holds them: a post is a role in a region; people come and go, answers stay with it."""

from __future__ import annotations

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Role, Standing
from storage.errors import StorageError
from storage.inserting import insert_into
from storage.moments import FOREVER, as_ms
from storage.rows import LASTS
from storage.tables import holding, invitation, post
from storage.turn_state import Acceptance

HEADS = frozenset({Role.VILLAGE_HEAD, Role.SUBDISTRICT_HEAD})
"""Posts with one head at a time: a new definitive or acting head ends the one before."""
LEADING = frozenset({Standing.DEFINITIVE, Standing.ACTING})


async def ensure_post(connection: AsyncConnection, region: int, role: str, office: str = "") -> int:
    """Give the post's number; it is made when it is not there."""
    key = {"region_id": region, "role": role, "office": office}
    await connection.execute(insert_into(connection, post).on_conflict_do_nothing(), key)
    same = and_(*(post.c[name] == value for name, value in key.items()))
    number: int = (await connection.execute(select(post.c.id).where(same))).scalar_one()
    return number


async def accept(connection: AsyncConnection, acceptance: Acceptance) -> None:
    """Use the invitation up, and let the person hold its post from now on.

    Raises:
        StorageError: somebody else has used the invitation meanwhile.
    """
    invited, at = acceptance.invited, as_ms(acceptance.action.at)
    free = (invitation.c.id == invited.invitation.id) & invitation.c.used_at.is_(None)
    used = await connection.execute(update(invitation).where(free).values(used_at=at, used_by=acceptance.person))
    if not used.rowcount:
        raise StorageError(
            f"A free invitation was expected; number {invited.invitation.id} is used. Decide the event again."
        )
    await hold(connection, acceptance.person, invited.post.id, (invited.post.role, invited.post.standing), at=at)


async def hold(connection: AsyncConnection, person: int, held: int, manner: tuple[Role, Standing], *, at: int) -> None:
    """Let the person hold the post from this moment; who has to make room for them, does."""
    role, standing = manner
    ending = holding.c.person_id == person
    if role in HEADS and standing in LEADING:
        ending |= holding.c.standing.in_(LEADING)
    lasting = (holding.c.post_id == held) & LASTS
    await connection.execute(update(holding).where(lasting & ending).values(until=at))
    row = {"post_id": held, "person_id": person, "standing": standing, "since": at, "until": FOREVER}
    await connection.execute(insert(holding), row)

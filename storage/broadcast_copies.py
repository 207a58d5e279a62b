"""People's copies of a broadcast, written with what their forms lack now: for samples, and when each is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.messages import Message
from conversations.people import Person, Post
from conversations.views.broadcast_copies import CopyReader, Written, broadcast_copy
from storage.rows import ROLES_BY_KIND
from storage.tables import assignment, cycle


async def write_copies(
    connection: AsyncConnection, written: Written, readers: Mapping[int, tuple[Person, Post]], *, form: str
) -> dict[int, Message]:
    """Write the copies of these readers, by the numbers that they come with; ``form``: the one meant, empty: all."""
    lacking = await _marks(connection, {post.region.id for _, post in readers.values()}, form)
    return {
        number: broadcast_copy(written, CopyReader(who, post.region, _of_post(lacking, post)))
        for number, (who, post) in readers.items()
    }


def _of_post(lacking: Mapping[int, str], post: Post) -> str:
    return lacking.get(post.region.id, "") if post.role in ROLES_BY_KIND[post.region.kind] else ""


async def _marks(connection: AsyncConnection, regions: set[int], form: str) -> Mapping[int, str]:
    running = select(assignment.c.region_id, assignment.c.progress).join(cycle).where(cycle.c.closed_at.is_(None))
    mine = running.where(assignment.c.region_id.in_(regions))
    marks: defaultdict[int, str] = defaultdict(str)
    for row in await connection.execute(mine.where(assignment.c.form == form) if form else mine):
        marks[row.region_id] += row.progress
    return marks

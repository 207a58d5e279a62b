"""People's copies of a broadcast, written with what their forms lack now: for samples, and when each is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.brief import Library
from conversations.messages import Message
from conversations.people import ROLES_BY_KIND, Person, Post, Role
from conversations.sheets import RowMark
from conversations.tasks import marks_of
from conversations.views.broadcast_copies import CopyReader, Written, broadcast_copy
from storage.tables import assignment, cycle


async def write_copies(
    connection: AsyncConnection,
    library: Library,
    written: Written,
    readers: Mapping[int, tuple[Person, Post]],
    *,
    form: str,
) -> dict[int, Message]:
    """Write the copies of these readers, by the numbers that they come with; ``form``: the one meant, empty: all."""
    progress = await _progress(connection, library, {post.region.id for _, post in readers.values()}, form)
    return {
        number: broadcast_copy(written, CopyReader(who, post.region, _marks(library, post, progress[post.region.id])))
        for number, (who, post) in readers.items()
    }


def _marks(library: Library, post: Post, forms: Sequence[tuple[str, str]]) -> str:
    """Give the marks of all that a post answers; of an office's forms, those of the rows that it holds."""
    if post.role not in ROLES_BY_KIND[post.region.kind]:
        return ""
    if post.role is not Role.OFFICE:
        return "".join(progress for _, progress in forms)
    return "".join(marks_of(library.forms[key], progress, (post.office,)) for key, progress in forms)


async def _progress(
    connection: AsyncConnection, library: Library, regions: set[int], form: str
) -> defaultdict[int, list[tuple[str, str]]]:
    """Give the forms of regions that are in use now, with a mark for each row."""
    columns = (assignment.c.region_id, assignment.c.form, assignment.c.progress)
    running = select(*columns).join(cycle).where(cycle.c.closed_at.is_(None))
    mine = running.where(assignment.c.region_id.in_(regions)).order_by(assignment.c.id)
    found: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in await connection.execute(mine.where(assignment.c.form == form) if form else mine):
        if row.form in library.forms:
            marks = row.progress.ljust(len(library.forms[row.form].rows), RowMark.UNTOUCHED)
            found[row.region_id].append((row.form, marks))
    return found

"""Judges digests: is the end still the same, is anybody not done, and how far are they by now?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.escalation import DIGEST_ROLES, Progress, Units
from conversations.people import Post
from conversations.purposes import Digest
from conversations.views.digests import digest_message, others
from storage.escalation import read_units
from storage.judging.verdicts import Case, Drop, Go, Verdict
from storage.turn_state import Shared


async def judge_digests(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Let those go that have something to tell of the end that brought them about."""
    posts = {case.id: found for case in cases if (found := _post(case))}
    regions = {found.region.id: found.region for found in posts.values()}
    units = await read_units(connection, shared, list(regions.values()), at)
    mine = {number: units.get(found.region.id) for number, found in posts.items()}
    return {case.id: _verdict(case, mine.get(case.id), at) for case in cases}


def _post(case: Case) -> Post | None:
    assert isinstance(case.purpose, Digest)
    mine = (each for each in case.reader.posts if each.id == case.purpose.post and each.role in DIGEST_ROLES)
    return next(mine, None)


def _verdict(case: Case, units: Units | None, at: datetime) -> Verdict:
    assert isinstance(case.purpose, Digest)
    due = {int(each.due_at.timestamp()) for each in units.windows if each.due_at} if units else set()
    if units is None or case.purpose.due_at not in due:
        return Drop("it ends at another moment by now, or its reader is somebody else")
    if all(each.progress is Progress.SENT for each in others(units)):
        return Drop("everybody has finished")
    return Go(digest_message(case.reader.person, units, at))

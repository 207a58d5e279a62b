"""Judges weekly summaries: wanted still, and is there anything new to tell?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.hours import next_day
from conversations.subscriptions import USUAL, Subscription
from conversations.summaries import Outlook, has_to_wait
from conversations.views.summaries import summary_message
from storage.judging.verdicts import Case, Drop, Go, PutOff, Verdict
from storage.subscriptions import read_subscriptions
from storage.summaries import keep_told, read_outlooks, read_told
from storage.turn_state import Shared

URGENT = "something more urgent comes today"


async def judge_summaries(
    connection: AsyncConnection, shared: Shared, cases: Sequence[Case], at: datetime
) -> Mapping[int, Verdict]:
    """Let go what tells something new, or was ordered for every week; keep what it tells."""
    readers = {case.reader.person.id: case.reader.posts for case in cases}
    wanted = await read_subscriptions(connection, readers)
    told = await read_told(connection, readers)
    outlooks = await read_outlooks(connection, shared, readers, told)
    verdicts: dict[int, Verdict] = {}
    telling: dict[int, tuple[int, Sequence[Outlook]]] = {}
    for case in cases:
        reader = case.reader.person
        seen = outlooks[reader.id]
        if needless := _needless(wanted.get(reader.id, USUAL), seen):
            verdicts[case.id] = Drop(needless)
        elif has_to_wait(seen, shared.library, shared.rules, at):
            verdicts[case.id] = PutOff(next_day(at, case.reader.region_code, shared.rules), URGENT)
        else:
            verdicts[case.id] = Go(summary_message(reader, seen, shared.library, at))
            telling[case.id] = (reader.id, seen)
    await keep_told(connection, telling, told)
    return verdicts


def _needless(wanted: Subscription, outlooks: Sequence[Outlook]) -> str:
    """Say why nothing is to be told; empty: something is."""
    if not wanted.is_on:
        return "its reader does not want the summary any more"
    if all(each.is_empty for each in outlooks):
        return "nothing runs that it could tell of"
    is_new = wanted.is_always or any(each.has_changed for each in outlooks)
    return "" if is_new else "nothing has changed since the last one"

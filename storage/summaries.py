"""How everything stands that somebody's posts look after, and what their last summary said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.needs import RowTally, ScoreTotals
from conversations.people import Assignment, Post, Region, Role
from conversations.summaries import NOTHING_TOLD, Figures, Outlook, outlook_on_forms, outlook_on_scores
from storage.inserting import upsert, write_many
from storage.outbox_states import OutboxState
from storage.region_book import COLUMNS_BY_KIND
from storage.rows import ASSIGNMENT, encode, read_assignment
from storage.tables import assignment, cycle, form_row, outbox, region, score_total, told_summary
from storage.totals import FIGURES
from storage.turn_state import Shared

OWN = frozenset({Role.VILLAGE_HEAD, Role.OFFICE})
"""Roles that are told of the forms of their own region alone; others of all those in it, but for officials."""
OUT = (OutboxState.SENT, OutboxState.UNCERTAIN)
"""Of a message that its reader has, or perhaps has."""
RUNNING = select(cycle.c.id).where(cycle.c.closed_at.is_(None))
WRITTEN = ("outbox_id", "figures", "before")
_decode = msgspec.json.Decoder(Figures).decode
Told = Mapping[tuple[int, int], Figures]
"""What was told last, by person and post."""


async def read_told(connection: AsyncConnection, people: Collection[int]) -> Told:
    """Give what the last summaries said that have gone out to these people."""
    statement = (
        select(told_summary, outbox.c.state)
        .outerjoin(outbox, outbox.c.id == told_summary.c.outbox_id)  # which is thrown away long after it went out
        .where(told_summary.c.person_id.in_(people))
    )
    return {
        (row.person_id, row.post_id): _decode(row.figures if row.state in (None, *OUT) else row.before)
        for row in await connection.execute(statement)
    }


async def read_told_before(connection: AsyncConnection, people: Collection[int]) -> Told:
    """Give what was told a summary before the last one: whoever looks at theirs again sees what it said of changes."""
    statement = select(told_summary).where(told_summary.c.person_id.in_(people))
    return {(row.person_id, row.post_id): _decode(row.before) for row in await connection.execute(statement)}


async def keep_told(
    connection: AsyncConnection, telling: Mapping[int, tuple[int, Sequence[Outlook]]], told: Told
) -> None:
    """Keep what messages of the outbox are about to tell, by the message: to whom, and what."""
    rows = [
        {
            "person_id": reader,
            "post_id": each.post.id,
            "outbox_id": message,
            "figures": encode(each.figures).decode(),
            "before": encode(told.get((reader, each.post.id), NOTHING_TOLD)).decode(),
        }
        for message, (reader, outlooks) in telling.items()
        for each in outlooks
    ]
    rows.sort(key=lambda row: (row["person_id"], row["post_id"]))  # two processes wait for each other in one order
    await write_many(connection, upsert(told_summary, WRITTEN), rows)


async def read_outlooks(
    connection: AsyncConnection, shared: Shared, held: Mapping[int, Sequence[Post]], told: Told
) -> dict[int, tuple[Outlook, ...]]:
    """See how everything stands that these people's posts look after, by person, with two reads for all of them."""
    posts = [post for some in held.values() for post in some]
    assignments = await _read_assignments(
        connection, shared, [post for post in posts if post.role is not Role.OFFICIAL]
    )
    totals = await _read_totals(connection, shared, [post for post in posts if post.role is Role.OFFICIAL])

    def see(reader: int, post: Post) -> Outlook:
        before = told.get((reader, post.id), NOTHING_TOLD)
        if post.role is Role.OFFICIAL:
            return outlook_on_scores(post, totals.get(post.region.id, ()), shared.library, before)
        within = assignments.get(post.region.id, ())
        mine = [each for each in within if post.role not in OWN or each.region.id == post.region.id]
        return outlook_on_forms(post, mine, shared.library, before)

    return {reader: tuple(see(reader, post) for post in some) for reader, some in held.items()}


async def _read_assignments(
    connection: AsyncConnection, shared: Shared, posts: Sequence[Post]
) -> Mapping[int, Sequence[Assignment]]:
    """Give the running assignments of the posts' regions, by region in which they lie."""
    found: defaultdict[int, list[Assignment]] = defaultdict(list)
    if not posts:
        return found
    statement = (
        select(*ASSIGNMENT)
        .join(region, region.c.id == assignment.c.region_id)
        .where(assignment.c.cycle_id.in_(RUNNING), or_(*_within(posts)))
        .order_by(region.c.code, assignment.c.id)
    )
    rows = (await connection.execute(statement)).all()
    await shared.regions.know(connection, {row.region_id for row in rows})
    for row in rows:
        if row.form in shared.library.forms:
            each = read_assignment(row, shared.regions, shared.library)
            for around in {each.region.id, *shared.regions.ancestors(each.region.id)}:
                found[around].append(each)
    return found


def _within(posts: Iterable[Post]) -> list[ColumnElement[bool]]:
    """Name the regions whose forms these posts look after: an OPD officer's is the district alone."""
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for post in posts:
        ids["village" if post.role in OWN else post.region.kind].add(post.region.id)
    return [COLUMNS_BY_KIND[kind].in_(some) for kind, some in ids.items()]


async def _read_totals(
    connection: AsyncConnection, shared: Shared, posts: Sequence[Post]
) -> Mapping[int, Sequence[tuple[Region, ScoreTotals]]]:
    """Give the totals of the districts of the posts' regions, by region in which they lie, of the newest cycle."""
    found: defaultdict[int, list[tuple[Region, ScoreTotals]]] = defaultdict(list)
    if not posts:
        return found
    districts = select(region.c.id).where(region.c.kind == "district", or_(*_within(posts)))
    columns = (score_total.c.region_id, score_total.c.cycle_id, form_row.c.number, score_total.c.units)
    statement = (
        select(*columns, *(score_total.c[each] for each in FIGURES))
        .join(form_row, form_row.c.id == score_total.c.form_row_id)
        .where(score_total.c.region_id.in_(districts), score_total.c.cycle_id.in_(RUNNING))
    )
    rows: defaultdict[int, dict[int, dict[str, RowTally]]] = defaultdict(dict)
    for district, running, number, *tally in await connection.execute(statement):
        rows[district].setdefault(running, {})[number] = RowTally(*tally)
    await shared.regions.know(connection, set(rows))
    for district, by_cycle in rows.items():
        totals = ScoreTotals(by_cycle[max(by_cycle)])
        for around in shared.regions.ancestors(district):
            found[around].append((shared.regions.region(district), totals))
    return found

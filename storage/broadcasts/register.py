"""Broadcasts in the database: confirmed, changed, and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, case, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.audiences import Audience, BroadcastDraft
from conversations.broadcasts import UNDO_TIME, Broadcast, BroadcastChange, BroadcastState, Failure, LeftOut
from conversations.events import StoredFile
from storage.locks import lock_rows
from storage.moments import MILLISECOND, from_ms, from_optional_ms
from storage.outbox_states import UNTIL_HEARD, OutboxState
from storage.rows import encode
from storage.tables import address, broadcast, outbox, recipient
from storage.tables.base import AnyRow

LATE = "too late"
GONE = ("reader gone or opted out", "opted out", "unlinked", "forgotten")
"""What ``storage.housekeeping``, ``storage.reaching`` and ``storage.flushing.forgetting`` write as reasons."""
CANCELLED = "the broadcast was cancelled"
REPORTED = ("delivered_at", "read_at")
UNDER_WAY = (BroadcastState.SCHEDULED, BroadcastState.SENDING, BroadcastState.PAUSED)


class Allowed(NamedTuple):
    """From which states a change leads where."""

    before: tuple[BroadcastState, ...]
    after: BroadcastState


CHANGES = {
    BroadcastChange.UNDO: Allowed((BroadcastState.SCHEDULED,), BroadcastState.CANCELLED),
    BroadcastChange.PAUSE: Allowed((BroadcastState.SENDING,), BroadcastState.PAUSED),
    BroadcastChange.RESUME: Allowed((BroadcastState.PAUSED,), BroadcastState.SENDING),
    BroadcastChange.CANCEL: Allowed(UNDER_WAY, BroadcastState.CANCELLED),
}
_decode_file = msgspec.json.Decoder(StoredFile).decode
_decode_audience = msgspec.json.Decoder(Audience).decode


async def launch(connection: AsyncConnection, draft: BroadcastDraft, *, author: int, at: int) -> int:
    """Keep a broadcast that was confirmed; give its number."""
    earliest = at + UNDO_TIME // MILLISECOND
    row = {
        "district_id": draft.audience.region,
        "author_id": author,
        "state": int(BroadcastState.SCHEDULED),
        "text": draft.text,
        "file": encode(draft.file).decode() if draft.file else "",
        "audience": encode(draft.audience).decode(),
        "confirmed_at": at,
        "starts_at": max(draft.starts_at * 1000, earliest),
    }
    number: int = (await connection.execute(insert(broadcast).values(row).returning(broadcast.c.id))).scalar_one()
    return number


async def change(connection: AsyncConnection, number: int, wanted: BroadcastChange, *, at: int) -> set[str]:
    """Change a broadcast, if it is not too late for that; give by what messages go out now."""
    before, after = CHANGES[wanted]
    fits = (broadcast.c.id == number) & broadcast.c.state.in_([int(each) for each in before])
    if wanted is BroadcastChange.UNDO:
        fits &= broadcast.c.starts_at > at
    changed = (await connection.execute(update(broadcast).where(fits).values(state=int(after)))).rowcount > 0
    return await _let_go(connection, number) if changed and wanted is BroadcastChange.RESUME else set()


async def _let_go(connection: AsyncConnection, number: int) -> set[str]:
    """What was put off while it was paused is judged again now; what is being judged comes by itself soon."""
    held = waiting_copies(number).where(outbox.c.not_before < UNTIL_HEARD, outbox.c.attempts == 0)
    await connection.execute(update(outbox).where(outbox.c.id.in_(held)).values(not_before=0))
    ways = select(outbox.c.via).distinct().where(outbox.c.id.in_(held))
    return set((await connection.scalars(ways)).all())


async def drop_waiting(connection: AsyncConnection, number: int, *, at: int) -> None:
    """Let nobody get a copy who has none yet; what is on its way is."""
    dropped = {"state": int(OutboxState.DROPPED), "reason": CANCELLED, "done_at": at}
    await connection.execute(update(outbox).where(outbox.c.id.in_(waiting_copies(number))).values(dropped))


def waiting_copies(number: int) -> Select[Any]:
    """Give the copies of a broadcast that wait and that nobody else is changing just now, in the order of locking."""
    copies = select(recipient.c.outbox_id).where(recipient.c.broadcast_id == number)
    waiting = select(outbox.c.id).where(outbox.c.id.in_(copies), text("outbox.state = 0"))
    return waiting.order_by(outbox.c.id).with_for_update(skip_locked=True)


async def draft_of_failed(connection: AsyncConnection, number: int) -> BroadcastDraft | None:
    """Give what would be sent again to those whom a broadcast did not reach; ``None`` while it is under way."""
    row = (await connection.execute(select(broadcast).where(broadcast.c.id == number))).one_or_none()
    if row is None or row.state in UNDER_WAY or row.ended_at is None:
        return None
    audience = Audience(row.district_id, failed_of=number)
    return BroadcastDraft(audience, row.text, _decode_file(row.file) if row.file else None)


def draft_of(row: AnyRow) -> BroadcastDraft:
    """Give what a row of the table says, and to whom."""
    file = _decode_file(row.file) if row.file else None
    return BroadcastDraft(_decode_audience(row.audience), row.text, file, row.starts_at // 1000)


async def read_broadcasts(connection: AsyncConnection, chosen: Select[Any]) -> list[Broadcast]:
    """Give the broadcasts of these rows of the table, with how far each has come."""
    rows = (await connection.execute(chosen)).all()
    counts = await _counts(connection, {row.id for row in rows})
    return [_read(row, counts[row.id]) for row in rows]


class _Counts:
    """How many of a broadcast's people are how far."""

    def __init__(self) -> None:
        self.by_state: defaultdict[int, int] = defaultdict(int)
        self.failed: dict[Failure, int] = {}
        self.left_out: dict[LeftOut, int] = {}
        self.delivered = self.read = self.people = self.next_at = self.held = 0

    def add(self, row: AnyRow) -> None:
        if row.left_out:
            self.left_out[LeftOut(row.left_out)] = row.many
            return
        self.people += row.many
        self.by_state[row.state] += row.many
        self.delivered += row.delivered_at
        self.read += row.read_at
        if row.state == OutboxState.WAITING:
            self.next_at = 0 if row.next_at == UNTIL_HEARD else row.next_at
            self.held = row.held
        if row.state == OutboxState.FAILED:
            self.failed[Failure(row.failure)] = row.many


async def _counts(connection: AsyncConnection, numbers: Collection[int]) -> defaultdict[int, _Counts]:
    kinds = (recipient.c.broadcast_id, recipient.c.left_out, outbox.c.state, failure_of().label("failure"))
    first = func.min(outbox.c.not_before).label("next_at")
    held = func.count().filter(outbox.c.not_before == UNTIL_HEARD).label("held")
    tallies = (func.count().label("many"), first, held, *(func.count(outbox.c[each]).label(each) for each in REPORTED))
    statement = (
        select(*kinds, *tallies)
        .select_from(recipient)
        .outerjoin(outbox, outbox.c.id == recipient.c.outbox_id)
        .outerjoin(address, address.c.id == outbox.c.address_id)
        .where(recipient.c.broadcast_id.in_(numbers))
        .group_by("broadcast_id", recipient.c.left_out, outbox.c.state, "failure")
    )
    found: defaultdict[int, _Counts] = defaultdict(_Counts)
    for row in await connection.execute(statement):
        found[row.broadcast_id].add(row)
    return found


def failure_of() -> ColumnElement[str]:
    """Say of a message and its chat why it has failed; empty: it has not."""
    is_gone = or_(address.c.blocked_at.is_not(None), address.c.opted_out_at.is_not(None), outbox.c.reason.in_(GONE))
    return case(
        (func.coalesce(outbox.c.state, OutboxState.WAITING) != OutboxState.FAILED, ""),
        (outbox.c.reason == LATE, Failure.LATE.value),
        (is_gone, Failure.GONE.value),
        else_=Failure.CHANNEL.value,
    )


def _read(row: AnyRow, counts: _Counts) -> Broadcast:
    by_state = counts.by_state
    return Broadcast(
        id=row.id,
        district=row.district_id,
        author=row.author_id,
        text=row.text,
        has_file=bool(row.file),
        state=BroadcastState(row.state),
        confirmed_at=from_ms(row.confirmed_at),
        starts_at=from_ms(row.starts_at),
        ended_at=from_optional_ms(row.ended_at),
        people=counts.people,
        waiting=by_state[OutboxState.WAITING] + by_state[OutboxState.LEASED],
        held=counts.held,
        next_at=from_ms(counts.next_at) if counts.next_at and not by_state[OutboxState.LEASED] else None,
        sent=by_state[OutboxState.SENT],
        delivered=counts.delivered,
        read=counts.read,
        failed=counts.failed,
        uncertain=by_state[OutboxState.UNCERTAIN],
        dropped=by_state[OutboxState.DROPPED],
        left_out=counts.left_out,
    )


async def lock_broadcast(connection: AsyncConnection, number: int) -> AnyRow:
    """Give a broadcast that nobody else changes until the commit."""
    await lock_rows(connection, broadcast, [number])
    return (await connection.execute(select(broadcast).where(broadcast.c.id == number))).one()

"""What is thrown away with time, a little at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, select, text, update

from storage.database import Database
from storage.moments import as_ms
from storage.outbox_states import UNTIL_HEARD, OutboxState
from storage.tables import address, broadcast, event_key, failed_event, letter, outbox, planned, session, sheet
from storage.windows import WINDOWS

KEYS_KEPT = timedelta(days=8)
"""Longer than any channel brings an update again (WhatsApp: 7 days)."""
TEXTS_KEPT = timedelta(days=1)
SENT_KEPT = timedelta(days=30)
ONCE_KEPT = timedelta(days=400)
"""Messages that are told at most once, and letters: longer than a cycle."""
HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
IN_USE = (
    (sheet.c.body, sheet.c.assignment_id, '"evidence"'),
    (session.c.body, session.c.person_id, '"sha256"'),
    (broadcast.c.file, broadcast.c.id, '"sha256"'),
    (failed_event.c.envelope, failed_event.c.id, '"sha256"'),
)
"""Where a file can be named: the column, its table's key, and what such a text contains besides the hash."""
READ_AT_ONCE = 500
UNSENT_FILES = (
    select(outbox.c.id, outbox.c.body)
    .where(text("state <= 1"), outbox.c.id > bindparam("after"), outbox.c.body.contains('"sha256"'))
    .order_by(outbox.c.id)
    .limit(READ_AT_ONCE)
)
"""Messages that still have to carry a file."""
CHUNK = 5_000
"""Rows of one transaction: turns wait for milliseconds, not for the whole cleaning."""
MOST_CHUNKS = 400


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How much was thrown away."""

    event_keys: int
    letters: int
    texts: int
    messages: int


class Housekeeping:
    """Keeps the database small."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def clean(self, at: datetime) -> Cleaned:
        """Throw away what is too old, in small transactions between which turns go on."""
        ended = outbox.c.state > OutboxState.LEASED
        await self._expire(as_ms(at))
        await self._look_again(at)
        return Cleaned(
            event_keys=await self._delete(event_key, event_key.c.at < as_ms(at - KEYS_KEPT)),
            letters=await self._delete(letter, letter.c.sent_at < as_ms(at - ONCE_KEPT)),
            texts=await self._blank(ended & (outbox.c.done_at < as_ms(at - TEXTS_KEPT))),
            messages=await self._delete(
                outbox, ended & outbox.c.dedupe.is_(None) & (outbox.c.done_at < as_ms(at - SENT_KEPT))
            )
            + await self._delete(outbox, ended & (outbox.c.done_at < as_ms(at - ONCE_KEPT)))
            + await self._delete(planned, planned.c.at < as_ms(at - ONCE_KEPT)),
        )

    async def evidence_in_use(self) -> frozenset[str]:
        """Give the hashes of all files that a sheet, a session, a broadcast, a result or an unsent message may name.

        Reads every sheet: run it at night, before ``FileStore.sweep``.
        """
        found: set[str] = set()
        async with self._database.reading("Looking for files in use") as connection:
            for column, key, mark in IN_USE:
                newest = await connection.scalar(select(func.max(key))) or 0
                for first in range(0, newest + 1, READ_AT_ONCE):
                    some = select(column).where(key >= first, key < first + READ_AT_ONCE, column.contains(mark))
                    for body in await connection.scalars(some):
                        found.update(HASH.findall(body))
            after = 0
            while rows := (await connection.execute(UNSENT_FILES, {"after": after})).all():
                after = rows[-1].id
                found.update(file for row in rows for file in HASH.findall(row.body))
        return frozenset(found)

    async def _expire(self, now: int) -> None:
        """Give up what nobody wants to read any more."""
        late = (outbox.c.state == OutboxState.WAITING) & (outbox.c.not_after <= now)
        given_up = {"state": OutboxState.FAILED, "reason": "too late", "done_at": now}
        await self._in_chunks(update(outbox).values(given_up), outbox, late)

    async def _look_again(self, at: datetime) -> None:
        """Have what waits for its reader judged again where they have an open chat by now, here or elsewhere."""
        other = address.alias("other")
        is_free = other.c.channel.not_in(WINDOWS) & other.c.blocked_at.is_(None) & other.c.opted_out_at.is_(None)
        elsewhere = select(address.c.id).join(other, other.c.person_id == address.c.person_id).where(is_free)
        here = select(address.c.id).where(address.c.heard_at > as_ms(at - min(WINDOWS.values())))
        held = text("outbox.state = 0") & (outbox.c.not_before == UNTIL_HEARD)
        for chats in (elsewhere, here):
            again = update(outbox).values(not_before=0)
            await self._in_chunks(again, outbox, held & outbox.c.address_id.in_(chats))

    async def _delete(self, table: Table, condition: Any) -> int:
        return await self._in_chunks(delete(table), table, condition)

    async def _blank(self, condition: Any) -> int:
        has_text = outbox.c.body != "{}"
        return await self._in_chunks(update(outbox).values(body="{}"), outbox, condition & has_text)

    async def _in_chunks(self, statement: Any, table: Table, condition: Any) -> int:
        key = next(iter(table.primary_key))
        some = select(key).where(condition).limit(CHUNK).with_for_update(skip_locked=True)
        changed = 0
        for _ in range(MOST_CHUNKS):
            async with self._database.writing("Cleaning up") as connection:
                done = (await connection.execute(statement.where(key.in_(some)))).rowcount
                if done:
                    await connection.commit()
            changed += done
            if done < CHUNK:
                break
        return changed

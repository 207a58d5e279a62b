"""Loads letters: by their code, by the message that brought them, or the newest."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.letters import Letter
from conversations.needs import LetterNeed
from storage.moments import from_ms
from storage.tables import letter, outbox
from storage.tables.base import AnyRow
from storage.turn_state import TurnState

NEWEST_FIRST = (letter.c.sent_at.desc(), letter.c.code)


async def letters(connection: AsyncConnection, state: TurnState, needs: Collection[LetterNeed]) -> None:
    """Meet the need for what somebody was sent, by a code, by a message, or for the newest."""
    state.known |= dict.fromkeys(needs)
    await _by_code(connection, state, [need for need in needs if need.code])
    await _by_message(connection, state, [need for need in needs if not need.code and need.message])
    await _newest(connection, state, [need for need in needs if not need.code and not need.message])


async def _by_code(connection: AsyncConnection, state: TurnState, needs: Collection[LetterNeed]) -> None:
    if not needs:
        return
    statement = select(letter).where(letter.c.code.in_({need.code for need in needs}))
    found = {(row.reader_id, row.code): _read(row) for row in await connection.execute(statement)}
    state.known |= {need: found.get((need.reader, need.code)) for need in needs}


async def _by_message(connection: AsyncConnection, state: TurnState, needs: Collection[LetterNeed]) -> None:
    if not needs:
        return
    statement = (
        select(letter, outbox.c.address_id, outbox.c.message_id)
        .join(outbox, outbox.c.dedupe == letter.c.dedupe)
        .where(letter.c.reader_id.in_({need.reader for need in needs}))
        .where(outbox.c.message_id.in_({need.message for need in needs}))
        .order_by(*NEWEST_FIRST)
    )
    for row in reversed((await connection.execute(statement)).all()):
        state.known |= {
            need: _read(row)
            for need in needs
            if (need.reader, need.address, need.message) == (row.reader_id, row.address_id, row.message_id)
        }


async def _newest(connection: AsyncConnection, state: TurnState, needs: Collection[LetterNeed]) -> None:
    if not needs:
        return
    place = func.row_number().over(partition_by=letter.c.reader_id, order_by=NEWEST_FIRST).label("place")
    mine = select(letter, place).where(letter.c.reader_id.in_({need.reader for need in needs})).subquery()
    newest = await connection.execute(select(mine).where(mine.c.place == 1))
    found = {row.reader_id: _read(row) for row in newest}
    state.known |= {need: found.get(need.reader) for need in needs}


def _read(row: AnyRow) -> Letter:
    return Letter(row.code, row.sender_id, row.reader_id, row.text, from_ms(row.sent_at))

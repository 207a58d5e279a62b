"""Where somebody is reached who did not just write: the one rule by which a chat of theirs is chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.envelopes import via
from storage.locks import lock_rows
from storage.moments import from_ms, from_optional_ms
from storage.outbox_states import PROACTIVE, UNTIL_HEARD, OutboxState
from storage.statements import Statement, given
from storage.tables import address, outbox, person, session
from storage.windows import WINDOWS, is_open


class Because(StrEnum):
    """Why a message goes where it goes; kept with the message."""

    PREFERRED = "preferred"
    """The person wants it on this channel."""
    WROTE_LAST = "wrote_last"
    """It is where they wrote last, and still open."""
    FREE = "free"
    """Where they wrote last is not open; here it costs nothing."""
    WINDOW = "window"
    """Nothing is free; here they wrote less than a day ago."""
    TEMPLATE = "template"
    """No chat is open: an approved template is needed, and paid for."""
    NAMED = "named"
    """It is about this chat."""
    WAITS = "waits"
    """No chat is open and it has no template: it waits, or waited, until the person writes."""
    NOTICE = "notice"
    """It tells that something waits, as a template."""


class Chosen(NamedTuple):
    """A chat, and why it is the one."""

    address: int
    via: str
    because: Because


def _chats(dialect: str) -> Select[Any]:
    owners = select(given(dialect, address.c.person_id))
    names = ("person_id", "id", "channel", "account", "heard_at")
    return (
        select(*(address.c[name] for name in names), person.c.preferred_channel, session.c.address_id)
        .join(person, person.c.id == address.c.person_id)
        .outerjoin(session, session.c.person_id == address.c.person_id)
        .where(address.c.person_id.in_(owners), address.c.blocked_at.is_(None), address.c.opted_out_at.is_(None))
    )


CHATS = Statement(_chats)
RANKS = (Because.WROTE_LAST, Because.FREE, Because.WINDOW, Because.TEMPLATE)
"""The best first, where the person has not said what they prefer."""
STAY = (Because.NAMED, Because.NOTICE)
"""What concerns its chat alone."""


async def reach(connection: AsyncConnection, people: Collection[int], *, at: int) -> dict[int, Chosen]:
    """Choose the chat in which each of these people is to be told what they did not ask for, with one statement.

    Their own preference comes first; then a chat that is open, where they wrote last or at least at no cost; then one
    that takes templates. Whoever has blocked us or opted out everywhere is not among the chosen.
    """
    return {owner: _choose(some, at) for owner, some in (await _reachable(connection, people)).items()}


async def reach_freely(connection: AsyncConnection, people: Collection[int], *, at: int) -> dict[int, Chosen]:
    """Choose a chat that is open, whatever they prefer; who has none is not among the chosen."""
    is_template = RANKS.index(Because.TEMPLATE)
    found = {
        owner: [row for row in rows if _rank(row, at) < is_template]
        for owner, rows in (await _reachable(connection, people)).items()
    }
    return {owner: _choose(rows, at) for owner, rows in found.items() if rows}


async def _reachable(connection: AsyncConnection, people: Collection[int]) -> Mapping[int, list[Sequence[Any]]]:
    rows: defaultdict[int, list[Sequence[Any]]] = defaultdict(list)
    for row in await CHATS.fetch(connection, {"person_id": list(people)}):
        rows[row[0]].append(row)
    return rows


def _choose(rows: Sequence[Sequence[Any]], at: int) -> Chosen:
    preferred = [row for row in rows if row[2] == row[5]]
    ranked = min((_rank(row, at), -(row[4] or 0), row[1]) for row in preferred or rows)
    chosen = next(row for row in rows if row[1] == ranked[2])
    because = Because.PREFERRED if preferred else RANKS[ranked[0]]
    return Chosen(chosen[1], via(chosen[2], chosen[3]), because)


def _rank(row: Sequence[Any], at: int) -> int:
    _, number, channel, _, heard_at, _, wrote_last = row
    if not is_open(channel, from_optional_ms(heard_at), from_ms(at)):
        return RANKS.index(Because.TEMPLATE)
    if number == wrote_last:
        return RANKS.index(Because.WROTE_LAST)
    return RANKS.index(Because.WINDOW if channel in WINDOWS else Because.FREE)


async def opt_out(connection: AsyncConnection, chat: int, opted_out_at: int | None, *, now: int) -> set[str]:
    """Send nothing unasked to a chat since this moment, or do so again (``None``); give by what waiting messages go."""
    await lock_rows(connection, address, [chat])
    await connection.execute(update(address).where(address.c.id == chat).values(opted_out_at=opted_out_at))
    return set() if opted_out_at is None else await redirect(connection, [chat], at=now, reason="opted out")


async def redirect(
    connection: AsyncConnection, chats: Collection[int], *, at: int, reason: str, owner: int | None = None
) -> set[str]:
    """Let what waits unasked for these chats, which do not take it any more, reach its people in another way.

    What cannot is given up for this reason. ``owner``: whose it is, where the chats are somebody else's by now.
    Gives by what it goes out now.
    """
    waits = (outbox.c.state == OutboxState.WAITING) & outbox.c.priority.in_(PROACTIVE)
    mine = select(outbox.c.id, outbox.c.chosen_because, outbox.c.not_before, address.c.person_id).join(address)
    rows = (await connection.execute(mine.where(waits, address.c.id.in_(chats)).order_by(outbox.c.id))).all()
    found = await reach(connection, {owner or row.person_id for row in rows}, at=at) if rows else {}
    given_up = {"state": OutboxState.FAILED, "reason": reason, "done_at": at}
    vias = set()
    for row in rows:
        chosen = None if row.chosen_because in STAY else found.get(owner or row.person_id)
        values = given_up
        if chosen:
            values = {"address_id": chosen.address, "via": chosen.via, "chosen_because": chosen.because}
            values |= {"not_before": 0} if row.not_before == UNTIL_HEARD else {}
            vias.add(chosen.via)
        await connection.execute(update(outbox).where(waits, outbox.c.id == row.id).values(values))
    return vias

"""The first half of a batch: which events are new, who sent them, and what those people hold.

Several processes may be at this on one PostgreSQL. Everything that a batch waits for is taken in one order everywhere:
keys of events, addresses of strangers, people, addresses heard from, what they are asked; each sorted
(``docs/storage.md``).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from conversations.session import NEW_SESSION
from storage.envelopes import MOST_KEY_CHARACTERS, AddressKey, Envelope
from storage.errors import StorageError
from storage.identity import identify
from storage.inserting import change, dialect_insert, insert_into, write_many
from storage.locks import writes_alone
from storage.moments import as_ms, from_optional_ms
from storage.rows import PERSON, read_person, read_session
from storage.statements import Statement, given
from storage.tables import address, event_key, person, session
from storage.turn_state import KnownAddress, Speaker, TurnState
from storage.ways import release
from storage.windows import WINDOWS, is_open

Wanted = dict[AddressKey | int, Envelope]
"""The senders, each with the first of their events."""
Found = dict[AddressKey, Sequence[Any]]
"""Addresses with their rows of ``_speakers``."""
PERSON_PLACE = 8
"""Where the columns of the person begin in such a row."""
MOST_MOVES = 5
"""How often a chat may be given to somebody else between two looks: forgetting does it, at most once a batch."""


def _claim(dialect: str) -> ReturningInsert[Any]:
    rows = given(dialect, event_key.c.key)
    fresh = select(rows.c.key, bindparam("at", type_=event_key.c.at.type))
    fresh = fresh.where(true())  # or SQLite takes ON CONFLICT for the condition of a join
    statement = dialect_insert(dialect, event_key).from_select(["key", "at"], fresh)
    return statement.on_conflict_do_nothing().returning(event_key.c.key)


def _speakers() -> Select[Any]:
    names = ("id", "channel", "account", "user", "phone", "heard_at", "blocked_at", "opted_out_at")
    return (
        select(*(address.c[name] for name in names), *PERSON, session.c.address_id, session.c.body)
        .join(person, person.c.id == address.c.person_id)
        .outerjoin(session, session.c.person_id == address.c.person_id)
    )


CLAIM = Statement(_claim)
BY_USER = Statement(lambda dialect: _speakers().where(address.c.user.in_(select(given(dialect, address.c.user)))))
BY_ID = Statement(lambda dialect: _speakers().where(address.c.id.in_(select(given(dialect, address.c.id)))))


def _owners(dialect: str) -> Select[Any]:
    """Lock the owners of chats given by user or number; whoever has the same user elsewhere is locked along."""
    by_user, by_id = (
        select(address.c.person_id).where(each.in_(select(given(dialect, each))))
        for each in (address.c.user, address.c.id)
    )
    owners = union_all(by_user, by_id)
    return select(person.c.id).where(person.c.id.in_(owners)).order_by(person.c.id).with_for_update(key_share=True)


KNOWN = Statement(
    lambda dialect: select(address.c.channel, address.c.account, address.c.user).where(
        address.c.user.in_(select(given(dialect, address.c.user)))
    )
)
OWNERS = Statement(_owners)


async def claim_keys(connection: AsyncConnection, state: TurnState, envelopes: Iterable[Envelope]) -> list[Envelope]:
    """Insert the events' keys; give the events whose key was never seen before, in order.

    Raises:
        StorageError: a key is empty or too long.
    """
    by_key: dict[str, Envelope] = {}
    for envelope in envelopes:
        by_key.setdefault(envelope.key, envelope)
    if not all(0 < len(key) <= MOST_KEY_CHARACTERS for key in by_key):
        raise StorageError(
            f"An event's key of 1 to {MOST_KEY_CHARACTERS} characters was expected; one is longer or empty. "
            "Build it from the channel and its update's number."
        )
    if not by_key:
        return []
    rows = await CLAIM.fetch(connection, {"key": sorted(by_key)}, at=as_ms(state.at))
    fresh = {key for (key,) in rows}
    return [envelope for envelope in by_key.values() if envelope.key in fresh]


async def know_senders(connection: AsyncConnection, state: TurnState, envelopes: Sequence[Envelope]) -> None:
    """Load the senders with their sessions; whoever writes for the first time gets a person and an address.

    From here to the commit no other process takes a turn of theirs.

    Raises:
        StorageError: an event names an address by a number that nobody has.
    """
    wanted: Wanted = {envelope.address: envelope for envelope in reversed(envelopes)}
    known_as = await _identified(connection, envelopes)
    for told, kept in known_as.items():
        wanted.setdefault(kept, wanted.pop(told))
    for key, row in (await _present(connection, wanted)).items():
        _know(state, key, row)
    state.addresses |= {told: state.addresses[kept] for told, kept in known_as.items()}
    await _follow(connection, state, envelopes)
    for envelope in envelopes:
        if envelope.address not in state.addresses:
            raise StorageError(f"A known address was expected; number {envelope.address} is none. Drop its event.")


async def _follow(connection: AsyncConnection, state: TurnState, envelopes: Sequence[Envelope]) -> None:
    """Know where people wrote last who wait for a result in another chat than where they asked for it."""
    known = [state.addresses.get(each.address) for each in envelopes if isinstance(each.address, int)]
    asked = [each for each in known if each]
    moved = {state.speakers[each.person].last_address for each in asked} - state.addresses.keys()
    for row in await BY_ID.fetch(connection, {"id": sorted(moved)}) if moved else ():
        _know(state, AddressKey(row[1], row[2], row[3]), row)


async def _identified(connection: AsyncConnection, envelopes: Sequence[Envelope]) -> Mapping[AddressKey, AddressKey]:
    """Find out under which names those are known whose phone numbers were told."""
    phones = {each.address: each.phone for each in envelopes if each.phone and isinstance(each.address, AddressKey)}
    return await identify(connection, phones) if phones else {}


async def note_heard(connection: AsyncConnection, state: TurnState, envelopes: Sequence[Envelope]) -> None:
    """Keep when people wrote, on channels where that opens a window; an older message that comes late moves nothing."""
    heard: dict[int, int] = {}
    were_closed: set[int] = set()
    for envelope in envelopes:
        if isinstance(envelope.address, AddressKey) and envelope.address.channel in WINDOWS:
            known = state.addresses[envelope.address]
            at = as_ms(min(envelope.sent_at or envelope.event.at, envelope.event.at))
            if at > heard.get(known.id, known.heard_at or 0):
                heard[known.id] = at
                if not is_open(envelope.address.channel, from_optional_ms(known.heard_at), state.at):
                    were_closed.add(known.id)
    rows = [{"this_id": number, "heard_at": at} for number, at in sorted(heard.items())]
    await write_many(connection, change(address, ("heard_at",)), rows)
    if were_closed:
        await release(connection, were_closed)


async def _present(connection: AsyncConnection, wanted: Wanted) -> Found:
    """Give the senders' rows when strangers have been welcomed and nobody else has a turn of theirs under way."""
    if writes_alone(connection):
        found = await _find(connection, wanted)
        return await _find(connection, wanted) if await _welcome(connection, wanted, found) else found
    rows = await KNOWN.fetch(connection, {"user": _users(wanted)})
    await _welcome(connection, wanted, {AddressKey(*row) for row in rows})
    held: set[int] = set()
    for _ in range(MOST_MOVES):
        held |= await _lock_owners(connection, wanted)
        found = await _find(connection, wanted)
        if held.issuperset(row[PERSON_PLACE] for row in found.values()):
            return found
    raise StorageError("Chats of lasting owners were expected; they were given away again and again. Try again.")


async def _lock_owners(connection: AsyncConnection, wanted: Wanted) -> set[int]:
    """Keep other processes from taking turns of whoever these chats belong to; give who that is."""
    rows = await OWNERS.fetch(connection, {"user": _users(wanted), "id": _ids(wanted)})
    return {person_id for (person_id,) in rows}


async def _find(connection: AsyncConnection, wanted: Wanted) -> Found:
    """Give a row of ``_speakers`` for each of these addresses that is there."""
    users, ids = _users(wanted), _ids(wanted)
    found: Found = {}
    for row in await BY_USER.fetch(connection, {"user": users}) if users else ():
        key = AddressKey(row[1], row[2], row[3])
        if key in wanted:
            found[key] = row
    for row in await BY_ID.fetch(connection, {"id": ids}) if ids else ():
        found[AddressKey(row[1], row[2], row[3])] = row
    return found


def _users(wanted: Wanted) -> list[str]:
    return [each.user for each in wanted if isinstance(each, AddressKey)]


def _ids(wanted: Wanted) -> list[int]:
    return [each for each in wanted if isinstance(each, int)]


def _know(state: TurnState, key: AddressKey, row: Sequence[Any]) -> None:
    number, _, _, _, phone, heard_at, blocked_at, opted_out_at, owner, *_, last_address, body = row
    state.addresses[key] = state.addresses[number] = KnownAddress(
        id=number,
        key=key,
        person=owner,
        phone=phone,
        heard_at=heard_at,
        is_blocked=blocked_at is not None,
        is_opted_out=opted_out_at is not None,
    )
    if owner in state.speakers:
        return
    kept = read_session(body)
    if kept is None:
        state.lost_sessions += 1
    known = read_person(row[PERSON_PLACE : PERSON_PLACE + len(PERSON)])
    is_stored = bool(kept and body)
    state.speakers[owner] = Speaker(known, kept or NEW_SESSION, last_address or number, is_stored=is_stored)


async def _welcome(connection: AsyncConnection, wanted: Wanted, known: Container[AddressKey]) -> bool:
    """Insert those who are not known, with their addresses, and tell whether there were any.

    Where another process has just done so, its person stays.
    """
    strangers = {key: each for key, each in wanted.items() if isinstance(key, AddressKey) and key not in known}
    if not strangers:
        return False
    keys = sorted(strangers, key=lambda key: (key.user, key.channel, key.account))
    languages = ["en" if strangers[key].language.lower().startswith("en") else "id" for key in keys]
    made = insert(person).returning(person.c.id, sort_by_parameter_order=True)
    people = (await connection.scalars(made, [{"language": language} for language in languages])).all()
    rows = [
        {
            "channel": key.channel,
            "account": key.account,
            "user": key.user,
            "phone": strangers[key].phone,
            "person_id": one,
        }
        for key, one in zip(keys, people, strict=True)
    ]
    bound = insert_into(connection, address).on_conflict_do_nothing().returning(address.c.person_id)
    kept = set((await connection.scalars(bound, rows)).all())
    if needless := [one for one in people if one not in kept]:
        await connection.execute(delete(person).where(person.c.id.in_(needless)))
    return True

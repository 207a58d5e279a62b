"""The first half of a batch: which events are new, who sent them, and what those people hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.people import Person
from conversations.session import NEW_SESSION
from storage.envelopes import MOST_KEY_CHARACTERS, AddressKey, Envelope
from storage.errors import StorageError
from storage.inserting import insert_into
from storage.moments import as_ms
from storage.rows import read_person, read_session
from storage.tables import address, event_key, person, session
from storage.tables.base import AnyRow
from storage.turn_state import KnownAddress, Speaker, TurnState

_speakers = (
    select(
        address.c.id,
        address.c.channel,
        address.c.account,
        address.c.user,
        address.c.blocked_at,
        address.c.person_id,
        person.c.name,
        person.c.honorific,
        person.c.language,
        person.c.consented_at,
        session.c.address_id,
        session.c.body,
    )
    .join(person, person.c.id == address.c.person_id)
    .outerjoin(session, session.c.person_id == address.c.person_id)
)

_by_user = _speakers.where(address.c.user.in_(bindparam("values", expanding=True)))
_by_id = _speakers.where(address.c.id.in_(bindparam("values", expanding=True)))


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
    rows = [{"key": key, "at": as_ms(state.at)} for key in by_key]
    statement = insert_into(connection, event_key).on_conflict_do_nothing().returning(event_key.c.key)
    fresh = set((await connection.scalars(statement, rows)).all())
    return [envelope for envelope in by_key.values() if envelope.key in fresh]


async def know_senders(connection: AsyncConnection, state: TurnState, envelopes: Sequence[Envelope]) -> None:
    """Load the senders with their sessions; whoever writes for the first time gets a person and an address.

    Raises:
        StorageError: an event names an address by a number that nobody has.
    """
    await _load(connection, state, {envelope.address for envelope in envelopes})
    strangers = {
        envelope.address: envelope for envelope in reversed(envelopes) if envelope.address not in state.addresses
    }
    if strangers:
        await _welcome(connection, state, strangers)
    for envelope in envelopes:
        if envelope.address not in state.addresses:
            raise StorageError(f"A known address was expected; number {envelope.address} is none. Drop its event.")


async def _load(connection: AsyncConnection, state: TurnState, wanted: set[AddressKey | int]) -> None:
    users = [each.user for each in wanted if isinstance(each, AddressKey)]
    ids = [each for each in wanted if isinstance(each, int)]
    for statement, values in ((_by_user, users), (_by_id, ids)):
        if values:
            for row in (await connection.execute(statement, {"values": values})).all():
                key = AddressKey(row.channel, row.account, row.user)
                if key in wanted or row.id in wanted:
                    _know(state, row, key)


def _know(state: TurnState, row: AnyRow, key: AddressKey) -> None:
    known = KnownAddress(row.id, key, row.person_id, is_blocked=row.blocked_at is not None)
    state.addresses[key] = state.addresses[row.id] = known
    if row.person_id in state.speakers:
        return
    found = read_session(row.body)
    if found is None:
        state.lost_sessions += 1
    state.speakers[row.person_id] = Speaker(
        read_person(row), found or NEW_SESSION, row.address_id or row.id, is_stored=bool(found and row.body)
    )


async def _welcome(connection: AsyncConnection, state: TurnState, strangers: dict[AddressKey | int, Envelope]) -> None:
    keys = [key for key in strangers if isinstance(key, AddressKey)]
    if not keys:
        return
    languages = ["en" if strangers[key].language.lower().startswith("en") else "id" for key in keys]
    people = await _insert(connection, person, [{"language": language} for language in languages])
    addresses = await _insert(
        connection,
        address,
        [
            {"channel": key.channel, "account": key.account, "user": key.user, "person_id": one}
            for key, one in zip(keys, people, strict=True)
        ],
    )
    for key, one, where, language in zip(keys, people, addresses, languages, strict=True):
        state.addresses[key] = state.addresses[where] = KnownAddress(where, key, one)
        state.speakers[one] = Speaker(Person(id=one, language=language), NEW_SESSION, where, is_stored=False)


async def _insert(connection: AsyncConnection, table: Any, rows: list[dict[str, Any]]) -> Sequence[int]:
    """Insert rows and give their ids in the same order."""
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return (await connection.scalars(statement, rows)).all()

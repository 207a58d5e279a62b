"""People whom a channel names by an id of its own, by their phone number, or by both: one chat, whichever it says.

Only channels that tell phone numbers come here. A number is given to somebody else now and then, an id never: whoever
has another id is another person, and takes the number with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.belonging import merge_chats
from storage.envelopes import AddressKey
from storage.locks import lock_rows
from storage.statements import Statement, given
from storage.tables import address, person

Phones = Mapping[AddressKey, str]
"""Phone numbers as the channel told them with these senders."""
Line = tuple[str, str, str]
"""A phone number with the channel and account that know it."""

_log = structlog.get_logger(__name__)


class Chat(NamedTuple):
    """An address as it is stored."""

    id: int
    channel: str
    account: str
    user: str
    phone: str
    person: int

    @property
    def key(self) -> AddressKey:
        """Give the name under which it is known."""
        return AddressKey(self.channel, self.account, self.user)

    @property
    def has_id(self) -> bool:
        """Tell whether more than its phone number is known."""
        return self.user != self.phone


def _chats() -> Select[Any]:
    return select(*(address.c[name] for name in ("id", "channel", "account", "user", "phone", "person_id")))


def _told(dialect: str) -> Any:
    by_user = _chats().where(address.c.user.in_(select(given(dialect, address.c.user))))
    by_phone = _chats().where(address.c.phone != "", address.c.phone.in_(select(given(dialect, address.c.phone))))
    return by_user.union(by_phone)


TOLD = Statement(_told)


class Move(NamedTuple):
    """The channel says that somebody has another id and phone number from now on."""

    before: AddressKey
    phone_before: str
    """Empty: it is not told."""
    after: AddressKey
    """By the number where no id is told."""
    phone: str


@dataclass
class Known:
    """What is stored about those of whom something was told."""

    by_key: dict[AddressKey, Chat] = field(default_factory=dict)
    by_line: defaultdict[Line, list[Chat]] = field(default_factory=lambda: defaultdict(list))


async def identify(connection: AsyncConnection, phones: Phones) -> Mapping[AddressKey, AddressKey]:
    """Bring what is stored in line with what was told; give for a bare number the name under which it is known.

    Where id and number were two chats so far, the chat of the number becomes part of that of the id.
    """
    known = await _read(connection, phones)
    if any(_differs(known, key, phone) for key, phone in phones.items()):
        await lock_rows(connection, person, {each.person for each in known.by_key.values()} | _owners(known))
        known = await _read(connection, phones)
        for key, phone in sorted(phones.items(), key=lambda told: told[0].user):
            if _differs(known, key, phone):
                await _settle(connection, known, (key, phone))
        known = await _read(connection, phones)
    with_id = {_line(key, phone): key for key, phone in phones.items() if key.user != phone}
    return {
        key: found
        for key, phone in phones.items()
        if key.user == phone and (found := _name_of(known, key, with_id)) != key
    }


async def move(connection: AsyncConnection, told: Move) -> None:
    """Let a chat go on under its new name; with one that has it already it becomes one. Strangers are not noted."""
    phones = {told.before: told.phone_before, told.after: told.phone}
    known = await _read(connection, phones)
    await lock_rows(connection, person, {each.person for each in known.by_key.values()} | _owners(known))
    known = await _read(connection, phones)
    line = _line(told.before, told.phone_before)
    chat = known.by_key.get(told.before) or next(iter(known.by_line[line] if told.phone_before else ()), None)
    if chat is None:
        return
    after = chat.key if chat.has_id and told.after.user == told.phone else told.after
    if (there := known.by_key.get(after)) is None:
        await _write(connection, chat, user=after.user, **({"phone": told.phone} if after.user == told.phone else {}))
    elif there != chat and not await merge_chats(connection, (chat.id, chat.person), (there.id, there.person)):
        _log.warning("chats_kept_apart", channel=after.channel, addresses=[chat.id, there.id])
    if told.phone:
        await identify(connection, {after: told.phone})


async def _read(connection: AsyncConnection, phones: Phones) -> Known:
    known = Known()
    told = {"user": sorted({key.user for key in phones}), "phone": sorted(set(phones.values()) - {""})}
    for row in await TOLD.fetch(connection, told):
        chat = Chat(*row)
        known.by_key[chat.key] = chat
        if chat.phone:
            known.by_line[_line(chat.key, chat.phone)].append(chat)
    return known


def _line(key: AddressKey, phone: str) -> Line:
    return (key.channel, key.account, phone)


def _owners(known: Known) -> set[int]:
    return {each.person for chats in known.by_line.values() for each in chats}


def _differs(known: Known, key: AddressKey, phone: str) -> bool:
    """Tell whether more was told than is stored, or something else."""
    if key.user == phone:
        return False
    chat = known.by_key.get(key)
    others = [each for each in known.by_line[_line(key, phone)] if each != chat]
    return bool(others) or (chat is not None and chat.phone != phone)


def _name_of(known: Known, key: AddressKey, with_id: Mapping[Line, AddressKey]) -> AddressKey:
    if key in known.by_key:
        return key
    line = _line(key, key.user)
    return next((each.key for each in known.by_line[line]), with_id.get(line, key))


async def _settle(connection: AsyncConnection, known: Known, told: tuple[AddressKey, str]) -> None:
    key, phone = told
    chat = known.by_key.get(key)
    for other in known.by_line[_line(key, phone)]:
        if other == chat:
            continue
        if other.has_id:
            await _write(connection, other, phone="")
        elif chat is None:
            await _write(connection, other, user=key.user)
            chat = other
        elif not await merge_chats(connection, (other.id, other.person), (chat.id, chat.person)):
            await _write(connection, other, phone="")
            _log.warning("chats_kept_apart", channel=key.channel, addresses=[other.id, chat.id])
    if chat is not None and chat.phone != phone:
        await _write(connection, chat, phone=phone)


async def _write(connection: AsyncConnection, chat: Chat, **values: str) -> None:
    await connection.execute(update(address).where(address.c.id == chat.id).values(values))

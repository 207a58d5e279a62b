"""Whatever Telegram, or somebody who passes for it, answers or posts."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from bot.channels.telegram.decoding import Decoded, decode_update, decode_updates
from conversations.events import MOST_TEXT_CHARACTERS, Event
from tests.bot.clocks import NOON
from tests.telegram_server.oddities import ODDITIES

MOST_IN_64_BITS = 2**63


def check(content: bytes) -> None:
    """Read bytes as an array of updates and as a single one."""
    for each in _read_all(content):
        check_decoded(each)
    try:
        check_decoded(decode_update(content, bot="1", at=NOON))
    except msgspec.DecodeError:
        return


def check_decoded(decoded: Decoded) -> None:
    """Hold what was made of an update against what every part of the program may rely on."""
    if decoded.problem:
        assert decoded == Decoded(decoded.update_id, problem=decoded.problem)
        return
    if decoded.envelope is None:
        return
    written = msgspec.json.encode(decoded.envelope)
    assert msgspec.json.decode(written, type=type(decoded.envelope)) == decoded.envelope
    assert b"\\u0000" not in written, "PostgreSQL keeps no NUL in a text"
    assert len(decoded.envelope.key) < 64
    assert int(decoded.envelope.address.user) in range(-MOST_IN_64_BITS, MOST_IN_64_BITS)  # type: ignore[union-attr]
    _check_event(decoded.envelope.event)


def _check_event(event: Event) -> None:
    assert event.at == NOON
    assert int(event.message or 0) in range(-MOST_IN_64_BITS, MOST_IN_64_BITS)
    for field in ("text", "caption", "data", "album"):
        assert len(getattr(event, field, "")) <= MOST_TEXT_CHARACTERS
    assert -90 <= getattr(event, "latitude", 0) <= 90
    assert -180 <= getattr(event, "longitude", 0) <= 180


def _read_all(content: bytes) -> tuple[Decoded, ...]:
    try:
        return decode_updates(content, bot="1", at=NOON)
    except msgspec.DecodeError:
        return ()


def seeds() -> Iterable[bytes]:
    """Give the oddities, one by one and all together."""
    updates = [{"update_id": 9, **odd.update} for odd in ODDITIES]
    yield from (json.dumps([update]).encode() for update in updates)
    yield from (json.dumps(update).encode() for update in updates)

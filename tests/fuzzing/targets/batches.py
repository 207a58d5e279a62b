"""Whatever Meta, or somebody who knows the app secret, brings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.channels.whatsapp.decoding import Decoded, decode_batch
from conversations.events import MOST_TEXT_CHARACTERS
from storage.envelopes import MOST_KEY_CHARACTERS, Envelope
from storage.statuses import DeliveryStatus
from tests.bot.clocks import NOON

METADATA = {"display_phone_number": "628001", "phone_number_id": "200100"}
CONTACT = {"profile": {"name": "Ahmad"}, "wa_id": "62811", "user_id": "ID.77"}
MESSAGES: tuple[dict[str, Any], ...] = (
    {"type": "text", "text": {"body": "halo"}, "context": {"id": "wamid.1"}},
    {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "a:1:x", "title": "Ada"}}},
    {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "y", "title": "Ya"}}},
    {"type": "button", "button": {"payload": "c:1", "text": "Lanjut"}},
    {"type": "image", "image": {"id": "7", "mime_type": "image/jpeg", "caption": "Akta"}},
    {"type": "document", "document": {"id": "8", "filename": "../surat.pdf"}},
    {"type": "location", "location": {"latitude": -2.99, "longitude": 104.75}},
    {"type": "contacts", "contacts": [{"phones": [{"phone": "+62 811", "wa_id": "62811"}]}]},
    {"type": "edit", "edit": {"original_message_id": "wamid.2", "message": {"type": "text", "text": {"body": "13"}}}},
    {"type": "revoke", "revoke": {"original_message_id": "wamid.2"}},
    {"type": "unsupported", "unsupported": {"type": "poll"}, "errors": [{"code": 131051}]},
    {"type": "reaction", "reaction": {"emoji": "👍"}},
)
STATUS = {
    "id": "wamid.9",
    "status": "failed",
    "timestamp": "1749408383",
    "recipient_id": "62811",
    "recipient_user_id": "ID.77",
    "biz_opaque_callback_data": "4711",
    "errors": [{"code": 131047}],
    "pricing": {"billable": True, "type": "regular", "category": "service"},
}
PREFERENCE = {"wa_id": "62811", "user_id": "ID.77", "value": "stop", "timestamp": 1749408383}


def check(content: bytes) -> None:
    """Read bytes as a request of Meta's."""
    try:
        brought = decode_batch(content, at=NOON)
    except msgspec.DecodeError:
        return
    for each in brought.decoded:
        _check_decoded(each)


def _check_decoded(decoded: Decoded) -> None:
    """Hold what was made of a change against what every part of the program may rely on."""
    assert len(decoded.receipts) == len(decoded.envelopes)
    for envelope in decoded.envelopes:
        _check_kept(envelope, Envelope)
        assert 0 < len(envelope.key) <= MOST_KEY_CHARACTERS
        assert envelope.event.at == NOON
        assert envelope.phone == "" or envelope.phone.isdecimal()
        for field in ("text", "caption", "data"):
            assert len(getattr(envelope.event, field, "")) <= MOST_TEXT_CHARACTERS
    for status in decoded.statuses:
        _check_kept(status, DeliveryStatus)
    for opt_out in decoded.opt_outs:
        _check_kept(opt_out, type(opt_out))


def _check_kept(value: msgspec.Struct, kind: type[msgspec.Struct]) -> None:
    written = msgspec.json.encode(value)
    assert msgspec.json.decode(written, type=kind) == value
    assert b"\\u0000" not in written, "PostgreSQL keeps no NUL in a text"


def batch(*messages: object, **value: object) -> dict[str, Any]:
    """Make a request with these messages in it."""
    whole = {"metadata": METADATA, "contacts": [CONTACT], "messages": list(messages), **value}
    return {"entry": [{"id": "1", "changes": [{"field": "messages", "value": whole}]}]}


def message(**fields: object) -> dict[str, Any]:
    """Make a message of Ahmad's."""
    return {"from": "62811", "from_user_id": "ID.77", "id": "wamid.5", "timestamp": "1749408383", **fields}


def seeds() -> Iterable[bytes]:
    """Give each kind of message, report and preference, one by one and all together."""
    messages = [message(**each) for each in MESSAGES]
    batches = [*(batch(each) for each in messages), batch(*messages, statuses=[STATUS], errors=[{"code": 130429}])]
    preferences = batch(user_preferences=[PREFERENCE])
    preferences["entry"][0]["changes"][0]["field"] = "user_preferences"
    yield from (json.dumps(each).encode() for each in (*batches, preferences))
    yield json.dumps(batch(message(type="text", text={"body": "\x00"}, id="\x00", **{"from": "\x00"}))).encode()
    yield b'{"entry": []}'

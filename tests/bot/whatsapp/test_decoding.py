"""From what Meta brings to our events and reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bot.channels.whatsapp.decoding import Brought, OptOut, decode_batch
from conversations.events import (
    ChoiceTapped,
    ContactReceived,
    Event,
    FileReceived,
    IncomingFile,
    LocationReceived,
    TextEdited,
    TextReceived,
    UnsupportedReceived,
)
from storage.statuses import DeliveryStatus
from storage.turns import AddressKey, Envelope
from tests.bot.clocks import NOON

METADATA = {"display_phone_number": "628001", "phone_number_id": "200100"}
AHMAD = {"profile": {"name": "Ahmad"}, "wa_id": "62811", "user_id": "ID.77"}
SENT_AT = datetime(2025, 6, 8, 18, 46, 23, tzinfo=UTC)


def message(kind: str, content: object, **fields: object) -> dict[str, Any]:
    """Make a message of Ahmad's."""
    identity = {"from": "62811", "from_user_id": "ID.77", "id": "wamid.5", "timestamp": "1749408383"}
    return {**identity, "type": kind, kind: content, **fields}


def text(said: str, **fields: object) -> dict[str, Any]:
    """Make a typed message of Ahmad's."""
    return message("text", {"body": said}, **fields)


def batch(*values: dict[str, Any]) -> bytes:
    """Write a request with these in it, each in an entry of its own."""
    changes = [{"field": "messages", "value": {"messaging_product": "whatsapp", **value}} for value in values]
    return msgspec.json.encode({"object": "whatsapp_business_account", "entry": [{"changes": [c]} for c in changes]})


def said(*messages: object, **value: object) -> dict[str, Any]:
    """Make the value of a change that brings messages of Ahmad's."""
    return {"metadata": METADATA, "contacts": [AHMAD], "messages": list(messages), **value}


def envelopes(brought: Brought) -> list[Envelope]:
    """Give all the envelopes in order."""
    return [each for part in brought.decoded for each in part.envelopes]


def only(*values: dict[str, Any]) -> Envelope:
    """Decode a request to the one envelope in it."""
    (found,) = envelopes(decode_batch(batch(*values), at=NOON))
    return found


def event(kind: str, content: object, **fields: object) -> Event:
    """Decode one message to its event."""
    return only(said(message(kind, content, **fields))).event


def test_an_envelope_says_where_from_who_and_when() -> None:
    envelope = only(said(text("halo")))

    assert envelope.key == "whatsapp:200100:wamid.5"
    assert envelope.address == AddressKey("whatsapp", "200100", "ID.77")
    assert (envelope.phone, envelope.sent_at, envelope.language) == ("62811", SENT_AT, "id")


@pytest.mark.parametrize(
    ("contact", "identity", "user", "phone"),
    [
        ({"wa_id": "62811"}, {"from": "62811"}, "62811", "62811"),
        ({"wa_id": "62811", "user_id": "ID.77"}, {"from": "62811"}, "ID.77", "62811"),
        ({"user_id": "ID.77"}, {"from_user_id": "ID.77"}, "ID.77", ""),
        ({"user_id": "ID.77"}, {}, "ID.77", ""),
        ({"wa_id": "62811"}, {"from": "62811", "from_user_id": "ID.77"}, "ID.77", "62811"),
        ({"wa_id": "@ahmad", "user_id": "ID.77"}, {}, "ID.77", ""),
    ],
)
def test_people_are_known_by_their_user_id_first(
    contact: dict[str, str], identity: dict[str, str], user: str, phone: str
) -> None:
    brought = {"id": "wamid.5", "type": "text", "text": {"body": "halo"}, **identity}

    envelope = only({"metadata": METADATA, "contacts": [contact], "messages": [brought]})

    assert (envelope.address.user if isinstance(envelope.address, AddressKey) else "") == user
    assert envelope.phone == phone


def test_of_several_contacts_each_message_finds_its_own() -> None:
    siti = {"wa_id": "62822", "user_id": "ID.88"}
    messages = [text("a"), {"id": "wamid.6", "from": "62822", "type": "text", "text": {"body": "b"}}]

    found = envelopes(decode_batch(batch(said(*messages, contacts=[AHMAD, siti])), at=NOON))

    assert [each.address for each in found] == [AddressKey("whatsapp", "200100", user) for user in ("ID.77", "ID.88")]


def test_nobody_is_answered_who_cannot_be_told() -> None:
    brought = {"metadata": METADATA, "messages": [{"id": "wamid.5", "type": "text", "text": {"body": "halo"}}]}

    assert envelopes(decode_batch(batch(brought), at=NOON)) == []


def test_every_message_of_every_change_and_entry_is_taken_in_order() -> None:
    payload = msgspec.json.decode(batch(said(text("a"), text("b")), said(text("c"))))
    payload["entry"][0]["changes"].append({"field": "messages", "value": said(text("d"))})

    found = envelopes(decode_batch(msgspec.json.encode(payload), at=NOON))

    assert [each.event.text for each in found if isinstance(each.event, TextReceived)] == ["a", "b", "d", "c"]


EVENTS: list[tuple[dict[str, Any], Event]] = [
    (
        text("1200", context={"id": "wamid.3"}),
        TextReceived(at=NOON, message="wamid.5", text="1200", reply_to="wamid.3"),
    ),
    (
        message("interactive", {"type": "button_reply", "button_reply": {"id": "y:1"}}, context={"id": "wamid.3"}),
        ChoiceTapped(at=NOON, message="wamid.3", data="y:1"),
    ),
    (
        message("interactive", {"type": "list_reply", "list_reply": {"id": "a:1:x", "title": "Ada"}}),
        ChoiceTapped(at=NOON, data="a:1:x"),
    ),
    (
        message("button", {"payload": "c:1", "text": "Lanjut"}, context={"id": "wamid.3"}),
        ChoiceTapped(at=NOON, message="wamid.3", data="c:1"),
    ),
    (
        message("button", {"payload": "Lanjut", "text": "Lanjut"}),
        TextReceived(at=NOON, message="wamid.5", text="Lanjut"),
    ),
    (
        message("image", {"id": "777", "mime_type": "image/jpeg", "caption": "Akta"}),
        FileReceived(at=NOON, message="wamid.5", file=IncomingFile("777", "photo"), caption="Akta"),
    ),
    (
        message("document", {"id": "778", "filename": "../surat\u0000.pdf"}, context={"id": "wamid.3"}),
        FileReceived(
            at=NOON, message="wamid.5", file=IncomingFile("778", "document", name="surat.pdf"), reply_to="wamid.3"
        ),
    ),
    (
        message("location", {"latitude": -2.99, "longitude": 104.75, "name": "Kantor"}),
        LocationReceived(at=NOON, message="wamid.5", latitude=-2.99, longitude=104.75),
    ),
    (
        message("contacts", [{"name": {}, "phones": [{"phone": "+62 822", "wa_id": "62822"}]}]),
        ContactReceived(at=NOON, message="wamid.5", phone="+62 822", is_own=False),
    ),
    (
        message("contacts", [{"phones": [{"phone": "+62 811", "wa_id": "62811"}]}]),
        ContactReceived(at=NOON, message="wamid.5", phone="+62 811", is_own=True),
    ),
    (
        message("contacts", [{"phones": [{"phone": "+62 899"}]}], origin="contact_request"),
        ContactReceived(at=NOON, message="wamid.5", phone="+62 899", is_own=True),
    ),
    (
        message("edit", {"original_message_id": "wamid.2", "message": {"type": "text", "text": {"body": "13"}}}),
        TextEdited(at=NOON, message="wamid.2", text="13"),
    ),
    (
        message("edit", {"original_message_id": "wamid.2", "message": {"type": "image", "image": {"caption": "14"}}}),
        TextEdited(at=NOON, message="wamid.2", text="14"),
    ),
    (message("revoke", {"original_message_id": "wamid.2"}), TextEdited(at=NOON, message="wamid.2", text="")),
    (message("unsupported", {"type": "poll"}), UnsupportedReceived(at=NOON, message="wamid.5", kind="poll")),
    (message("audio", {"id": "1", "voice": True}), UnsupportedReceived(at=NOON, message="wamid.5", kind="audio")),
    (message("video", {"id": "1"}), UnsupportedReceived(at=NOON, message="wamid.5", kind="video")),
    (message("sticker", {"id": "1"}), UnsupportedReceived(at=NOON, message="wamid.5", kind="sticker")),
    (message("order", {"product_items": []}), UnsupportedReceived(at=NOON, message="wamid.5", kind="order")),
    (message("hologram", {"depth": 3}), UnsupportedReceived(at=NOON, message="wamid.5", kind="hologram")),
    (
        message("interactive", {"type": "nfm_reply", "nfm_reply": {}}),
        UnsupportedReceived(at=NOON, message="wamid.5", kind="interactive"),
    ),
    (message("contacts", [{"name": {}}]), UnsupportedReceived(at=NOON, message="wamid.5", kind="contacts")),
    (message("image", {}), UnsupportedReceived(at=NOON, message="wamid.5", kind="image")),
]


@pytest.mark.parametrize(("brought", "expected"), EVENTS, ids=lambda value: getattr(value, "kind", ""))
def test_each_kind_of_message_becomes_its_event(brought: dict[str, Any], expected: Event) -> None:
    assert only(said(brought)).event == expected


@pytest.mark.parametrize(
    "brought",
    [
        message("reaction", {"message_id": "wamid.2", "emoji": "👍"}),
        message("system", {"type": "user_changed_number", "wa_id": "62899"}),
        text("halo", group_id="G1"),
    ],
)
def test_what_asks_for_nothing_is_passed_over(brought: dict[str, Any]) -> None:
    found = decode_batch(batch(said(brought)), at=NOON)

    assert (envelopes(found), found.problems) == ([], ())


@pytest.mark.parametrize(
    "odd",
    [
        {"id": 5, "type": "text"},
        {"type": "text", "text": {"body": "without an id"}},
        message("text", "no object"),
        message("location", {"latitude": 91, "longitude": 0}),
        "no message at all",
        None,
    ],
)
def test_a_message_that_cannot_be_read_does_not_take_its_neighbours_with_it(odd: object) -> None:
    status = {"id": "wamid.9", "status": "read", "timestamp": "1", "recipient_id": "62811"}

    found = decode_batch(batch(said(text("a"), odd, text("b"), statuses=[status, odd])), at=NOON)

    assert [each.event for each in envelopes(found)] == [
        TextReceived(at=NOON, message="wamid.5", text=words) for words in ("a", "b")
    ]
    assert [each.status for part in found.decoded for each in part.statuses] == ["read"]
    assert len(found.problems) == 2


@pytest.mark.parametrize("odd", [{"changes": 5}, 7, {"changes": [{"field": "messages", "value": 7}]}])
def test_neither_does_an_entry_or_a_change(odd: object) -> None:
    payload = msgspec.json.decode(batch(said(text("a"))))
    payload["entry"].insert(0, odd)

    found = decode_batch(msgspec.json.encode(payload), at=NOON)

    assert (len(envelopes(found)), len(found.problems)) == (1, 1)


def test_other_kinds_of_changes_are_none_of_ours_whatever_they_hold() -> None:
    payload = {"entry": [{"changes": [{"field": "message_template_status_update", "value": {"messages": 5}}]}]}

    assert decode_batch(msgspec.json.encode(payload), at=NOON) == Brought(())


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"[" * 100_000, b'{"entry": 5}'])
def test_what_is_no_batch_at_all_is_refused(payload: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_batch(payload, at=NOON)


def test_halves_of_characters_are_replaced() -> None:
    payload = batch(said(text("HALF"))).replace(b"HALF", rb"a\ud83d" + b"\xff")

    (found,) = envelopes(decode_batch(payload, at=NOON))

    assert found.event == TextReceived(at=NOON, message="wamid.5", text="a\ufffd\ufffd")


def test_a_report_says_what_became_of_a_message_and_what_it_costs() -> None:
    status = {
        "id": "wamid.9",
        "status": "failed",
        "timestamp": "1749408383",
        "recipient_id": "62811",
        "recipient_user_id": "ID.77",
        "biz_opaque_callback_data": "4711",
        "errors": [{"code": 131047, "title": "Re-engagement message"}],
        "pricing": {"billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"},
    }

    (found,) = decode_batch(batch(said(statuses=[status])), at=NOON).decoded

    assert found.statuses == (
        DeliveryStatus(
            account="200100",
            message="wamid.9",
            status="failed",
            at=SENT_AT,
            tracker="4711",
            recipient="ID.77",
            phone="62811",
            errors=(131047,),
            category="service",
            pricing="free_customer_service",
            is_billable=False,
        ),
    )


@pytest.mark.parametrize("moment", ["", "yesterday", "-5", "9" * 30])
def test_a_report_without_a_moment_happened_when_it_came(moment: str) -> None:
    status = {"id": "wamid.9", "status": "sent", "timestamp": moment}

    (found,) = decode_batch(batch(said(statuses=[status])), at=NOON).decoded

    assert found.statuses == (DeliveryStatus(account="200100", message="wamid.9", status="sent", at=NOON),)


def test_what_is_wrong_with_the_account_is_told() -> None:
    (found,) = decode_batch(batch(said(errors=[{"code": 130429, "title": "Rate limit hit"}])), at=NOON).decoded

    assert found.errors == (130429,)


def test_what_takes_a_while_is_marked_so() -> None:
    (found,) = decode_batch(batch(said(text("halo"), message("image", {"id": "777"}))), at=NOON).decoded

    assert [(each.message, each.takes_a_while) for each in found.receipts] == [("wamid.5", False), ("wamid.5", True)]


@pytest.mark.parametrize(
    ("sender", "system", "expected"),
    [
        ({"from": "62811"}, {"wa_id": "62899"}, ("62811", "62811", "62899", "62899")),
        (
            {"from": "62811", "from_user_id": "ID.77"},
            {"wa_id": "62899", "user_id": "ID.99", "previous_user_id": "ID.77"},
            ("ID.77", "62811", "ID.99", "62899"),
        ),
        ({}, {"user_id": "ID.99", "previous_user_id": "ID.77"}, ("ID.77", "", "ID.99", "")),
        ({}, {"user_id": "ID.99"}, None),
    ],
)
def test_meta_passes_on_who_has_another_number(
    sender: dict[str, str], system: dict[str, str], expected: tuple[str, str, str, str] | None
) -> None:
    brought = {"id": "wamid.5", "type": "system", "system": {"type": "user_changed_number", **system}, **sender}

    (found,) = decode_batch(batch({"metadata": METADATA, "messages": [brought]}), at=NOON).decoded

    moves = [(told.before.user, told.phone_before, told.after.user, told.phone) for told in found.moves]
    assert moves == ([expected] if expected else [])


def test_a_long_id_still_gives_a_key_of_its_own() -> None:
    keys = {only(said(text("halo", id="wamid." + "x" * 500 + end))).key for end in ("1", "2")}

    assert len(keys) == 2
    assert max(map(len, keys)) <= 200


@pytest.mark.parametrize(("value", "since"), [("stop", SENT_AT), ("resume", None)])
def test_meta_passes_on_who_wants_no_more_messages(value: str, since: datetime | None) -> None:
    preference = {"wa_id": "62811", "user_id": "ID.77", "category": "marketing_messages", "timestamp": 1749408383}
    change = {"metadata": METADATA, "contacts": [AHMAD], "user_preferences": [{**preference, "value": value}, 5]}
    payload = {"entry": [{"changes": [{"field": "user_preferences", "value": change}]}]}

    found = decode_batch(msgspec.json.encode(payload), at=NOON)

    assert found.decoded[0].opt_outs == (OptOut(AddressKey("whatsapp", "200100", "ID.77"), since),)
    assert len(found.problems) == 1

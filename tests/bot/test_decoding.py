"""From Telegram's updates to our events."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.channels.telegram.decoding import Decoded, decode_update, decode_updates
from bot.channels.telegram.updates import UNSUPPORTED
from conversations.events import (
    ChoiceTapped,
    ContactReceived,
    FileReceived,
    IncomingFile,
    LocationReceived,
    TextEdited,
    TextReceived,
    UnsupportedReceived,
)
from storage.turns import AddressKey
from tests.bot.clocks import NOON

AHMAD = {"id": 77, "is_bot": False, "first_name": "Ahmad", "last_name": "Yani", "language_code": "id"}
PRIVATE = {"id": 77, "type": "private", "first_name": "Ahmad"}
GROUP = {"id": -100, "type": "supergroup", "title": "Camat"}


def message(**fields: object) -> dict[str, Any]:
    """Make a message of Ahmad's."""
    return {"message": {"message_id": 5, "date": 1, "from": AHMAD, "chat": PRIVATE, **fields}}


def decoded(**update: object) -> Decoded:
    """Decode one update."""
    (found,) = decode_updates(msgspec.json.encode([{"update_id": 9, **update}]), bot="1", at=NOON)
    return found


def event(**update: object) -> object:
    """Decode one update to its event."""
    envelope = decoded(**update).envelope
    return envelope and envelope.event


def test_an_envelope_says_where_from_and_how_often() -> None:
    envelope = decoded(**message(text="halo")).envelope

    assert envelope is not None
    assert envelope.key == "telegram:1:9"
    assert envelope.address == AddressKey("telegram", "1", "77")
    assert envelope.language == "id"


@pytest.mark.parametrize(("code", "language"), [("en-GB", "en"), ("id", "id"), ("jv", "id"), ("", "id")])
def test_the_phones_language_is_a_first_guess(code: str, language: str) -> None:
    sender = {**AHMAD, "language_code": code}

    envelope = decoded(**message(text="halo", **{"from": sender})).envelope

    assert envelope is not None
    assert envelope.language == language


def test_a_text_says_what_it_answers() -> None:
    told = event(**message(text="1200", reply_to_message={"message_id": 3, "chat": PRIVATE}))

    assert told == TextReceived(at=NOON, message="5", text="1200", reply_to="3")


def test_an_edit_names_the_older_message() -> None:
    edited = {"edited_message": message(text="1300", edit_date=2)["message"]}

    assert event(**edited) == TextEdited(at=NOON, message="5", text="1300")


def test_a_tap_names_the_message_that_carried_the_button() -> None:
    tap = {"id": "cb", "from": AHMAD, "data": "y:1", "message": {"message_id": 4, "date": 0, "chat": PRIVATE}}

    found = decoded(callback_query=tap)

    assert found.envelope is not None
    assert found.envelope.event == ChoiceTapped(at=NOON, message="4", data="y:1")
    assert found.callback == "cb"


def test_the_largest_size_of_a_photo_is_taken() -> None:
    sizes = [
        {"file_id": "s", "file_unique_id": "1", "width": 90, "height": 90, "file_size": 1000},
        {"file_id": "l", "file_unique_id": "2", "width": 1280, "height": 960, "file_size": 90000},
        {"file_id": "m", "file_unique_id": "3", "width": 320, "height": 240, "file_size": 9000},
    ]

    told = event(**message(photo=sizes, caption="SK", media_group_id="album"))

    assert told == FileReceived(
        at=NOON, message="5", file=IncomingFile("l", "photo", size_bytes=90000), caption="SK", album="album"
    )


def test_a_document_keeps_its_name() -> None:
    document = {"file_id": "d", "file_name": "SK.pdf", "mime_type": "application/pdf", "file_size": 10}

    told = event(**message(document=document))

    assert isinstance(told, FileReceived)
    assert told.file == IncomingFile("d", "document", name="SK.pdf", size_bytes=10)


def test_a_location_is_in_degrees() -> None:
    told = event(**message(location={"latitude": -2.5, "longitude": 104.75}))

    assert told == LocationReceived(at=NOON, message="5", latitude=-2.5, longitude=104.75)


@pytest.mark.parametrize(("owner", "is_own"), [(77, True), (78, False), (None, False)])
def test_a_contact_counts_as_ones_own_only_when_telegram_says_so(owner: int | None, is_own: bool) -> None:
    card = {"phone_number": "+62811", "first_name": "A"} | ({"user_id": owner} if owner else {})

    assert event(**message(contact=card)) == ContactReceived(at=NOON, message="5", phone="+62811", is_own=is_own)


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_what_we_cannot_use_is_named(kind: str) -> None:
    told = event(**message(**{kind: {"file_id": "f"}}))

    assert told == UnsupportedReceived(at=NOON, message="5", kind=kind)


def test_an_animation_is_no_document() -> None:
    told = event(**message(animation={"file_id": "a"}, document={"file_id": "a"}))

    assert told == UnsupportedReceived(at=NOON, message="5", kind="animation")


@pytest.mark.parametrize(
    "update",
    [
        message(pinned_message={"message_id": 1}),
        {"edited_message": message(location={"latitude": 1, "longitude": 2})["message"]},
        {"channel_post": {"message_id": 1}},
    ],
)
def test_service_messages_are_passed_over(update: dict[str, Any]) -> None:
    assert decoded(**update) == Decoded(9)


def test_a_command_in_a_group_is_answered_with_the_way_to_the_private_chat() -> None:
    assert decoded(**message(text="/start", chat=GROUP)) == Decoded(9, group=-100)


def test_talk_in_a_group_is_not_listened_to() -> None:
    assert decoded(**message(text="rahasia", chat=GROUP)) == Decoded(9)


def test_a_tap_in_a_group_is_only_acknowledged() -> None:
    tap = {"id": "cb", "from": AHMAD, "data": "y", "message": {"message_id": 4, "chat": GROUP}}

    assert decoded(callback_query=tap) == Decoded(9, callback="cb")


@pytest.mark.parametrize("status", ["kicked", "member"])
def test_blocking_and_unblocking_is_seen(status: str) -> None:
    changed = {"chat": PRIVATE, "from": AHMAD, "date": 1, "new_chat_member": {"status": status, "user": AHMAD}}

    found = decoded(my_chat_member=changed)

    assert found == Decoded(9, membership=status, address=AddressKey("telegram", "1", "77"))


def test_an_unreadable_update_does_not_hold_up_the_others() -> None:
    broken = {"update_id": 8, "message": {"message_id": "five"}}
    payload = msgspec.json.encode([broken, {"update_id": 9, **message(text="halo")}])

    first, second = decode_updates(payload, bot="1", at=NOON)

    assert (first.update_id, first.envelope) == (8, None)
    assert first.problem
    assert second.envelope is not None


BROKEN = {
    "half of a surrogate pair": rb"\ud83d",
    "the other half": rb"\uDE00",
    "no UTF-8": b"\xff\xc3",
    "UTF-8 of half a pair": b"\xed\xa0\xbd",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=list(BROKEN))
def test_half_a_character_neither_loses_the_message_nor_holds_up_the_others(broken: bytes) -> None:
    whole = msgspec.json.encode([{"update_id": 8, **message(text="halo")}, {"update_id": 9, **message(text="(?)")}])

    first, second = decode_updates(whole.replace(b"?", broken), bot="1", at=NOON)

    assert first.envelope is not None
    assert second.envelope is not None
    assert isinstance(second.envelope.event, TextReceived)
    assert set(second.envelope.event.text) == set("(\ufffd)")


def test_what_looks_like_half_a_character_and_is_none_stays() -> None:
    text = r"\ud83d \\ud83d 😀"
    sent = msgspec.json.encode({"update_id": 9, **message(text=f"{text}?")}).replace("😀".encode(), rb"\ud83d\ude00")

    found = decode_update(sent.replace(b"?", b"\xff"), bot="1", at=NOON)

    assert found.envelope is not None
    assert found.envelope.event == TextReceived(at=NOON, message="5", text=f"{text}\ufffd")


def test_what_no_database_keeps_is_dropped() -> None:
    document = {"file_id": "d", "file_name": "../\0SK\u202egpj.pdf"}
    given = decoded(**message(document=document, caption="\0nomor 5", media_group_id="a\0" * 99))

    assert given.envelope is not None
    told = given.envelope.event
    assert isinstance(told, FileReceived)
    assert (told.caption, told.file.name, told.album) == ("nomor 5", "SKgpj.pdf", "a" * 64)
    assert event(**message(text="\0")) == TextReceived(at=NOON, message="5", text="")


@pytest.mark.parametrize(
    "wrong",
    [
        message(text="halo", message_id=2**63),
        message(text="halo", chat={"id": -(2**70), "type": "private"}),
        message(location={"latitude": 91, "longitude": 0}),
        message(location={"latitude": 1e300, "longitude": 0}),
        message(text=None),
    ],
)
def test_what_telegram_never_sends_is_a_problem_of_that_update_alone(wrong: dict[str, Any]) -> None:
    found = decoded(**wrong)

    assert found.problem
    assert found.envelope is None


def test_an_update_with_a_number_that_no_database_keeps_can_still_be_passed_over() -> None:
    found = decode_update(b'{"update_id": 99999999999999999999}', bot="1", at=NOON)

    assert (found.update_id, bool(found.problem)) == (99999999999999999999, True)


@pytest.mark.parametrize("payload", [b"", b"{}", b"[{}]", b"[1]", b'[{"update_id": "x"}]', b"[" * 5000])
def test_what_is_no_array_of_updates_is_refused_with_one_error(payload: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_updates(payload, bot="1", at=NOON)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"x":' * 5000])
def test_what_is_no_update_is_refused_with_one_error(payload: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_update(payload, bot="1", at=NOON)


def test_an_update_that_is_nested_too_deeply_is_refused_with_one_error() -> None:
    nested = b'[{"update_id":1,"new":' + b"[" * 5000 + b"]" * 5000 + b"}]"

    with pytest.raises(msgspec.DecodeError, match="nested"):
        decode_updates(nested, bot="1", at=NOON)
    with pytest.raises(msgspec.DecodeError, match="nested"):
        decode_update(nested[1:-1], bot="1", at=NOON)


def test_a_long_text_is_cut_where_our_own_limit_is() -> None:
    told = event(**message(text="x" * 5000))

    assert isinstance(told, TextReceived)
    assert len(told.text) == 4096

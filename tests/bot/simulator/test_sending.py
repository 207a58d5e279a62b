"""What a person does with a phone, and what is refused."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.channels.simulator.uploads import MOST_FILE_BYTES
from conversations.events import ChoiceTapped, FileReceived, LocationReceived, TextEdited, TextReceived
from tests.bot.simulator.conftest import Serving

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def test_a_typed_message_reaches_the_bot_and_its_answer_the_phone(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        answer = await caller.act(phone, "texts", id="me-text-1", text="1.200", reply_to="bot-1")

        assert answer.status_code == 200
        envelope = caller.bot.got[0]
        event = envelope.event
        assert envelope.key == f"simulator:{phone}:me-text-1"
        assert isinstance(event, TextReceived)
        assert (event.text, event.message, event.reply_to) == ("1.200", "me-text-1", "bot-1")
        assert [(each.side, each.text, each.sending) for each in caller.chat(phone)] == [
            ("person", "1.200", "sent"),
            ("bot", "✅ <i>1.200</i>", "sent"),
        ]


async def test_a_tap_names_the_message_and_carries_what_the_button_carries(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        await caller.act(phone, "taps", id="me-tap-01", message="bot-7", data="i:yes")

        event = caller.bot.events[0]
        assert isinstance(event, ChoiceTapped)
        assert (event.message, event.data) == ("bot-7", "i:yes")


async def test_an_edit_changes_the_message_and_tells_the_bot(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.act(phone, "texts", id="me-text-1", text="1.200")

        await caller.act(phone, "edits", id="me-edit-1", message="me-text-1", text="1.300")

        event = caller.bot.events[1]
        assert isinstance(event, TextEdited)
        assert (event.message, event.text) == ("me-text-1", "1.300")
        changed = caller.chat(phone)[0]
        assert (changed.text, changed.is_edited) == ("1.300", True)


async def test_only_ones_own_text_can_be_edited(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.act(phone, "texts", id="me-text-1", text="1.200")
        await caller.act(phone, "places", id="me-place-1", latitude=-2.9, longitude=104.7)
        said = caller.chat(phone)[1].id

        answers = [
            await caller.act(phone, "edits", id="me-edit-1", message=message, text="lain")
            for message in (said, "me-place-1", "me-unknown")
        ]

        assert [answer.status_code for answer in answers] == [404, 400, 404]


async def test_a_place_reaches_the_bot(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        await caller.act(phone, "places", id="me-place-1", latitude=-2.9, longitude=104.7)

        event = caller.bot.events[0]
        assert isinstance(event, LocationReceived)
        assert (event.latitude, event.longitude) == (-2.9, 104.7)


async def test_a_photo_can_be_fetched_by_the_bot_and_seen_on_the_page(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        await caller.upload(phone, PNG, "..\\..\\etc/rekap\n2026.png", caption="rekap", album="album-1")

        event = caller.bot.events[0]
        assert isinstance(event, FileReceived)
        assert (event.caption, event.album) == ("rekap", "album-1")
        assert (event.file.kind, event.file.size_bytes) == ("photo", len(PNG))
        assert "/" not in event.file.name
        assert "\\" not in event.file.name
        assert b"".join([chunk async for chunk in caller.simulator.channel.fetch(event.file)]) == PNG
        seen = await caller.client.get(f"/api/phones/{phone}/files/me-upload-1")
        assert (seen.content, seen.headers["content-type"]) == (PNG, "image/png")


async def test_a_file_that_is_no_picture_is_only_ever_downloaded(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        await caller.upload(phone, b"<script>alert(1)</script>", "foto.png")

        seen = await caller.client.get(f"/api/phones/{phone}/files/me-upload-1")
        assert seen.headers["content-type"] == "application/octet-stream"
        assert seen.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in seen.headers["content-security-policy"]
        assert seen.headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_is_too_large_is_refused_and_not_kept(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        answer = await caller.upload(phone, bytes(MOST_FILE_BYTES + 1))

        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
        assert caller.bot.got == []
        assert caller.chat(phone) == []


async def blanks(amount: int) -> AsyncIterator[bytes]:
    for _ in range(amount):
        yield b" " * 16 * 1024


async def test_a_body_that_does_not_say_how_long_it_is_is_cut_off_all_the_same(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        short = await caller.client.post(f"/api/phones/{phone}/texts", content=blanks(1))
        long = await caller.client.post(f"/api/phones/{phone}/texts", content=blanks(8))

    assert [short.status_code, long.status_code] == [400, 413]


async def test_an_empty_file_and_a_form_that_is_none_are_refused(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        empty = await caller.upload(phone, b"")
        none = await caller.client.post(f"/api/phones/{phone}/files", data={"id": "me-upload-1", "kind": "photo"})

        assert [each.json()["error"] for each in (empty, none)] == ["empty_file", "bad_request"]


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("texts", {}),
        ("texts", {"id": "me-text-1", "text": " \n "}),
        ("texts", {"id": "me-text-1", "text": "x" * 4097}),
        ("texts", {"id": "../../x", "text": "halo"}),
        ("texts", {"id": "me-text-1", "text": "halo", "reply_to": "a/b"}),
        ("texts", {"id": "me-text-1", "text": 7}),
        ("texts", {"id": "me-text-1", "text": "halo", "more": 1}),
        ("taps", {"id": "me-tap-01", "message": "bot-1", "data": ""}),
        ("taps", {"id": "me-tap-01", "message": "bot-1", "data": "x" * 257}),
        ("places", {"id": "me-place-1", "latitude": 91, "longitude": 0}),
        ("invitation", {"id": ""}),
    ],
)
async def test_a_body_that_is_not_what_was_expected_is_refused(
    serve: Serving, what: str, content: dict[str, object]
) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        answer = await caller.act(phone, what, **content)

        assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
        assert answer.json()["detail"]
        assert caller.bot.got == []


async def test_a_message_that_was_not_taken_is_marked_and_can_be_sent_again_once(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        caller.bot.is_broken = True

        failed = await caller.act(phone, "texts", id="me-text-1", text="halo")
        assert (failed.status_code, failed.json()["error"]) == (503, "not_taken")
        assert [each.sending for each in caller.chat(phone)] == ["failed"]
        caller.bot.is_broken = False
        for _ in range(2):
            await caller.act(phone, "retries", message="me-text-1")

        assert [each.sending for each in caller.chat(phone)] == ["sent", "sent"]
        assert len(caller.bot.got) == 1


async def test_a_file_that_was_not_taken_is_sent_again_with_its_content(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        caller.bot.is_broken = True
        await caller.upload(phone, PNG)
        caller.bot.is_broken = False

        await caller.act(phone, "retries", message="me-upload-1")

        event = caller.bot.events[0]
        assert isinstance(event, FileReceived)
        assert b"".join([chunk async for chunk in caller.simulator.channel.fetch(event.file)]) == PNG


async def test_nobody_can_speak_under_the_id_of_what_the_bot_said(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.act(phone, "texts", id="me-text-1", text="halo")
        said = caller.chat(phone)[1]

        answer = await caller.act(phone, "texts", id=said.id, text="palsu")

        assert answer.status_code == 404
        assert caller.chat(phone)[1] == said


async def test_a_phone_that_does_not_exist_is_refused(serve: Serving) -> None:
    async with serve() as caller:
        answer = await caller.act("phone-..%2f..", "texts", id="me-text-1", text="halo")

        assert answer.status_code == 404


async def test_what_cannot_be_kept_is_refused_before_it_reaches_the_bot(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        nested: dict[str, Any] = {"content": b"[" * 3000, "headers": {"content-type": "application/json"}}
        half = {"id": "me-file-01", "kind": "photo", "caption": r"\ud800"}
        named = {"files": {"file": ("a.png", PNG)}, "data": half}

        answers = [
            await caller.act(phone, "texts", id="me-text-1", text="1\0"),
            await caller.act(phone, "texts", id="me-text-2", text=" \n"),
            await caller.act(phone, "taps", id="me-tap-01", message="bot-1", data="a:\0"),
            await caller.client.post(f"/api/phones/{phone}/texts", **nested),
            await caller.client.post(f"/api/phones/{phone}/files", **in_another_alphabet(caller.client, named)),
        ]

        assert [answer.status_code for answer in answers] == [400] * 5
        assert not caller.bot.got


def in_another_alphabet(client: httpx.AsyncClient, form: dict[str, Any]) -> dict[str, Any]:
    """Say of a form that its texts are escaped, so that they hold what no text holds."""
    request = client.build_request("POST", "/", **form)
    kind = f"{request.headers['content-type']}; charset=unicode_escape"
    return {"content": request.read(), "headers": {"content-type": kind}}

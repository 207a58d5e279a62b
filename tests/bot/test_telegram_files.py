"""Files that go out by Telegram: uploaded once, repeated by reference, and never lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.channels import uploading
from bot.channels.connections import Patience
from bot.channels.port import ChannelError
from bot.channels.telegram import files, sending
from bot.channels.telegram.channel import LIMITS
from bot.channels.telegram.ptb import PtbApi
from bot.channels.telegram.sending import Sender
from conversations.events import StoredFile
from conversations.messages import Message
from tests.telegram_server import Fault, Person, TelegramServer

JPEG = b"\xff\xd8\xff a picture"
HEIC = b"\x00\x00\x00\x18ftypheic a picture"


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture
async def sender(server: TelegramServer, tmp_path: Path) -> AsyncIterator[Sender]:
    api = PtbApi(server.token, base_url=server.url, patience=Patience())
    yield Sender(api, LIMITS, lambda sha256: tmp_path / sha256)
    await api.close()


@pytest.fixture
def picture(tmp_path: Path) -> StoredFile:
    return store(tmp_path, JPEG)


def store(folder: Path, content: bytes, *, size_bytes: int = 0) -> StoredFile:
    """Keep a picture under the name that its content has."""
    sha256 = content.hex().ljust(64, "0")[:64]
    (folder / sha256).write_bytes(content)
    return StoredFile(sha256, "foto.jpg", "photo", size_bytes or len(content))


def kinds(person: Person) -> list[str]:
    """Give as what somebody got the files that they got."""
    return [bubble.file.kind for bubble in person.heard if bubble.file]


async def show(sender: Sender, person: Person, file: StoredFile, text: str = "") -> None:
    """Send a file to somebody."""
    await sender.send(str(person.chat.id), Message(text, (), file))


async def test_a_file_for_many_is_uploaded_once(server: TelegramServer, sender: Sender, picture: StoredFile) -> None:
    people = [server.person() for _ in range(20)]

    async with asyncio.TaskGroup() as tasks:
        for person in people:
            tasks.create_task(show(sender, person, picture))

    assert [kinds(person) for person in people] == [["photo"]] * 20
    assert len(server.world.sent_files) == 1


async def test_when_an_upload_fails_the_next_message_uploads(
    server: TelegramServer, sender: Sender, picture: StoredFile
) -> None:
    people = [server.person() for _ in range(3)]
    server.fails(Fault("sendPhoto", 429, retry_after=1))

    found = await asyncio.gather(*(show(sender, person, picture) for person in people), return_exceptions=True)

    assert [type(each) for each in found].count(ChannelError) == 1
    assert sum(len(kinds(person)) for person in people) == 2


async def test_a_picture_that_telegram_does_not_take_as_one_goes_as_a_document(
    server: TelegramServer, sender: Sender, tmp_path: Path
) -> None:
    ahmad, heic = server.person(), store(tmp_path, HEIC)

    await show(sender, ahmad, heic)
    await show(sender, ahmad, heic)

    assert kinds(ahmad) == ["document", "document"]
    assert len(server.calls("sendPhoto")) == 1
    assert len(server.world.sent_files) == 1


async def test_a_picture_that_is_too_large_is_not_even_tried_as_one(
    server: TelegramServer, sender: Sender, tmp_path: Path
) -> None:
    ahmad, large = server.person(), store(tmp_path, JPEG, size_bytes=LIMITS.photo_bytes + 1)

    await show(sender, ahmad, large)

    assert (kinds(ahmad), server.calls("sendPhoto")) == (["document"], [])


async def test_a_reference_that_telegram_has_forgotten_is_made_anew(
    server: TelegramServer, sender: Sender, picture: StoredFile
) -> None:
    ahmad = server.person()
    await show(sender, ahmad, picture)
    server.world.sent_files.clear()

    await show(sender, ahmad, picture)

    assert kinds(ahmad) == ["photo", "photo"]


async def test_somebody_who_is_gone_costs_nobody_the_reference(
    server: TelegramServer, sender: Sender, picture: StoredFile
) -> None:
    ahmad, siti = server.person(), server.person()
    await show(sender, ahmad, picture)
    siti.chat.is_blocked = True

    with pytest.raises(ChannelError) as raised:
        await show(sender, siti, picture)
    await show(sender, ahmad, picture)

    assert raised.value.is_gone
    assert len(server.world.sent_files) == 1


async def test_of_two_parts_of_which_one_arrived_nobody_says_that_nothing_did(
    server: TelegramServer, sender: Sender, picture: StoredFile
) -> None:
    ahmad = server.person()
    server.fails(Fault("sendMessage", 429, retry_after=1))

    with pytest.raises(ChannelError) as raised:
        await show(sender, ahmad, picture, "kata " * 400)

    assert (raised.value.is_uncertain, kinds(ahmad)) == (True, ["photo"])


async def test_a_message_does_not_wait_for_ever_for_the_upload_of_another(
    server: TelegramServer, sender: Sender, picture: StoredFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "TURN_PATIENCE", 0.05)
    ahmad, siti = server.person(), server.person()
    server.fails(Fault("sendPhoto"))

    async with asyncio.TaskGroup() as tasks:
        hanging = tasks.create_task(show(sender, ahmad, picture))
        await asyncio.sleep(0)
        with pytest.raises(ChannelError) as raised:
            await show(sender, siti, picture)
        hanging.cancel()

    assert (raised.value.retryable, raised.value.is_uncertain) == (True, False)


async def test_no_message_is_on_its_way_for_ever(
    server: TelegramServer, sender: Sender, picture: StoredFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST_SECONDS", 0.05)
    server.fails(Fault("sendPhoto"))

    with pytest.raises(ChannelError) as raised:
        await show(sender, server.person(), picture)

    assert (raised.value.retryable, raised.value.is_uncertain) == (True, True)


async def test_of_many_files_the_first_is_forgotten(
    server: TelegramServer, sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_REMEMBERED", 2)
    ahmad = server.person()
    pictures = [store(tmp_path, JPEG + bytes([number])) for number in range(3)]

    for each in (*pictures, pictures[0], pictures[2]):
        await show(sender, ahmad, each)

    assert len(server.world.sent_files) == 4

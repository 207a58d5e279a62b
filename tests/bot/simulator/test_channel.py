"""The simulator keeps the promises of a channel."""

from pathlib import Path

import pytest

from bot.channels.port import Channel, ChannelError
from bot.channels.simulator.bubbles import Phone
from bot.channels.simulator.channel import SimulatorChannel
from bot.clock import SystemClock
from conversations.events import IncomingFile, StoredFile
from conversations.messages import Button, Message
from tests.bot.files import nothing_kept
from tests.bot.simulator.fakes import outgoing

PHONE = "phone-00000000000a"
WIDE = Message("Pilih:", (tuple(Button(f"{number}" * 80, f"a:{number}") for number in range(9)),))


@pytest.fixture
def channel(tmp_path: Path) -> SimulatorChannel:
    channel = SimulatorChannel(tmp_path, SystemClock(), nothing_kept)
    channel.exchange.journal.open(Phone(PHONE, "stranger", channel.clock.now()))
    return channel


def test_it_is_a_channel(channel: SimulatorChannel) -> None:
    port: Channel = channel

    assert (port.name, port.account) == ("simulator", "local")
    assert "starting" in port.trouble(channel.clock.now())


async def test_a_message_is_shown_once_and_its_buttons_stay_as_they_are(channel: SimulatorChannel) -> None:
    with channel.exchange.hub.listening() as inbox:
        first = await channel.send(outgoing(PHONE, WIDE))
        again = await channel.send(outgoing(PHONE, WIDE))

    assert first == again
    assert inbox.qsize() == 1
    assert [each.buttons for each in channel.exchange.journal.chat(PHONE).values()] == [WIDE.buttons]


async def test_the_same_row_number_in_a_new_database_is_another_message(channel: SimulatorChannel) -> None:
    first = await channel.send(outgoing(PHONE, WIDE, number=1))
    other = await channel.send(outgoing(PHONE, WIDE, number=2))

    assert first != other


async def test_a_phone_that_was_thrown_away_is_gone(channel: SimulatorChannel) -> None:
    channel.exchange.remove(PHONE)

    with pytest.raises(ChannelError) as caught:
        await channel.send(outgoing(PHONE, WIDE))

    assert caught.value.is_gone
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "reference", ["", "0" * 32, "../phones/phone-00000000000a.jsonl", "/etc/passwd", "0" * 31 + "\n"]
)
async def test_nothing_but_an_upload_can_be_fetched(channel: SimulatorChannel, reference: str) -> None:
    with pytest.raises(ChannelError) as caught:
        async for _ in channel.fetch(IncomingFile(reference=reference, kind="document")):
            pass

    assert not caught.value.retryable


async def test_a_file_of_the_bots_is_copied_once_and_goes_with_its_phone(tmp_path: Path) -> None:
    picture = tmp_path / "kept"
    picture.write_bytes(b"\xff\xd8\xff a picture")
    channel = SimulatorChannel(tmp_path / "simulator", SystemClock(), lambda _: picture)
    channel.exchange.journal.open(Phone(PHONE, "stranger", channel.clock.now()))
    row = outgoing(PHONE, Message("Undangan", (), StoredFile("ab" * 32, "undangan.jpg", "photo", 13)))
    uploads = tmp_path / "simulator" / "uploads"

    first, again = await channel.send(row), await channel.send(row)
    copies = [path.read_bytes() for path in uploads.iterdir()]
    channel.exchange.remove(PHONE)

    assert first == again
    assert copies == [picture.read_bytes()]
    assert list(uploads.iterdir()) == []

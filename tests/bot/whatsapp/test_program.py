"""The whole program with WhatsApp around it: several numbers behind one address."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from bot.channels.whatsapp.templates import load_templates
from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.settings import Settings
from bot.web import address_of, listen
from bot.whatsapp_number import WEBHOOK_PATH
from conversations.messages import Message
from storage.moments import FOREVER, as_ms
from storage.outbox import Priority
from storage.rows import encode
from storage.tables import address, outbox
from tests.bot.programs import running
from tests.bot.whatsapp.channels import VERIFY_TOKEN
from tests.whatsapp_server import WhatsAppServer
from tests.whatsapp_server.graph import Number

SECOND_SECRET = "fedcba9876543210fedcba9876543210"


@pytest.fixture
def server() -> Iterator[WhatsAppServer]:
    with WhatsAppServer() as found:
        yield found


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as found:
        yield found


@pytest.fixture
def numbers(
    server: WhatsAppServer, listening: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Number]:
    """Two numbers of two apps, whose messages come to this program."""
    found = [server.number("200100", token="EAA-first"), server.number("200200", token="EAA-second")]
    found[1].app_secret = SECOND_SECRET
    for number in found:
        server.do(number.bring_to(f"{address_of(listening)}{WEBHOOK_PATH}"))
    listed = [
        {"id": each.id, "token": each.token, "app_secret": each.app_secret, "verify_token": VERIFY_TOKEN}
        for each in found
    ]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_BASE_URL", server.url)
    monkeypatch.setenv("JEMPUTBOLA_WHATSAPP_NUMBERS", json.dumps(listed))
    return found


async def test_several_numbers_behind_one_address_each_talk_with_their_own_people(
    server: WhatsAppServer, numbers: list[Number], listening: socket.socket
) -> None:
    ahmad = server.person(numbers[0], "Ahmad", user_id="ID.1001")
    siti = server.person(numbers[1], "Siti")

    async with running(listening):
        ahmad.says("halo")
        siti.says("halo")
        heard = [await each.hears() for each in (ahmad, siti)]
        ahmad.presses(heard[0], heard[0].choices[0][1])
        answered = await ahmad.hears()

    assert "Sudah punya kode?" in heard[0].text
    assert heard[0].text == heard[1].text
    assert heard[0].tracker.isdecimal()
    assert answered.text != heard[0].text
    assert [each.waiting for number in numbers if (each := number.deliveries)] == [0, 0]


async def test_what_waits_beyond_the_window_is_announced_by_a_template_and_comes_when_its_reader_taps_it(
    server: WhatsAppServer, numbers: list[Number], listening: socket.socket
) -> None:
    number = numbers[0]
    number.approve(load_templates())
    ahmad, siti = server.person(number, "Ahmad", user_id="ID.1001"), server.person(number, "Siti")

    async with running(listening):
        ahmad.says("halo")
        await ahmad.hears()
        await fall_silent(number, "Kabar yang menunggu")
        ahmad.chat.is_closed = True
        siti.says("halo")  # whatever is said has the sender look into the outbox
        told = await ahmad.hears("ada kabar tentang evaluasi")
        ahmad.chat.is_closed = False
        ahmad.presses(told, told.choices[0][1])
        news = await ahmad.hears("Kabar yang menunggu")

    assert told.titles == ["Baca kabarnya"]
    assert [each.text for each in ahmad.heard].count(news.text) == 1


async def fall_silent(number: Number, words: str) -> None:
    """Let the person of the first chat have written two days ago, and put something into the outbox for them."""
    long_ago = SystemClock().now() - timedelta(days=2)
    async with opened(Settings()) as store, store._database.writing("Letting time pass") as connection:
        await connection.execute(update(address).where(address.c.id == 1).values(heard_at=as_ms(long_ago)))
        row = {"address_id": 1, "via": f"whatsapp:{number.id}", "priority": Priority.REMINDER, "not_after": FOREVER}
        body = encode(Message(words)).decode()
        await connection.execute(insert(outbox), row | {"body": body, "created_at": as_ms(long_ago)})
        await connection.commit()

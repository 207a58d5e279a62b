"""A small bot behind the simulator, a few posts, and a server to reach them by."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import msgspec
import uvicorn
from starlette.applications import Starlette

from bot.channels.simulator.bubbles import Bubble
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.simulator.posts import PostFound
from bot.channels.simulator.web import create_app
from bot.clock import SystemClock
from conversations.events import ChoiceTapped, Event, FileReceived, LocationReceived, TextEdited, TextReceived
from conversations.messages import Button, Message, escaped
from conversations.people import Role, Standing
from storage.envelopes import AddressKey, Envelope
from storage.outbox import OutboxRow, Priority
from tests.bot.files import nothing_kept

BENAR = Message(
    "Selamat pagi, Bapak Ahmad. Saya asisten KLA Kabupaten Banyuasin. Bapak tercatat sebagai "
    "<b>Kepala Desa Sungai Rebo, Kecamatan Banyuasin I</b>. Benar?",
    ((Button("Benar", "i:yes"), Button("Bukan saya", "i:no")),),
)
BANYUASIN = "Kabupaten Banyuasin"
VILLAGES = (
    PostFound("village_head:16.07.01.2001", Role.VILLAGE_HEAD, "Sungai Rebo", "Banyuasin I", BANYUASIN),
    PostFound("village_head:16.07.01.2002", Role.VILLAGE_HEAD, "Sungai Gerong", "Banyuasin I", BANYUASIN),
    PostFound("village_head:16.07.01.1001", Role.VILLAGE_HEAD, "Mariana", "Banyuasin I", BANYUASIN, is_ward=True),
)
COORDINATOR = PostFound("coordinator:16.07", Role.COORDINATOR, BANYUASIN, "", BANYUASIN)


@dataclass
class FakePosts:
    """Three villages and a coordinator."""

    invited: list[tuple[str, Standing, str, str]] = field(default_factory=list)

    async def list(self, role: Role) -> Sequence[PostFound]:
        """Give the posts of a role."""
        return [post for post in (*VILLAGES, COORDINATOR) if post.role == role]

    async def invite(self, key: str, standing: Standing, name: str, honorific: str) -> str:
        """Issue K1, K2, ..."""
        self.invited.append((key, standing, name, honorific))
        return f"K{len(self.invited)}"


@dataclass
class FakeBot:
    """Answers everything at once by saying back what it got."""

    channel: SimulatorChannel
    got: list[Envelope] = field(default_factory=list)
    is_broken: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take events in and answer them; an event that was seen before changes nothing."""
        if self.is_broken:
            raise OSError("the database is not there")
        for envelope in envelopes:
            if envelope.key not in [each.key for each in self.got]:
                self.got.append(envelope)
                await self.say(cast("AddressKey", envelope.address).user, reply_to(envelope.event))

    async def say(self, phone: str, message: Message) -> str:
        """Send a message to a phone, as a delivery worker does."""
        return await self.channel.send(outgoing(phone, message, number=next(self.numbers)))

    @property
    def events(self) -> list[Event]:
        """What has come in."""
        return [envelope.event for envelope in self.got]


def outgoing(phone: str, message: Message, *, number: int = 1) -> OutboxRow:
    """Make a row of the outbox."""
    return OutboxRow(
        id=number,
        address=AddressKey("simulator", "local", phone),
        address_id=1,
        message=message,
        priority=Priority.REPLY,
        attempts=0,
        is_uncertain=False,
        created_at=datetime(2026, 3, 12, 8, tzinfo=UTC) + timedelta(seconds=number),
    )


def reply_to(event: Event) -> Message:
    """Say back what has come in."""
    match event:
        case TextReceived(text=text) if text.startswith("/start "):
            return BENAR
        case TextReceived(text=text) | TextEdited(text=text):
            return Message(f"✅ <i>{escaped(text)}</i>")
        case ChoiceTapped(data=data):
            return Message(f"Terima kasih: {data}")
        case FileReceived(file=file):
            return Message(f"📷 {escaped(file.name)}")
        case LocationReceived():
            return Message("Lokasi diterima")
        case _:
            return Message(escaped(msgspec.json.encode(event).decode()))


@dataclass
class Running:
    """A simulator that is being served."""

    address: str
    bot: FakeBot
    posts: FakePosts
    channel: SimulatorChannel


@asynccontextmanager
async def running(folder: Path, *, is_listening: bool = True) -> AsyncIterator[Running]:
    """Serve a simulator with the small bot behind it, on a free port."""
    channel = SimulatorChannel(folder, SystemClock(), nothing_kept)
    bot, posts = FakeBot(channel), FakePosts()
    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(channel.run(bot.accept)) if is_listening else None
        async with serving(create_app(channel, posts), tasks) as address:
            yield Running(address, bot, posts, channel)
            if taking:
                taking.cancel()


@asynccontextmanager
async def serving(app: Starlette, tasks: asyncio.TaskGroup) -> AsyncIterator[str]:
    """Serve an application on a free port."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1, access_log=False)
    )
    listening = socket.create_server(("127.0.0.1", 0))
    served = tasks.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn sets no event
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await served


@dataclass
class Caller:
    """Calls the API of a running simulator, as the page does."""

    simulator: Running
    client: httpx.AsyncClient

    @property
    def bot(self) -> FakeBot:
        """The small bot behind it."""
        return self.simulator.bot

    async def open_phone(self, kind: str = "village_head", post: str = VILLAGES[0].key) -> str:
        """Open a phone and give its id."""
        answer = await self.client.post("/api/phones", json={"kind": kind, "post": post})
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def act(self, phone: str, what: str, **content: object) -> httpx.Response:
        """Do something with a phone."""
        return await self.client.post(f"/api/phones/{phone}/{what}", json=content)

    async def upload(self, phone: str, content: bytes, name: str = "rekap.png", **fields: str) -> httpx.Response:
        """Send a file."""
        form = {"id": "me-upload-1", "kind": "photo", **fields}
        return await self.client.post(
            f"/api/phones/{phone}/files", data=form, files={"file": (name, content, "text/html")}
        )

    def chat(self, phone: str) -> list[Bubble]:
        """Give what is on a phone."""
        return list(self.simulator.channel.exchange.journal.chat(phone).values())

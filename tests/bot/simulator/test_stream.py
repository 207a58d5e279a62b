"""What a page is told while it is open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from bot.channels.simulator.bubbles import Bubble
from bot.channels.simulator.hub import MOST_WAITING, Hub
from bot.clock import SystemClock
from conversations.messages import Message
from tests.bot.simulator.conftest import Serving
from tests.bot.simulator.fakes import Caller

Heard = tuple[str, Any]


@asynccontextmanager
async def stream(caller: Caller, phone: str) -> AsyncIterator[AsyncIterator[Heard]]:
    async with caller.client.stream("GET", f"/api/stream?phone={phone}", timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield heard(response)


async def heard(response: httpx.Response) -> AsyncIterator[Heard]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            yield name, msgspec.json.decode(line.removeprefix("data: "))


async def test_a_stream_begins_with_the_whole_chat_and_goes_on_with_what_is_new(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.act(phone, "texts", id="me-text-1", text="halo")

        async with stream(caller, phone) as events:
            name, chat = await anext(events)
            await caller.bot.say(phone, Message("<b>Akta</b> <script>"))
            news = await anext(events)

    assert (name, [each["side"] for each in chat]) == ("chat", ["person", "bot"])
    assert news[0] == "bubble"
    assert "text" not in news[1]
    assert news[1]["lines"][0]["runs"] == [{"text": "Akta", "tags": ["b"]}, {"text": " <script>", "tags": []}]


async def test_a_message_is_first_being_sent_and_then_sent(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        async with stream(caller, phone) as events:
            await anext(events)
            await caller.act(phone, "texts", id="me-text-1", text="halo")
            news = [(await anext(events))[1] for _ in range(3)]

    assert [(each["side"], each.get("sending")) for each in news] == [
        ("person", "sending"),
        ("bot", None),
        ("person", None),
    ]


async def test_what_happens_on_another_phone_is_told_in_short(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        other = await caller.open_phone("coordinator", "coordinator:16.07")

        async with stream(caller, phone) as events:
            await anext(events)
            await caller.bot.say(other, Message("Satu baris\nmenunggu"))
            name, summary = await anext(events)

    assert name == "elsewhere"
    assert (summary["id"], summary["is_from_bot"]) == (other, True)
    assert summary["last"]["lines"][0]["runs"][0]["text"] == "Satu baris"


async def test_streams_end_when_the_program_stops(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()

        async with stream(caller, phone) as events, asyncio.timeout(5):
            await anext(events)
            await caller.simulator.channel.close()

            assert [each async for each in events] == []


def test_a_page_that_does_not_listen_is_cut_off_and_nobody_waits_for_it() -> None:
    hub = Hub()
    bubble = Bubble(id="one", side="bot", at=SystemClock().now())

    with hub.listening() as inbox:
        for _ in range(MOST_WAITING + 10):
            hub.publish("phone-00000000000a", bubble)

        news = [inbox.get_nowait() for _ in range(inbox.qsize())]

    assert len(news) == MOST_WAITING + 1
    assert news[-1] is None

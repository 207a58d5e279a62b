"""Updates that Telegram brings: who is let in, what is kept, in which order, and what happens when it is not."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog

from bot.channels.port import Accept, NotAcceptedError
from bot.channels.telegram.webhook import MOST_BODY_BYTES
from bot.deciding import Dialog
from bot.logging import configure_logging
from bot.pipeline import Pipeline
from conversations.actions import Say
from conversations.brief import Brief
from conversations.engine import Step
from conversations.events import Event, TextReceived
from conversations.messages import Message
from conversations.needs import Need
from conversations.session import Session
from storage.envelopes import Envelope
from storage.errors import StorageError
from tests.bot.clocks import JumpingClock, passed
from tests.bot.store import FakeStore
from tests.bot.webhooks import PATH, SECRET, Front, webhook_before
from tests.telegram_server import Fault, TelegramServer
from tests.telegram_server.webhooks import Attempt

HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


class Gate:
    """Takes events in one by one, when it is open."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.handed_in: list[Envelope] = []
        self.kept: list[Envelope] = []
        self.refusals = 0
        self.opened = asyncio.Event()
        if is_open:
            self.opened.set()

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take events in."""
        self.handed_in += envelopes
        await self.opened.wait()
        if self.refusals:
            self.refusals -= 1
            raise NotAcceptedError
        self.kept += envelopes


def said(number: int, text: str = "halo", *, person: int = 7) -> dict[str, Any]:
    """Make an update: somebody says something."""
    sender = {"id": person, "is_bot": False, "first_name": "Ahmad"}
    chat = {"id": person, "type": "private", "first_name": "Ahmad"}
    return {
        "update_id": number,
        "message": {"message_id": number, "date": 1, "from": sender, "chat": chat, "text": text},
    }


def tapped(number: int, *, person: int = 7) -> dict[str, Any]:
    """Make an update: somebody taps a button."""
    sender = {"id": person, "is_bot": False, "first_name": "Ahmad"}
    return {"update_id": number, "callback_query": {"id": f"tap-{number}", "from": sender, "data": "y"}}


async def post(front: Front, update: object, **changes: str) -> httpx.Response:
    """Bring an update as Telegram does."""
    content = update if isinstance(update, bytes) else json.dumps(update).encode()
    return await front.client.post(front.url, content=content, headers={**HEADERS, **changes})


def texts(envelopes: Sequence[Envelope]) -> list[str]:
    return [each.event.text for each in envelopes if isinstance(each.event, TextReceived)]


async def test_an_update_is_taken_when_it_has_been_kept(server: TelegramServer) -> None:
    gate = Gate(is_open=False)

    async with webhook_before(gate.accept, server) as front, asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(post(front, said(1)))
        await passed(lambda: bool(gate.handed_in))
        was_done = answer.done()
        gate.opened.set()

    assert not was_done
    assert (answer.result().status_code, texts(gate.kept)) == (200, ["halo"])
    assert gate.kept[0].key == "telegram:1:1"


async def test_whoever_does_not_know_the_secret_is_refused(server: TelegramServer) -> None:
    gate = Gate()
    guesses = ["", "another-secret-of-somebody", SECRET[:-1], f"{SECRET}x", SECRET.upper(), "é"]

    async with webhook_before(gate.accept, server) as front:
        headers = [{b"X-Telegram-Bot-Api-Secret-Token": guess.encode("latin-1")} for guess in guesses]
        answers = [await front.client.post(front.url, json=said(1), headers=each) for each in (*headers, None)]

    assert [each.status_code for each in answers] == [403] * 7
    assert not gate.handed_in


async def test_nobody_is_let_in_without_a_secret_of_ours(server: TelegramServer) -> None:
    gate = Gate()

    async with webhook_before(gate.accept, server, secret="") as front:
        empty = await front.client.post(front.url, json=said(1), headers={"X-Telegram-Bot-Api-Secret-Token": ""})
        missing = await front.client.post(front.url, json=said(1))

    assert (empty.status_code, missing.status_code, gate.handed_in) == (403, 403, [])


REFUSED = {
    "empty": (b"", 400),
    "cut off": (b"{", 400),
    "no object": (b"[]", 400),
    "no number": (b'{"message": {}}', 400),
    "deep": (b'{"x":' * 50_000, 400),
    "too large": (json.dumps({"update_id": 1, "x": "x" * MOST_BODY_BYTES}).encode(), 413),
}


async def test_only_an_update_of_a_reasonable_size_is_taken(server: TelegramServer) -> None:
    gate = Gate()

    async with webhook_before(gate.accept, server) as front:
        found = {what: (await post(front, content)).status_code for what, (content, _) in REFUSED.items()}

    assert found == {what: status for what, (_, status) in REFUSED.items()}
    assert not gate.handed_in


async def test_only_json_is_taken(server: TelegramServer) -> None:
    gate = Gate()

    async with webhook_before(gate.accept, server) as front:
        plain = await post(front, said(1), **{"Content-Type": "text/plain"})
        charset = await post(front, said(2), **{"Content-Type": "application/json; charset=utf-8"})

    assert (plain.status_code, charset.status_code) == (415, 200)
    assert [each.key for each in gate.kept] == ["telegram:1:2"]


async def test_a_body_without_an_announced_length_is_not_read_beyond_the_limit(server: TelegramServer) -> None:
    gate = Gate()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 * MOST_BODY_BYTES:
            sent += 65_536
            yield b" " * 65_536

    async with webhook_before(gate.accept, server) as front:
        try:
            status = (await front.client.post(front.url, content=endless(), headers=HEADERS)).status_code
        except httpx.HTTPError:
            status = 413  # the connection was closed before everything was sent

    assert (status, gate.handed_in) == (413, [])
    assert sent < 32 * MOST_BODY_BYTES


async def test_a_body_that_breaks_off_is_no_update(server: TelegramServer) -> None:
    gate = Gate()

    async with webhook_before(gate.accept, server) as front:
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(_head(100) + b'{"update_id"')
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        answer = await post(front, said(2))
        del reader

    assert (answer.status_code, texts(gate.kept)) == (200, ["halo"])


async def test_updates_are_posted_to_their_own_bot(server: TelegramServer) -> None:
    async with webhook_before(Gate().accept, server) as front:
        got = await front.client.get(front.url, headers=HEADERS)
        elsewhere = await front.client.post(f"{front.url}2", json=said(1), headers=HEADERS)

    assert (got.status_code, elsewhere.status_code) == (405, 404)


UNUSED: dict[str, dict[str, Any]] = {
    "post": {"channel_post": {"message_id": 1, "chat": {"id": -1, "type": "channel"}, "text": "/start"}},
    "in a channel": {"message": {"message_id": 1, "chat": {"id": -1, "type": "channel"}, "text": "/start"}},
    "poll": {"poll": {}},
    "unreadable": {"message": {"message_id": "one"}},
}


async def test_what_we_do_not_use_counts_as_taken(server: TelegramServer) -> None:
    gate = Gate()

    async with webhook_before(gate.accept, server) as front:
        found = {what: (await post(front, {"update_id": 1, **each})).status_code for what, each in UNUSED.items()}

    assert found == dict.fromkeys(UNUSED, 200)
    assert not gate.handed_in
    assert not server.calls("sendMessage")


async def test_what_cannot_be_kept_is_brought_again_soon_and_kept_once(server: TelegramServer) -> None:
    ahmad, gate = server.person(), Gate()
    gate.refusals = 2

    async with webhook_before(gate.accept, server) as front:
        front.bring_updates_of(server)
        ahmad.says("halo")
        await attempts(server, 1)
        server.bring_again()
        await attempts(server, 2)
        server.bring_again()
        tried = await attempts(server, 3)

    assert [each.status for each in tried] == [503, 503, 200]
    assert [each.delay_seconds for each in tried[:2]] == [2, 2]  # not longer and longer
    assert texts(gate.kept) == ["halo"]
    assert not server.world.updates


async def test_a_failed_commit_is_no_answer_and_the_update_takes_effect_once(server: TelegramServer) -> None:
    ahmad, store = server.person(), FakeStore()
    store.failures = [StorageError("disk full")] * 3  # the batch, the event alone, and keeping it as failed

    async with pipeline_on(store) as accept, webhook_before(accept, server) as front:
        front.bring_updates_of(server)
        ahmad.says("halo")
        await attempts(server, 1)
        server.bring_again()
        tried = await attempts(server, 2)

    assert [each.status for each in tried] == [503, 200]
    assert [text for _, text in store.said] == ["halo"]


async def test_an_update_that_comes_again_changes_nothing(server: TelegramServer) -> None:
    store = FakeStore()

    async with pipeline_on(store) as accept, webhook_before(accept, server) as front:
        at_once = await asyncio.gather(*[post(front, said(1)) for _ in range(5)])
        later = await post(front, said(1))

    assert {each.status_code for each in (*at_once, later)} == {200}
    assert [text for _, text in store.said] == ["halo"]


async def test_two_updates_of_a_person_take_effect_in_the_order_of_arrival(server: TelegramServer) -> None:
    gate = Gate(is_open=False)

    async with webhook_before(gate.accept, server) as front, asyncio.TaskGroup() as tasks:
        tasks.create_task(post(front, tapped(12)))
        await passed(lambda: len(gate.handed_in) == 1)
        tasks.create_task(post(front, said(11)))  # Telegram counted it first, and brought it later
        await passed(lambda: len(gate.handed_in) == 2)
        gate.opened.set()

    assert [each.key for each in gate.kept] == ["telegram:1:12", "telegram:1:11"]


async def test_an_update_has_arrived_with_its_last_byte(server: TelegramServer) -> None:
    gate = Gate()
    body = json.dumps(said(1, "satu")).encode()

    async with webhook_before(gate.accept, server) as front:
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(_head(len(body)) + body[:20])
        await writer.drain()
        await post(front, said(2, "dua"))
        writer.write(body[20:])
        first_line = await reader.readline()
        writer.close()

    assert first_line.split()[1] == b"200"
    assert texts(gate.kept) == ["dua", "satu"]


async def test_everybodys_messages_keep_their_order_over_many_connections(server: TelegramServer) -> None:
    people, store = [server.person(f"Kepala {place}") for place in range(30)], FakeStore()

    async with pipeline_on(store) as accept, webhook_before(accept, server) as front:
        front.bring_updates_of(server, connections=20)
        for number in range(5):
            for person in people:
                person.says(f"{number}")
        await attempts(server, len(people) * 5)

    heard = {
        person.chat.id: [text for address, text in store.said if getattr(address, "user", "") == str(person.chat.id)]
        for person in people
    }
    assert heard == {person.chat.id: ["0", "1", "2", "3", "4"] for person in people}
    assert max(len(batch) for batch in store.batches) > 1


async def test_what_is_under_way_at_the_end_is_finished_and_what_comes_after_is_put_off(server: TelegramServer) -> None:
    gate = Gate(is_open=False)

    async with webhook_before(gate.accept, server) as front, asyncio.TaskGroup() as tasks:
        under_way = tasks.create_task(post(front, said(1, "satu")))
        await passed(lambda: bool(gate.handed_in))
        await front.stop()
        late = await post(front, said(2, "dua"))
        trouble = front.webhook.trouble(JumpingClock().now())
        gate.opened.set()

    assert (under_way.result().status_code, late.status_code) == (200, 503)
    assert texts(gate.kept) == ["satu"]
    assert "stopping" in trouble


async def test_a_tap_is_answered_and_a_late_answer_that_telegram_refuses_harms_nothing(server: TelegramServer) -> None:
    gate = Gate()
    server.fails(Fault("answerCallbackQuery", 400))

    async with webhook_before(gate.accept, server) as front:
        first = await post(front, tapped(1))
        second = await post(front, tapped(2))
        await called(server, "answerCallbackQuery", 2)

    assert (first.status_code, second.status_code, len(gate.kept)) == (200, 200, 2)


async def test_strangers_do_not_fill_the_log_and_no_secret_is_in_it(server: TelegramServer) -> None:
    written = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers, root.level)
    configure_logging(level="DEBUG", style="json", stream=written)
    try:
        async with webhook_before(Gate().accept, server) as front:
            for number in range(10):
                await post(front, said(number), **{"X-Telegram-Bot-Api-Secret-Token": "a-guess-of-a-stranger"})
                await post(front, said(number))
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()

    assert written.getvalue().count("webhook_refused") == 1
    assert not any(each in written.getvalue() for each in (SECRET, "a-guess-of-a-stranger", server.token))


async def attempts(server: TelegramServer, number: int) -> list[Attempt]:
    """Wait until Telegram has tried so often to bring an update."""
    deliveries = server.world.deliveries
    assert deliveries
    enough = server.world.wait_for(lambda: len(deliveries.attempts) >= number, 20)
    assert await asyncio.wrap_future(server.start(enough)), deliveries.attempts
    return deliveries.attempts


async def called(server: TelegramServer, method: str, times: int) -> None:
    """Wait until Telegram has been called so often."""
    enough = server.world.wait_for(lambda: len(server.calls(method)) >= times, 20)
    assert await asyncio.wrap_future(server.start(enough))


@asynccontextmanager
async def pipeline_on(store: FakeStore) -> AsyncIterator[Accept]:
    """Run a pipeline whose dialog says what it is told."""
    pipeline = Pipeline(store.begin_turns, ECHO, JumpingClock(), lambda _committed: None)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(pipeline.run())
        yield pipeline.submit
        pipeline.stop()


def _echo(_brief: Brief, session: Session, event: Event) -> Step:
    assert isinstance(event, TextReceived)
    return Step(session, (Say(Message(event.text)),))


def _nothing(_session: Session, _event: Event, _brief: Brief) -> tuple[Need, ...]:
    return ()


def _sorry(_brief: Brief, session: Session) -> Step:
    return Step(session, ())


ECHO = Dialog(_echo, _nothing, _sorry)


def _head(length: int) -> bytes:
    """Give the head of a request with a body of this length."""
    lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *[f"{name}: {value}" for name, value in HEADERS.items()], "", ""]).encode()

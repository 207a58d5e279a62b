"""What Meta brings: who is let in, what is kept, and what happens when it is not."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette

from bot.channels.port import NotAcceptedError
from bot.channels.whatsapp.graph import GraphApi
from bot.channels.whatsapp.webhook import MOST_BODY_BYTES, Heard, Webhook
from bot.clock import SystemClock
from bot.logging import configure_logging
from bot.whatsapp_number import WEBHOOK_PATH
from conversations.events import TextReceived
from storage.envelopes import AddressKey, Envelope
from storage.errors import StorageError
from storage.identity import Move
from storage.statuses import DeliveryStatus
from tests.bot.clocks import passed
from tests.bot.whatsapp.channels import VERIFY_TOKEN, configured, whatsapp_channel
from tests.whatsapp_server import Person, WhatsAppServer
from tests.whatsapp_server.deliveries import signed, written
from tests.whatsapp_server.graph import Number
from tests.whatsapp_server.messages import Bubble
from tests.whatsapp_server.server import APP_SECRET

SIGNATURE = "X-Hub-Signature-256"
OTHER_SECRET = "fedcba9876543210fedcba9876543210"
FIRST, SECOND = configured("200100"), configured("200200", app_secret=OTHER_SECRET)
STATUS = {"id": "wamid.9", "status": "read", "timestamp": "1", "recipient_id": "62811"}


@dataclass
class Gate:
    """Keeps what is brought, when it is open and there is no trouble."""

    kept: list[Envelope] = field(default_factory=list)
    reports: list[DeliveryStatus] = field(default_factory=list)
    left: list[tuple[AddressKey, datetime | None]] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    refusals: int = 0
    troubles: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    is_waited_for: bool = False

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take events in."""
        self.is_waited_for = True
        await self.opened.wait()
        if self.refusals:
            self.refusals -= 1
            raise NotAcceptedError
        self.kept += envelopes

    async def report(self, statuses: Sequence[DeliveryStatus]) -> None:
        """Keep reports."""
        if self.troubles:
            self.troubles -= 1
            raise StorageError("the disk is full")
        self.reports += statuses

    async def opt_out(self, address: AddressKey, at: datetime | None) -> None:
        """Keep who wants no more."""
        self.left.append((address, at))

    async def move(self, told: Move) -> None:
        """Keep who is called otherwise."""
        self.moved.append(told)

    @property
    def texts(self) -> list[str]:
        """What was said."""
        return [each.event.text for each in self.kept if isinstance(each.event, TextReceived)]


@dataclass
class Front:
    """Two numbers behind one address."""

    gate: Gate
    meta: httpx.AsyncClient
    stop: Any

    async def bring(self, body: bytes, *, secret: str = APP_SECRET, **changes: str) -> int:
        """Bring a request as Meta does, and give the status of its answer."""
        shown = {**signed(body, secret), **changes}.items()
        headers = [(name.encode(), value.encode("latin-1")) for name, value in shown]
        return (await self.meta.post(WEBHOOK_PATH, content=body, headers=headers)).status_code


@pytest.fixture
async def front(server: WhatsAppServer) -> AsyncIterator[Front]:
    async with in_front(server) as found:
        found.gate.opened.set()
        yield found


@asynccontextmanager
async def in_front(server: WhatsAppServer) -> AsyncIterator[Front]:
    """Have two numbers take messages in."""
    gate = Gate()
    webhook = Webhook([FIRST, SECOND], SystemClock())
    hear = Heard(gate.report, gate.opt_out, gate.move)
    apis = [(each, GraphApi(each, base_url=server.url)) for each in (FIRST, SECOND)]
    channels = [whatsapp_channel(api, each, webhook=webhook, hear=hear) for each, api in apis]
    transport = httpx.ASGITransport(Starlette(routes=webhook.routes))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as meta,
        asyncio.TaskGroup() as tasks,
    ):
        running = [tasks.create_task(each.run(gate.accept)) for each in channels]

        async def stop() -> None:
            for each in running:
                each.cancel()
            await asyncio.wait(running)

        await asyncio.sleep(0)
        yield Front(gate, meta, stop)
        await stop()
    for channel in channels:
        await channel.close()


def halo(ahmad: Person, number: Number, text: str = "halo", **value: Any) -> bytes:
    """Write a request in which Ahmad says something."""
    return written(number.account, [number.change({**ahmad.value(ahmad.message("text", {"body": text})), **value})])


async def test_a_message_is_taken_when_it_has_been_kept(server: WhatsAppServer, ahmad: Person, number: Number) -> None:
    async with in_front(server) as front, asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(front.bring(halo(ahmad, number)))
        await passed(lambda: front.gate.is_waited_for)
        was_done = answer.done()
        front.gate.opened.set()

    assert (was_done, answer.result(), front.gate.texts) == (False, 200, ["halo"])


async def test_whoever_cannot_sign_is_refused(front: Front, ahmad: Person, number: Number) -> None:
    body = halo(ahmad, number)
    right = signed(body, APP_SECRET)[SIGNATURE]
    guesses = ["", "sha256=", right[:-1], f"{right}0", right.upper(), "é", signed(body, "")[SIGNATURE]]

    answers = [await front.bring(body, **{SIGNATURE: guess}) for guess in guesses]
    unsigned = await front.meta.post(WEBHOOK_PATH, content=body, headers={"Content-Type": "application/json"})
    changed = await front.bring(body.replace(b"halo", b"hola"), **{SIGNATURE: right})

    assert [*answers, unsigned.status_code, changed] == [403] * 9
    assert front.gate.kept == []


async def test_one_app_cannot_speak_for_the_number_of_another(front: Front, ahmad: Person, number: Number) -> None:
    answer = await front.bring(halo(ahmad, number), secret=OTHER_SECRET)

    assert (answer, front.gate.kept) == (200, [])


@pytest.mark.parametrize(
    ("body", "changes", "expected"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"entry": []}', {"Content-Type": "text/html"}, 415),
        (b" " * (MOST_BODY_BYTES + 1), {}, 413),
        (b'{"entry": []}', {}, 200),
    ],
)
async def test_what_is_no_batch_is_refused(front: Front, body: bytes, changes: dict[str, str], expected: int) -> None:
    assert await front.bring(body, **changes) == expected


async def test_every_message_and_report_of_a_batch_is_kept(front: Front, ahmad: Person, number: Number) -> None:
    messages = [ahmad.message("text", {"body": text}) for text in ("a", "b")]
    values = [{**ahmad.value(*messages), "statuses": [STATUS]}, ahmad.value(ahmad.message("text", {"body": "c"}))]
    preference = {"user_preferences": [{"user_id": "ID.77", "value": "resume"}]}
    changes = [*map(number.change, values), number.change(preference, "user_preferences")]

    answer = await front.bring(written(number.account, changes))

    assert (answer, front.gate.texts) == (200, ["a", "b", "c"])
    assert [each.message for each in front.gate.reports] == ["wamid.9"]
    assert front.gate.left == [(AddressKey("whatsapp", "200100", "ID.77"), None)]


async def test_somebody_with_a_new_number_goes_on_under_it(front: Front, ahmad: Person, number: Number) -> None:
    told = {"type": "user_changed_number", "wa_id": "6289900", "user_id": "ID.99", "previous_user_id": "ID.77"}

    answer = await front.bring(written(number.account, [number.change({"messages": [ahmad.message("system", told)]})]))

    address, after = AddressKey("whatsapp", "200100", "ID.77"), AddressKey("whatsapp", "200100", "ID.99")
    assert (answer, front.gate.kept) == (200, [])
    assert front.gate.moved == [Move(address, ahmad.chat.phone, after, "6289900")]


async def test_what_could_not_be_kept_is_brought_again(front: Front, ahmad: Person, number: Number) -> None:
    front.gate.refusals = front.gate.troubles = 1
    body = halo(ahmad, number, statuses=[STATUS])

    answers = [await front.bring(body) for _ in range(3)]

    assert answers == [503, 503, 200]
    assert (front.gate.texts, len(front.gate.reports)) == (["halo"], 2)


async def test_a_number_that_nobody_knows_is_passed_over(front: Front, ahmad: Person, server: WhatsAppServer) -> None:
    stranger = server.number("200999")

    assert await front.bring(halo(ahmad, stranger)) == 200
    assert front.gate.kept == []


async def test_nothing_is_taken_in_before_the_start_and_after_the_end(
    server: WhatsAppServer, ahmad: Person, number: Number
) -> None:
    async with in_front(server) as front:
        front.gate.opened.set()
        await front.stop()
        answer = await front.bring(halo(ahmad, number))

    assert (answer, front.gate.kept) == (503, [])


async def test_the_end_of_the_program_lets_what_was_begun_be_kept(
    server: WhatsAppServer, ahmad: Person, number: Number
) -> None:
    async with in_front(server) as front, asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(front.bring(halo(ahmad, number)))
        await passed(lambda: front.gate.is_waited_for)
        await front.stop()
        front.gate.opened.set()

    assert (answer.result(), front.gate.texts) == (200, ["halo"])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"},
            (200, "1158201444"),
        ),
        ({"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN[:-1], "hub.challenge": "1"}, (403, "")),
        ({"hub.mode": "subscribe", "hub.challenge": "1"}, (403, "")),
        ({"hub.mode": "unsubscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1"}, (400, "")),
        ({"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1" * 300}, (400, "")),
        ({}, (400, "")),
    ],
)
async def test_metas_challenge_is_met_when_it_knows_our_token(
    front: Front, asked: dict[str, str], expected: tuple[int, str]
) -> None:
    answer = await front.meta.get(WEBHOOK_PATH, params=asked)

    assert (answer.status_code, answer.text) == expected
    assert answer.headers.get("content-type", "text/plain").startswith("text/plain")


async def test_messages_get_blue_ticks_and_photos_show_that_an_answer_is_coming(
    front: Front, ahmad: Person, number: Number, server: WhatsAppServer
) -> None:
    spoken, photo = ahmad.message("text", {"body": "halo"}), ahmad.message("image", {"id": "777"})
    ahmad.chat.bubbles += [Bubble(each["id"], "", is_ours=False) for each in (spoken, photo)]

    await front.bring(written(number.account, [number.change(ahmad.value(spoken, photo))]))
    await asyncio.wrap_future(server.start(number.wait_for(lambda: len(ahmad.chat.read) == 2, 10)))

    assert sorted(ahmad.chat.read) == sorted(each["id"] for each in (spoken, photo))
    assert ahmad.chat.typing == 1


async def test_a_blue_tick_that_fails_harms_nobody(front: Front, ahmad: Person, number: Number) -> None:
    answer = await front.bring(halo(ahmad, number))  # Meta does not know this message

    assert (answer, front.gate.texts) == (200, ["halo"])


async def test_neither_texts_nor_numbers_get_into_the_log(front: Front, ahmad: Person, number: Number) -> None:
    log = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers, root.level)
    configure_logging(level="DEBUG", style="json", stream=log)
    odd = {"id": "wamid.1", "type": "text", "from": "62811", "text": {"body": 62811}}

    await front.bring(halo(ahmad, number, errors=[{"code": 130429, "message": "62811"}], statuses=[odd]))
    await front.bring(b"{}")
    root.handlers, root.level = before
    structlog.reset_defaults()

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {"account_trouble", "batch_unreadable", "webhook_refused"} <= {each["event"] for each in lines}
    assert not [line for line in lines if "62811" in str(line) or "halo" in str(line)]

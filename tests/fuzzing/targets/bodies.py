"""Whatever is posted to the simulator's page, by the page itself or by somebody else on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from bot.channels.simulator.bubbles import Bubble, Phone
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.simulator.web import create_app
from tests.bot.clocks import NOON, JumpingClock, passed
from tests.bot.files import nothing_kept
from tests.bot.simulator.fakes import VILLAGES, FakeBot, FakePosts
from tests.fuzzing.asgi import Answer, Asked
from tests.fuzzing.drawing import Draw, told

PHONE = "phone-0123456789ab"
PATHS = (
    *(f"/api/phones/{PHONE}/{what}" for what in ("texts", "taps", "edits", "places", "files", "retries", "invitation")),
    "/api/phones",
    "/api/phones/phone-ffffffffffff/texts",
    "/api/posts",
    "/static/../../../etc/passwd",
    f"/api/phones/{PHONE}/days",
)
METHODS = ("POST", "GET", "DELETE", "PUT")
KINDS = (
    "application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=x; charset=utf-16",
    "multipart/form-data; boundary=x; charset=unicode_escape",
    "multipart/form-data",
    "text/html",
)
LENGTHS = ("", "0", "-1", "99999999999", "\u00b2", "9" * 5000)
"""What is announced instead of the true length; the first stands for that."""
IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - files that live for one input
ANSWERS = frozenset({200, 201, 204, 400, 403, 404, 405, 409, 413, 503})


def check(content: bytes) -> None:
    """Draw a request, and have it answered."""
    draw = Draw(content)
    path, method, kind, length = draw.pick(PATHS), draw.pick(METHODS), draw.pick(KINDS), draw.pick(LENGTHS)
    query, body = draw.text(), draw.rest()
    headers = {"host": "127.0.0.1", "content-type": kind, "content-length": length or str(len(body))}
    asked = Asked(method, path, headers, body, query)
    with TemporaryDirectory(dir=IN_MEMORY) as folder:
        asyncio.run(_check_request(Path(folder), asked))


async def _check_request(folder: Path, asked: Asked) -> None:
    channel = SimulatorChannel(folder, JumpingClock(), nothing_kept)
    channel.exchange.journal.open(Phone(PHONE, "village_head", NOON, VILLAGES[0]))
    channel.exchange.put(PHONE, Bubble(id="me-text-0", side="person", at=NOON, text="1.200"))
    bot = FakeBot(channel)
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(channel.run(bot.accept))
        await passed(lambda: not channel.trouble(NOON))
        answer = await asked.of(create_app(channel, FakePosts()))
        listening.cancel()
    _check_answer(asked.method, answer, bot)
    uploads = len(list((folder / "uploads").iterdir()))
    assert uploads == sum(bubble.attachment is not None for bubble in channel.exchange.journal.chat(PHONE).values())


def _check_answer(method: str, answer: Answer, bot: FakeBot) -> None:
    assert answer.status in ANSWERS, (answer.status, answer.body)
    assert answer.headers[b"x-content-type-options"] == b"nosniff"
    is_refused = answer.status >= HTTPStatus.BAD_REQUEST
    if is_refused and answer.headers.get(b"content-type") == b"application/json":
        said = msgspec.json.decode(answer.body)
        assert said["error"]
        assert len(said["detail"]) < 500
    assert not (is_refused and bot.got)
    assert len(bot.got) <= (method == "POST")
    for envelope in bot.got:
        written = msgspec.json.encode(envelope)
        assert b"\\u0000" not in written, "PostgreSQL keeps no NUL in a text"


def _form(*fields: tuple[str, str], file: bytes = b"", name: str = "a.png") -> bytes:
    lines = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields
    ]
    opened = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return b"".join(lines) + opened + file + b"\r\n--x--\r\n"


def seeds() -> Iterable[bytes]:
    """Give what the page posts, and a little more."""
    for place, written in enumerate(POSTED):
        yield told(place, 0, 0, 0, "", msgspec.json.encode(written))
    files, fields = 4, (("id", "me-file-01"), ("kind", "photo"), ("caption", "nomor 5"), ("album", "a1"))
    yield told(files, 0, 1, 0, "", _form(*fields, file=b"\x89PNG\r\n\x1a\n" + bytes(9)))
    yield told(files, 0, 2, 0, "", _form(*fields, file=b"%PDF-1.7", name="../\\SK.pdf"))
    yield told(files, 0, 3, 0, "", _form(*fields, ("caption", "\\ud800\\u0000"), file=b"x"))
    yield told(files, 0, 4, 3, "", b"")
    yield told(7, 1, 5, 0, "")
    yield told(9, 1, 5, 0, "kind=village_head&words=sungai")
    yield told(9, 1, 5, 0, "kind=%00&words=%ff")
    yield told(0, 0, 0, 0, "", b"[" * 3000)
    yield told(10, 1, 5, 2, "")
    yield told(11, 0, 0, 0, "", msgspec.json.encode({"id": "me-day-01"}))


POSTED = (
    {"id": "me-text-1", "text": "1.200\0", "reply_to": "bot-1"},
    {"id": "me-tap-01", "message": "bot-1", "data": "a:1:akta:ada"},
    {"id": "me-edit-1", "message": "me-text-0", "text": "1.300"},
    {"id": "me-place-1", "latitude": -2.99, "longitude": 104.75},
    {"id": "me-file-1"},
    {"message": "me-text-0"},
    {"id": "me-start-1"},
    {"kind": "village_head", "post": VILLAGES[1].key},
    {"id": "me-text-1", "text": "🙂"},
)
"""In the order of the paths."""

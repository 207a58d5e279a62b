"""Whatever is posted where Telegram brings its updates, by Telegram or by somebody who has found the address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence

from pydantic import SecretStr
from starlette.applications import Starlette

from bot.channels.port import NotAcceptedError
from bot.channels.telegram.decoding import Decoded
from bot.channels.telegram.webhook import SECRET_HEADER, Webhook
from storage.envelopes import Envelope
from tests.bot.clocks import JumpingClock
from tests.fuzzing.asgi import Answer, Asked
from tests.fuzzing.drawing import Draw, told
from tests.fuzzing.targets.updates import check_decoded
from tests.telegram_server.oddities import ODDITIES

PATH = "/telegram/1"
SECRETS = ("right-secret", "right-secret\u00ff", "", "wrong", "x" * 300)
METHODS = ("POST", "GET", "PUT")
KINDS = ("application/json", "application/json; charset=utf-8", "text/plain", "", "APPLICATION/JSON ;x")
LENGTHS = ("", "0", "-1", "99999999", "9" * 5000, "\u00b2")
"""What is announced instead of the true length; the first stands for that."""
ANSWERS = frozenset({200, 400, 403, 405, 413, 415, 503})


class Taken:
    """Takes events in, or refuses them."""

    def __init__(self, *, is_away: bool) -> None:
        self.envelopes: list[Envelope] = []
        self.updates: list[Decoded] = []
        self._is_away = is_away

    async def accept(self, envelopes: Sequence[Envelope]) -> None:
        """Take events in."""
        if self._is_away:
            raise NotAcceptedError("the database is away")
        self.envelopes += envelopes

    def afterwards(self, updates: Sequence[Decoded]) -> None:
        """Take what there is to do after the commit."""
        self.updates += updates


def check(content: bytes) -> None:
    """Draw a request, and have it answered."""
    draw = Draw(content)
    method, secret, kind, length = draw.pick(METHODS), draw.pick(SECRETS), draw.pick(KINDS), draw.pick(LENGTHS)
    taken, body = Taken(is_away=draw.number(8) == 1), draw.rest()
    headers = {SECRET_HEADER: secret, "content-type": kind, "content-length": length or str(len(body))}
    answer = asyncio.run(_asked(Asked(method, PATH, headers, body), taken))
    _check_answer(answer, taken, is_let_in=secret == SECRETS[0])


async def _asked(asked: Asked, taken: Taken) -> Answer:
    stopped = asyncio.Event()

    async def watch() -> None:
        await stopped.wait()

    webhook = Webhook("1", path=PATH, secret=SecretStr(SECRETS[0]), watch=watch, clock=JumpingClock())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(webhook.run(taken.accept, taken.afterwards))
        await asyncio.sleep(0)
        answer = await asked.of(Starlette(routes=[webhook.route]))
        stopped.set()
    return answer


def _check_answer(answer: Answer, taken: Taken, *, is_let_in: bool) -> None:
    assert answer.status in ANSWERS, (answer.status, answer.body)
    is_taken = answer.status == 200
    assert is_let_in or not is_taken
    assert len(taken.updates) == is_taken, "what was not taken is brought again, and done then"
    assert len(taken.envelopes) == sum(update.envelope is not None for update in taken.updates)
    for update in taken.updates:
        check_decoded(update)


def seeds() -> Iterable[bytes]:
    """Give the oddities as Telegram posts them, and what it never posts."""
    for odd in ODDITIES:
        yield told(0, 0, 0, 0, 0, json.dumps({"update_id": 9, **odd.update}).encode())
    for place in range(1, 6):
        yield told(place % 3, place % 5, place, place, 1, b'{"update_id": 9}')
    yield told(0, 0, 0, 4, 0, b'{"update_id": 9}')
    yield told(0, 0, 1, 0, 1, b'{"update_id": 9, "message": {"message_id": 1, "chat": {"id": 1, "type": "private"}}}')
    yield told(0, 0, 0, 0, 0, b"[" * 2000)

"""How Telegram brings updates: a request each, in queues, again and again until somebody says 2xx.

Source: https://github.com/tdlib/telegram-bot-api, ``WebhookActor``: a queue's next update goes out when the one before
it was taken; queues are brought side by side, over a number of connections; a failure puts off its own queue only.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.telegram_server.world import World

PATIENCE_SECONDS = 60.0
FIRST_DELAY_SECONDS, MOST_DELAY_SECONDS = 2, 60
LATEST_FAILURE = 1767225600
Update = Mapping[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One request that brought an update."""

    update_id: int
    status: int
    """0: there was no answer."""
    delay_seconds: int
    """How long Telegram would wait before it brings the update again; nobody here does."""


class Deliveries:
    """Brings one bot's updates to one address."""

    def __init__(self, world: World, *, url: str, secret: str, connections: int) -> None:
        self.attempts: list[Attempt] = []
        self.failure = ""
        self._world = world
        self._url = url
        self._headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        self._connections = asyncio.Semaphore(connections)
        self._client = httpx.AsyncClient(
            timeout=PATIENCE_SECONDS, limits=httpx.Limits(max_connections=None, max_keepalive_connections=connections)
        )
        self._queues: dict[str, deque[Update]] = defaultdict(deque)
        self._rounds = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, update: Update) -> None:
        """Put an update at the end of its queue."""
        queue = self._queues[_queue_of(update)]
        queue.append(update)
        if len(queue) == 1:
            task = self._world.tasks.create_task(self._empty(queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def again(self) -> None:
        """Bring what failed again, now."""
        self._rounds += 1

    async def close(self) -> None:
        """Bring nothing any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def _empty(self, queue: deque[Update]) -> None:
        delay = 0
        while queue:
            attempt = await self._bring(queue[0], delay)
            self.attempts.append(attempt)
            rounds = self._rounds
            await self._world.notify()
            if 200 <= attempt.status < 300:
                self._world.forget(queue.popleft())
                delay = 0
                continue
            delay = min(delay * 2 or FIRST_DELAY_SECONDS, MOST_DELAY_SECONDS)
            await self._rest(rounds)

    async def _bring(self, update: Update, delay: int) -> Attempt:
        number = update["update_id"]
        try:
            async with self._connections:
                answer = await self._client.post(self._url, json=update, headers=self._headers)
        except httpx.HTTPError:
            self.failure = "Connection refused"
            return Attempt(number, 0, delay)
        if not answer.is_success:
            self.failure = f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
        return Attempt(number, answer.status_code, int(answer.headers.get("Retry-After", delay)))

    async def _rest(self, rounds: int) -> None:
        if self._world.retry_seconds is not None:
            await asyncio.sleep(self._world.retry_seconds)
            return
        async with self._world.changed:
            await self._world.changed.wait_for(lambda: self._rounds > rounds)


def _queue_of(update: Update) -> str:
    """Name the queue of an update: messages of a chat, taps of a person, and everything else of a chat."""
    if "callback_query" in update:
        return f"tap {update['callback_query']['from']['id']}"
    for kind in ("message", "edited_message"):
        if kind in update:
            return f"message {update[kind]['chat']['id']}"
    return f"other {update['update_id']}"


def state_of(url: str, deliveries: Deliveries | None, waiting: int, kinds: Sequence[str]) -> dict[str, Any]:
    """Give the webhook as ``getWebhookInfo`` does."""
    state: dict[str, Any] = {"url": url, "has_custom_certificate": False, "pending_update_count": waiting}
    if kinds:
        state["allowed_updates"] = list(kinds)
    if deliveries and deliveries.failure:
        state |= {"last_error_date": LATEST_FAILURE, "last_error_message": deliveries.failure}
    return state

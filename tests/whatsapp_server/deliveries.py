"""How Meta brings what happens: signed requests, several changes in one, again and again until somebody says 2xx."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.whatsapp_server.graph import Number

PATIENCE_SECONDS = 60.0
Change = Mapping[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One request."""

    body: bytes
    status: int
    """0: there was no answer."""


def written(account: str, changes: Sequence[Change]) -> bytes:
    """Write a request as Meta does: an entry for each change."""
    entries = [{"id": account, "changes": [each]} for each in changes]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def signed(body: bytes, secret: str) -> dict[str, str]:
    """Give the headers of a request."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}


class Deliveries:
    """Brings one number's changes to one address. Requests do not wait for each other."""

    def __init__(self, number: Number, *, url: str, secret: str, retry_seconds: float | None) -> None:
        self.attempts: list[Attempt] = []
        self._number = number
        self._url = url
        self._secret = secret
        self._retry_seconds = retry_seconds
        """How long a request rests that was not taken; None: until ``again``."""
        self._client = httpx.AsyncClient(timeout=PATIENCE_SECONDS, limits=httpx.Limits(max_connections=None))
        self._rounds = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, changes: Sequence[Change]) -> None:
        """Bring these in one request."""
        self.put_body(written(self._number.account, changes))

    def put_body(self, body: bytes) -> None:
        """Bring this request."""
        task = self._number.tasks.create_task(self._bring(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def again(self) -> None:
        """Bring what was not taken again, now."""
        self._rounds += 1

    @property
    def waiting(self) -> int:
        """Count the requests that have not been taken."""
        return len(self._tasks)

    async def close(self) -> None:
        """Bring nothing any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def _bring(self, body: bytes) -> None:
        while True:
            rounds = self._rounds
            attempt = await self._attempt(body)
            self.attempts.append(attempt)
            await self._number.notify()
            if 200 <= attempt.status < 300:
                return
            await self._rest(rounds)

    async def _attempt(self, body: bytes) -> Attempt:
        try:
            answer = await self._client.post(self._url, content=body, headers=signed(body, self._secret))
        except httpx.HTTPError:
            return Attempt(body, 0)
        return Attempt(body, answer.status_code)

    async def _rest(self, rounds: int) -> None:
        if self._retry_seconds is not None:
            await asyncio.sleep(self._retry_seconds)
            return
        async with self._number.changed:
            await self._number.changed.wait_for(lambda: self._rounds > rounds)

"""Takes in what Meta brings: one address for all our numbers, and several messages and reports in one request.

A request is answered when everything in it has been committed; until then Meta brings it again, for up to seven days.
What comes twice takes effect once: events by their keys, reports by message and status.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.port import Accept, NotAcceptedError
from bot.channels.webhooks import Answers, is_json, read_body
from bot.channels.whatsapp.decoding import CHANNEL, Brought, Decoded, Receipt, decode_batch
from bot.clock import Clock
from bot.whatsapp_number import WEBHOOK_PATH, WhatsAppNumber
from storage.envelopes import AddressKey
from storage.errors import StorageError
from storage.identity import Move
from storage.statuses import DeliveryStatus

SIGNATURE_HEADER = "x-hub-signature-256"
MOST_BODY_BYTES = 3 * 1024 * 1024
"""Meta's own limit of what it brings at once.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
"""
MOST_CHALLENGE_CHARACTERS = 256

OnStatus = Callable[[Sequence[DeliveryStatus]], Awaitable[None]]
"""Keeps reports about our messages; returns after the commit. The same report may come again.

Raises ``StorageError`` when it cannot now: Meta brings them again.
"""
OnOptOut = Callable[[AddressKey, datetime | None], Awaitable[None]]
"""Told since when somebody does not want what is sent to many, or that they do again (None); as above."""
OnMove = Callable[[Move], Awaitable[None]]
"""Told that somebody has another id or number from now on; as above."""
Afterwards = Callable[[Sequence[Receipt]], None]
"""Starts what is done about messages after their commit: best effort, never in the way of the next ones."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """Who is told what Meta brings besides messages."""

    statuses: OnStatus
    opt_out: OnOptOut
    move: OnMove


@dataclass(frozen=True, slots=True)
class Line:
    """Where what concerns one number goes, as long as it takes updates in."""

    accept: Accept
    heard: Heard
    afterwards: Afterwards


class Webhook:
    """The route, and the numbers whose messages come by it."""

    def __init__(self, numbers: Sequence[WhatsAppNumber], clock: Clock) -> None:
        self.routes = (
            Route(WEBHOOK_PATH, self._challenge, methods=["GET"]),
            Route(WEBHOOK_PATH, self._answer, methods=["POST"]),
        )
        self._secrets = {each.id: each.app_secret.get_secret_value().encode() for each in numbers}
        self._verify_tokens = [each.verify_token.get_secret_value().encode() for each in numbers]
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._answers = Answers(CHANNEL, clock)

    def open(self, number: str, line: Line) -> None:
        """Take in what concerns a number from now on."""
        self._lines[number] = line

    def close(self, number: str) -> None:
        """Refuse it from now on; what is under way is still finished."""
        self._lines.pop(number, None)

    def is_open(self, number: str) -> bool:
        """Tell whether what concerns a number is taken in."""
        return number in self._lines

    async def _challenge(self, request: Request) -> Response:
        """Repeat Meta's challenge, as it asks when the webhook is set."""
        asked = request.query_params
        shown = asked.get("hub.verify_token", "").encode()
        challenge = asked.get("hub.challenge", "")
        if asked.get("hub.mode") != "subscribe" or len(challenge) > MOST_CHALLENGE_CHARACTERS:
            return self._answers.give(HTTPStatus.BAD_REQUEST)
        if not _is_one_of(shown, self._verify_tokens):
            return self._answers.give(HTTPStatus.FORBIDDEN)
        return self._answers.give(HTTPStatus.OK, challenge)

    async def _answer(self, request: Request) -> Response:
        return self._answers.give(await self._take(request))

    async def _take(self, request: Request) -> HTTPStatus:
        """Take one request in and say how that went: 2xx is for ever, anything else brings it again."""
        if not is_json(request):
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        try:
            body = await read_body(request, MOST_BODY_BYTES)
            if body is None:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            signed_for = self._signed_for(body, request.headers.get(SIGNATURE_HEADER, ""))
            if not signed_for:
                return HTTPStatus.FORBIDDEN
            brought = decode_batch(body, at=self._clock.now())
        except (msgspec.DecodeError, ClientDisconnect):
            return HTTPStatus.BAD_REQUEST
        return await self._hand_in(brought, signed_for)

    def _signed_for(self, body: bytes, shown: str) -> frozenset[str]:
        """Give the numbers whose app signed this, compared in constant time; none: it does not come from Meta."""
        signature = shown.removeprefix("sha256=").encode("latin-1")
        signatures = {secret: hmac.digest(secret, body, hashlib.sha256).hex() for secret in set(self._secrets.values())}
        return frozenset(
            number
            for number, secret in self._secrets.items()
            if hmac.compare_digest(signature, signatures[secret].encode())
        )

    async def _hand_in(self, brought: Brought, signed_for: frozenset[str]) -> HTTPStatus:
        _report(brought)
        lines = {number: self._lines.get(number) for number in signed_for}
        parts = [(each, lines[each.account]) for each in brought.decoded if each.account in lines]
        try:
            for part, line in parts:
                if line is None:
                    return HTTPStatus.SERVICE_UNAVAILABLE
                await self._pass_on(part, line)
        except (NotAcceptedError, StorageError):
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    async def _pass_on(self, decoded: Decoded, line: Line) -> None:
        if decoded.statuses:
            await line.heard.statuses(decoded.statuses)
        for move in decoded.moves:
            await line.heard.move(move)
        for each in decoded.opt_outs:
            await line.heard.opt_out(each.address, each.at)
        if decoded.envelopes:
            await line.accept(decoded.envelopes)
            if self._lines.get(decoded.account) is line:
                line.afterwards(decoded.receipts)


def _is_one_of(shown: bytes, known: Sequence[bytes]) -> bool:
    """Compare in constant time."""
    return any(hmac.compare_digest(shown, each) for each in known)


def _report(brought: Brought) -> None:
    """Log what could not be read, and what is wrong with an account. It counts as taken: it would come for a week."""
    for problem in brought.problems:
        _log.error("batch_unreadable", problem=problem)
    for each in brought.decoded:
        if each.errors:
            _log.error("account_trouble", via=f"{CHANNEL}:{each.account}", codes=each.errors)

"""Takes updates in as Telegram brings them: an HTTP request each, answered when its update has been committed.

An update has arrived when its last byte has; updates take effect in the order of arrival, one turn after another.
Telegram brings a person's messages one by one and their taps one by one, but a message and a tap side by side and in
either order. Both orders do: a tap names its question, and whoever types has not yet seen what their tap leads to.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus

import msgspec
from pydantic import SecretStr
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.port import Accept, NotAcceptedError
from bot.channels.telegram.decoding import CHANNEL, Decoded, decode_update
from bot.channels.telegram.intake import Afterwards, report_problems
from bot.channels.webhooks import Answers, is_json, read_body
from bot.clock import Clock
from storage.envelopes import via

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of the header
MOST_BODY_BYTES = 1024 * 1024
"""Several times the longest update: a text of 4096 escaped characters that replies to another one with 100 buttons."""

Watch = Callable[[], Awaitable[None]]
"""Looks after the webhook, as long as it takes updates."""


class Webhook:
    """Takes the updates of one bot, at the path that its route names."""

    is_polled = False

    def __init__(self, bot: str, *, path: str, secret: SecretStr, watch: Watch, clock: Clock) -> None:
        self.route = Route(path, self._answer, methods=["POST"])
        self._bot = bot
        self._secret = secret
        self._watch = watch
        self._clock = clock
        self._accept: Accept | None = None
        self._afterwards: Afterwards | None = None
        self._answers = Answers(via(CHANNEL, bot), clock)

    async def run(self, accept: Accept, afterwards: Afterwards) -> None:
        """Take updates in until cancelled; what is under way then is still finished, everything after it refused."""
        self._accept, self._afterwards = accept, afterwards
        try:
            await self._watch()
        finally:
            self._accept = self._afterwards = None

    def trouble(self, at: datetime) -> str:  # noqa: ARG002 - an intake's; Telegram may have nothing to bring for days
        """Say why updates would not be taken now; empty: they would."""
        return "" if self._accept else "updates are not taken in: the program is starting or stopping"

    async def _answer(self, request: Request) -> Response:
        return self._answers.give(await self._take(request))

    async def _take(self, request: Request) -> HTTPStatus:
        """Take one update in and say how that went: 2xx is for ever, anything else brings it again."""
        if not self._is_from_telegram(request):
            return HTTPStatus.FORBIDDEN
        if not is_json(request):
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        try:
            body = await read_body(request, MOST_BODY_BYTES)
            if body is None:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            update = decode_update(body, bot=self._bot, at=self._clock.now())
        except (msgspec.DecodeError, ClientDisconnect):
            return HTTPStatus.BAD_REQUEST
        return await self._hand_in(update)

    async def _hand_in(self, update: Decoded) -> HTTPStatus:
        if self._accept is None:
            return HTTPStatus.SERVICE_UNAVAILABLE
        report_problems([update])
        if update.envelope:
            try:
                await self._accept([update.envelope])
            except NotAcceptedError:
                return HTTPStatus.SERVICE_UNAVAILABLE
        if self._afterwards:
            self._afterwards([update])
        return HTTPStatus.OK

    def _is_from_telegram(self, request: Request) -> bool:
        """Compare the secret in constant time; without one of ours nobody is let in."""
        ours = self._secret.get_secret_value().encode()
        shown = request.headers.get(SECRET_HEADER, "").encode("latin-1")
        return bool(ours) and hmac.compare_digest(shown, ours)

"""What all webhooks share: bodies are read in bounds, answers counted, and requests of strangers complained about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.incoming import announced_bytes
from bot.clock import Clock
from bot.metrics import WEBHOOK_ANSWERS

JSON = "application/json"
RETRY_SECONDS = 2
"""When to bring an update again that could not be kept. Without it Telegram waits longer each time, up to two minutes.

Source: https://github.com/tdlib/telegram-bot-api, ``WebhookActor::on_update_error``
"""
REFUSALS = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    }
)
COMPLAINT_EVERY = timedelta(minutes=1)
"""Requests that are not the platform's are counted, and logged this often: strangers must not fill the log."""

_log = structlog.get_logger(__name__)


class Answers:
    """Answers the requests that come to one webhook, which is known in the log by ``via``."""

    def __init__(self, via: str, clock: Clock) -> None:
        self._via = via
        self._clock = clock
        self._complained_at: datetime | None = None

    def give(self, status: HTTPStatus, said: str = "") -> Response:
        """Answer with this status and text."""
        WEBHOOK_ANSWERS.labels(int(status)).inc()
        if status in REFUSALS:
            self._complain(status)
        return Response(said, status, _headers(status), media_type="text/plain" if said else None)

    def _complain(self, status: HTTPStatus) -> None:
        now = self._clock.now()
        if self._complained_at is None or now - self._complained_at >= COMPLAINT_EVERY:
            self._complained_at = now
            _log.warning("webhook_refused", via=self._via, status=int(status), why=status.phrase)


def is_json(request: Request) -> bool:
    """Tell whether a request says that it carries JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON


async def read_body(request: Request, most_bytes: int) -> bytes | None:
    """Read a body; None as soon as it is known to be too long.

    Raises:
        ClientDisconnect: the connection ended before the body.
    """
    announced = announced_bytes(request.headers.get("content-length", "0"))
    if announced is None or announced > most_bytes:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            return None
    return bytes(body)


def _headers(status: HTTPStatus) -> Mapping[str, str]:
    """Say when to come again; whoever is refused is not listened to any longer, however much there is to be read."""
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_SECONDS)}
    return {"Connection": "close"} if status in REFUSALS else {}

"""Keeps other sites out: a page elsewhere must not talk to the simulator through somebody's browser."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD"})
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


class Guard:
    """Refuses foreign hosts (DNS rebinding) and foreign origins (forged requests); adds strict headers."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = OWN_HOSTS | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return
        if problem := self._problem(scope["method"], Headers(scope=scope)):
            await JSONResponse({"error": "refused", "detail": problem}, 403)(scope, receive, send)
            return

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_strictly)

    def _problem(self, method: str, headers: Headers) -> str:
        host = headers.get("host", "").lower()
        if host_name(host) not in self._hosts:
            return f"expected a request to {', '.join(sorted(self._hosts))}, not to {host[:100]!r}"
        origin = headers.get("origin")
        if method not in SAFE_METHODS and origin is not None and _place(origin) != host:
            return f"expected a request of our own page, not of {origin[:100]!r}"
        return ""


def host_name(host: str) -> str:
    """Take the port off a Host header: ``[::1]:8080`` is ``[::1]``."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""

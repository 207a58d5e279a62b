"""The web side: health, metrics and what a channel mounts; served by uvicorn in the program's own loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.metrics import EXPOSITION_TYPE, exposition

STOP_SECONDS = 2


class Reports(Protocol):
    """What the program says of itself: each part of it with what is wrong and what to do; empty: it is well."""

    async def live(self) -> Mapping[str, str]:
        """Tell whether the process works at all: where it does not, only a new start helps."""
        ...

    async def ready(self) -> Mapping[str, str]:
        """Tell whether it can take events now; where it cannot, waiting may help."""
        ...

    async def measure(self) -> None:
        """Bring the figures up to date that are not counted as things happen."""
        ...


def web_app(health: Reports, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Put the pages together; the routes of channels come last, so that they cannot hide ours."""

    async def live(_request: Request) -> Response:
        return _answer(await health.live())

    async def ready(_request: Request) -> Response:
        return _answer(await health.ready())

    async def metrics(_request: Request) -> Response:
        await health.measure()
        return Response(exposition(), media_type=EXPOSITION_TYPE)

    return Starlette(routes=[Route("/healthz", live), Route("/readyz", ready), Route("/metrics", metrics), *routes])


def _answer(parts: Mapping[str, str]) -> Response:
    is_well = not any(parts.values())
    shown = {name: trouble or True for name, trouble in parts.items()}
    return JSONResponse({"ok": is_well, **shown}, status_code=200 if is_well else 503)


def listen(host: str, port: int) -> socket.socket:
    """Open the port (0: any free one), so that its number is known before anything is served.

    Raises:
        OSError: the port is taken, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def address_of(listening: socket.socket) -> str:
    """Give the address to open in a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class WebServer(uvicorn.Server):
    """Uvicorn that leaves signals to the program."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: the program stops us when it stops itself."""
        yield

    def stop(self) -> None:
        """Finish the requests that are under way, ``STOP_SECONDS`` at most."""
        self.should_exit = True

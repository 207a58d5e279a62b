"""The simulator's web application: one page, its files, and its endpoints."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.channels.simulator.bodies import ApiError
from bot.channels.simulator.channel import NotTakenError, SimulatorChannel
from bot.channels.simulator.guard import Guard
from bot.channels.simulator.phones import PhoneEndpoints
from bot.channels.simulator.posts import Posts
from bot.channels.simulator.sending import SendingEndpoints

STATIC = Path(__file__).parent / "static"


def create_app(channel: SimulatorChannel, posts: Posts, *, hosts: Collection[str] = ()) -> Starlette:
    """Make the application, to be mounted wherever the web application likes.

    ``hosts`` are names, beside those of this machine, under which the page may be asked for (without a port).
    It has no passwords: whoever reaches it can speak as anybody, so it belongs on this machine only.
    """
    return Starlette(
        routes=[
            Route("/", show_page),
            Mount("/static", StaticFiles(directory=STATIC)),
            Mount("/api", routes=[*_phone_routes(channel, posts), *_sending_routes(channel, posts)]),
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={HTTPException: explain, NotTakenError: explain_not_taken},
    )


async def show_page(request: Request) -> Response:  # noqa: ARG001 - starlette's signature
    """Give the page."""
    return FileResponse(STATIC / "index.html")


async def explain(request: Request, error: Exception) -> Response:  # noqa: ARG001 - starlette's signature
    """Answer an error with a code for the page and a sentence for whoever reads the log."""
    assert isinstance(error, HTTPException)
    code = error.code if isinstance(error, ApiError) else HTTPStatus(error.status_code).name.lower()
    return JSONResponse({"error": code, "detail": error.detail}, error.status_code, error.headers)


async def explain_not_taken(request: Request, error: Exception) -> Response:  # noqa: ARG001 - starlette's signature
    """Answer that the bot did not take it in."""
    return JSONResponse({"error": "not_taken", "detail": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)


def _phone_routes(channel: SimulatorChannel, posts: Posts) -> list[Route]:
    phones = PhoneEndpoints(channel, posts)
    return [
        Route("/posts", phones.find_posts),
        Route("/phones", phones.list),
        Route("/phones", phones.open, methods=["POST"]),
        Route("/phones/{phone}", phones.remove, methods=["DELETE"]),
        Route("/phones/{phone}/files/{message}", phones.give_file),
        Route("/stream", phones.watch),
    ]


def _sending_routes(channel: SimulatorChannel, posts: Posts) -> list[Route]:
    sending = SendingEndpoints(channel, posts)
    endpoints = {
        "invitation": sending.open_invitation,
        "texts": sending.text,
        "taps": sending.tap,
        "edits": sending.edit,
        "places": sending.place,
        "files": sending.file,
        "retries": sending.retry,
        "days": sending.day,
    }
    return [Route(f"/phones/{{phone}}/{name}", each, methods=["POST"]) for name, each in endpoints.items()]

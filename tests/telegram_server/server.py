"""The server itself: Starlette on a free port, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Address
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.telegram_server.entities import MangledError, RefusedError
from tests.telegram_server.media import read_form
from tests.telegram_server.people import Person
from tests.telegram_server.world import Chat, Fault, World

Answer = TypeVar("Answer")
PATIENCE_SECONDS = 20
KEPT_SECONDS = 75
"""How long a connection without work is kept: longer than any client of ours does, so that theirs is seen."""


class TelegramServer:
    """Starts when entered. Its people are made with ``person``."""

    token = "1:testing"

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or an answer in two pieces takes 40 ms
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._people = 70_000
        self._clients: set[Address | None] = set()
        self._worlds: dict[str, World] = {}
        self._tasks: asyncio.TaskGroup
        self.world: World
        self.loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """The address to use instead of ``https://api.telegram.org``."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE_SECONDS)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for world in self._worlds.values():
            self.do(world.close())
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE_SECONDS)

    def start(self, work: Coroutine[Any, Any, Answer]) -> Future[Answer]:
        """Start something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do something in the server's loop and give the result."""
        return self.start(work).result(PATIENCE_SECONDS)

    def bot(self, token: str) -> World:
        """Have one more bot, with people of its own; the first one, ``token``, is there from the start."""
        number = token.partition(":")[0]
        self._worlds[token] = World(self._tasks, bot=int(number), name=f"jemputbola{number}_bot")
        return self._worlds[token]

    def person(self, name: str = "Ahmad", language: str = "id", *, world: World | None = None) -> Person:
        """Give somebody new, who talks with the first bot or the one of this world."""
        self._people += 1
        chat = Chat(self._people, name, language)
        world = world or self.world
        world.chats[chat.id] = chat
        return Person(self, world, chat)

    def group(self, name: str = "Forum Camat") -> Chat:
        """Give a new group in which the first bot is."""
        self._people += 1
        chat = Chat(-self._people, name, "id")
        self.world.chats[chat.id] = chat
        return chat

    def bring_again(self) -> None:
        """Have Telegram bring again what the webhooks did not take."""
        for world in self._worlds.values():
            self.do(world.bring_again())

    def fails(self, fault: Fault) -> None:
        """Have a fault from the next call of its method on."""
        self.world.faults.append(fault)

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Give the parameters of all calls of a method so far."""
        return [given for name, given, _ in self.world.calls if name == method]

    def connections(self) -> tuple[int, int]:
        """Count the connections: those that are open, and all that ever called."""
        return len(self._server.server_state.connections), len(self._clients)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as self._tasks:
            await self._serve_in_group()

    async def _serve_in_group(self) -> None:
        self.world = self._worlds[self.token] = World(self._tasks)
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/file/bot{token}/files/{reference}", self._file),
            ],
            exception_handlers={RefusedError: _refused, MangledError: _mangled},
        )
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=KEPT_SECONDS)
        self._server = uvicorn.Server(config)
        self._ready.set()
        await self._server.serve(sockets=[self._socket])

    async def _call(self, request: Request) -> Response:
        self._clients.add(request.client)
        try:
            given = {**request.query_params, **await read_form(request)}
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it: the program was killed while it called
        world = self._worlds.get(request.path_params["token"])
        if world is None:
            raise RefusedError(401, "Unauthorized")
        result = await world.call(request.path_params["method"], given)
        return JSONResponse({"ok": True, "result": result})

    async def _file(self, request: Request) -> Response:
        world = self._worlds[request.path_params["token"]]
        return Response(await world.hand_over(request.path_params["reference"]))


async def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusedError)
    said: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.retry_after:
        said["parameters"] = {"retry_after": refusal.retry_after}
    return JSONResponse(said, status_code=refusal.status)


async def _mangled(_request: Request, answer: Exception) -> Response:
    assert isinstance(answer, MangledError)
    announced = {"content-length": "9999"} if answer.is_cut else None
    return Response(answer.said, answer.status, headers=announced)

"""The server itself: Starlette on a free port, in a thread with a loop of its own."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.platform_server import Fault, MangledError, PlatformServer, mangled
from tests.telegram_server.entities import RefusedError
from tests.telegram_server.media import read_form
from tests.telegram_server.people import Person
from tests.telegram_server.world import Chat, World


class TelegramServer(PlatformServer):
    """Starts when entered. Its people are made with ``person``."""

    token = "1:testing"

    def __init__(self) -> None:
        super().__init__()
        self._people = 70_000
        self._worlds: dict[str, World] = {}
        self.world: World

    def app(self) -> Starlette:
        """Make the Bot API, with the first bot."""
        self.world = self._worlds[self.token] = World(self._tasks)
        return Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/file/bot{token}/files/{reference}", self._file),
            ],
            exception_handlers={RefusedError: _refused, MangledError: mangled},
        )

    async def shut(self) -> None:
        """Let go whatever waits."""
        for world in self._worlds.values():
            await world.close()

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

    async def _call(self, request: Request) -> Response:
        self._clients.add(request.client)
        try:
            given = {**request.query_params, **await read_form(request)}
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it: the program was killed while it called
        world = self._worlds.get(request.path_params["token"])
        if world is None:
            raise RefusedError(401, "Unauthorized")
        result = await world.carry_out(request.path_params["method"], given)
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

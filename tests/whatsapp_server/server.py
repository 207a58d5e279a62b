"""The server itself: Meta's Graph API and its files, on a free port of this machine."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.platform_server import MangledError, PlatformServer, mangled
from tests.whatsapp_server.graph import Chat, Number
from tests.whatsapp_server.messages import RefusedError
from tests.whatsapp_server.people import Person

TOKEN = "EAA-testing"
APP_SECRET = "0123456789abcdef0123456789abcdef"
FIRST_PHONE = 62_811_000_000
TEMPLATES_A_PAGE = 3


class WhatsAppServer(PlatformServer):
    """Starts when entered. Its people are made with ``person``."""

    def __init__(self) -> None:
        super().__init__()
        self._people = FIRST_PHONE
        self._numbers: dict[str, Number] = {}

    def app(self) -> Starlette:
        """Make the Graph API."""
        return Starlette(
            routes=[
                Route("/v{version}/{number}/messages", self._messages, methods=["POST"]),
                Route("/v{version}/{number}/media", self._upload, methods=["POST"]),
                Route("/v{version}/{account}/message_templates", self._templates, methods=["GET", "POST"]),
                Route("/v{version}/{account}/subscribed_apps", self._apps),
                Route("/v{version}/{reference}", self._find),
                Route("/files/{reference}", self._file),
            ],
            exception_handlers={RefusedError: _refused, MangledError: mangled},
        )

    async def shut(self) -> None:
        """Let go whatever waits."""
        for number in self._numbers.values():
            await number.close()

    def number(self, identifier: str, *, token: str = TOKEN, app_secret: str = APP_SECRET) -> Number:
        """Have one more number, with people of its own."""
        self._numbers[identifier] = Number(self._tasks, id=identifier, token=token, app_secret=app_secret)
        return self._numbers[identifier]

    def person(self, number: Number, name: str = "Ahmad", *, user_id: str = "", has_phone: bool = True) -> Person:
        """Give somebody new who talks with this number."""
        self._people += 1
        chat = Chat(str(self._people) if has_phone else "", user_id, name)
        number.chats.append(chat)
        return Person(self, number, chat)

    def bring_again(self) -> None:
        """Have Meta bring again what was not taken."""
        for number in self._numbers.values():
            if number.deliveries:
                number.deliveries.again()
                self.do(number.notify())

    def _known(self, request: Request) -> Number:
        """Tell whose token a request shows."""
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        asked = request.path_params.get("number") or request.path_params.get("account")
        for number in self._numbers.values():
            if number.token == shown and asked in (None, number.id, number.account):
                return number
        raise RefusedError(190, "Invalid OAuth access token", status=401)

    async def _messages(self, request: Request) -> Response:
        self._clients.add(request.client)
        try:
            given = await request.json()
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it: the program was killed while it called
        number = self._known(request)
        method = "read" if given.get("status") == "read" else "messages"
        return JSONResponse(await number.call(method, given, number.send(given)))

    async def _upload(self, request: Request) -> Response:
        number = self._known(request)
        async with request.form() as form:
            file, kind = form["file"], str(form["type"])
            assert isinstance(file, UploadFile)
            name, content = file.filename or "", await file.read()

        async def keep() -> dict[str, Any]:
            return {"id": number.upload(name, kind, content)}

        return JSONResponse(await number.call("media", {"name": name, "kind": kind}, keep()))

    async def _templates(self, request: Request) -> Response:
        number = self._known(request)
        if request.method == "POST":
            return JSONResponse(number.keep_template(await request.json()))
        first = int(request.query_params.get("after", "0"))
        after = first + TEMPLATES_A_PAGE
        paging = {"cursors": {"after": str(after)}, "next": "..."} if after < len(number.templates) else {}
        return JSONResponse({"data": number.templates[first:after], "paging": paging})

    async def _apps(self, request: Request) -> Response:
        return JSONResponse({"data": self._known(request).apps})

    async def _find(self, request: Request) -> Response:
        number, reference = self._known(request), request.path_params["reference"]

        async def find() -> dict[str, Any]:
            if reference == number.id:
                return {"id": number.id, **number.about}
            if reference not in number.files:
                raise RefusedError(100, "Unsupported get request. Object does not exist")
            content = number.files[reference]
            url = f"{self.url}/files/{reference}"
            return {"id": reference, "url": url, "mime_type": "image/jpeg", "sha256": "x", "file_size": len(content)}

        return JSONResponse(await number.call("find", {"reference": reference}, find()))

    async def _file(self, request: Request) -> Response:
        number, reference = self._known(request), request.path_params["reference"]

        async def hand_over() -> bytes:
            return number.files[reference]

        return Response(await number.call("file", {"reference": reference}, hand_over()))


async def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusedError)
    said = {"message": refusal.said, "type": "OAuthException", "code": refusal.code, "fbtrace_id": "A"}
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else None
    return JSONResponse({"error": said}, status_code=refusal.status, headers=headers)

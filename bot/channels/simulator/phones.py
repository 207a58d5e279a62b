"""Endpoints about phones: finding whose it is to be, opening one, watching it, throwing it away."""

from __future__ import annotations

from typing import cast

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from bot.channels.simulator.bodies import ApiError, PhoneWanted, read_body
from bot.channels.simulator.bubbles import Phone
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.simulator.exchange import Exchange, fresh_number
from bot.channels.simulator.journal import MOST_PHONES
from bot.channels.simulator.looks import LOOKS
from bot.channels.simulator.posts import HELD, PhoneKind, PostFound, Posts, matching, owner_of
from bot.channels.simulator.stream import events, summary
from bot.channels.simulator.uploads import picture_type

MOST_FOUND = 50
MOST_WORDS_CHARACTERS = 100
FILE_HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, max-age=86400",
}


class PhoneEndpoints:
    """Each reads the request, acts, and answers in JSON."""

    def __init__(self, channel: SimulatorChannel, posts: Posts) -> None:
        self._channel = channel
        self._exchange = channel.exchange
        self._posts = posts

    async def list(self, request: Request) -> Response:  # noqa: ARG002 - starlette's signature
        """Give the phones that were opened before."""
        phones = self._exchange.journal.phones()
        return answer({"phones": [summary(self._exchange, phone) for phone in phones]})

    async def find_posts(self, request: Request) -> Response:
        """Search the posts that a kind of phone can be opened for."""
        held = HELD.get(cast("PhoneKind", request.query_params.get("kind", "")))
        if held is None:
            raise ApiError(400, "bad_request", f"expected a kind out of {', '.join(HELD)}")
        words = request.query_params.get("words", "")[:MOST_WORDS_CHARACTERS]
        found = matching(await self._posts.list(held[0]), words)
        return answer({"posts": found[:MOST_FOUND], "count": len(found)})

    async def open(self, request: Request) -> Response:
        """Open a phone for a post; the one that was opened for it before, if there is one."""
        wanted = await read_body(request, PhoneWanted)
        if known := self._exchange.find_phone(wanted.kind, wanted.post):
            return answer(summary(self._exchange, known))
        if len(self._exchange.journal.phones()) >= MOST_PHONES:
            raise ApiError(409, "too_many_phones", f"expected at most {MOST_PHONES} phones; throw some away")
        phone = await self._new_phone(wanted)
        self._exchange.journal.open(phone)
        return answer(summary(self._exchange, phone), 201)

    async def remove(self, request: Request) -> Response:
        """Throw a phone away, with its chat; the bot keeps what it was told."""
        self._exchange.remove(phone_of(request, self._exchange).id)
        return Response(status_code=204)

    async def watch(self, request: Request) -> Response:
        """Stream a phone's chat, and what happens on the others."""
        look = LOOKS.get(request.query_params.get("look", "telegram"))
        if look is None:
            raise ApiError(400, "bad_request", f"expected a look out of {', '.join(LOOKS)}")
        stream = events(self._exchange, request.query_params.get("phone", ""), look)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def give_file(self, request: Request) -> Response:
        """Give back a file that was sent; only a picture is ever shown, everything else is downloaded."""
        phone = phone_of(request, self._exchange)
        bubble = self._exchange.bubble(phone.id, request.path_params["message"])
        attachment = bubble.attachment if bubble else None
        path = self._exchange.uploads.find(attachment.reference) if attachment else None
        if attachment is None or path is None:
            raise ApiError(404, "unknown_file", "this message has no file (any more)")
        media = picture_type(path)
        return FileResponse(
            path,
            media_type=media or "application/octet-stream",
            filename=attachment.name or attachment.kind,
            content_disposition_type="inline" if media else "attachment",
            headers=FILE_HEADERS,
        )

    async def _new_phone(self, wanted: PhoneWanted) -> Phone:
        at = self._channel.clock.now()
        if wanted.kind == "stranger":
            return Phone(fresh_number(), wanted.kind, at)
        post = await self._post(wanted)
        owner, _ = owner_of(wanted.kind, post.key)
        return Phone(fresh_number(), wanted.kind, at, post, owner)

    async def _post(self, wanted: PhoneWanted) -> PostFound:
        role, _ = HELD[wanted.kind]
        for post in await self._posts.list(role):
            if post.key == wanted.post:
                return post
        raise ApiError(404, "unknown_post", f"no post {wanted.post!r} of this kind; search for it first")


def phone_of(request: Request, exchange: Exchange) -> Phone:
    """Give the phone that a request's path names.

    Raises:
        ApiError: there is none.
    """
    phone = exchange.journal.find(request.path_params["phone"])
    if phone is None:
        raise ApiError(404, "unknown_phone", "no such phone (any more); open it anew")
    return phone


def answer(content: object, status: int = 200) -> Response:
    """Answer in JSON."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")

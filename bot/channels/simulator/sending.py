"""Endpoints for what a person does with a phone: write, tap, edit, send a file or a place."""

from __future__ import annotations

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.incoming import plain_name
from bot.channels.simulator.bodies import (
    ApiError,
    Edited,
    FileSent,
    Located,
    Once,
    Retried,
    Tapped,
    TextSent,
    read_body,
    reading_upload,
)
from bot.channels.simulator.bubbles import Attachment, Bubble, Phone, Place
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.simulator.phones import answer, phone_of
from bot.channels.simulator.posts import HELD, Posts, owner_of
from bot.channels.simulator.whatsapp import title_of


class SendingEndpoints:
    """Each answers after the commit, so that a message is shown as sent only when it is safe."""

    def __init__(self, channel: SimulatorChannel, posts: Posts) -> None:
        self._channel = channel
        self._exchange = channel.exchange
        self._posts = posts

    async def open_invitation(self, request: Request) -> Response:
        """Issue an invitation for the phone's post and open its link on the phone."""
        phone = phone_of(request, self._exchange)
        wanted = await read_body(request, Once)
        known = self._exchange.bubble(phone.id, wanted.id)
        text = known.text if known else f"/start {await self._invite(phone)}".strip()
        return await self._take(phone, self._typed(wanted.id, text))

    async def text(self, request: Request) -> Response:
        """Send what was typed."""
        phone = phone_of(request, self._exchange)
        sent = await read_body(request, TextSent)
        return await self._take(phone, self._typed(sent.id, sent.text, sent.reply_to))

    async def place(self, request: Request) -> Response:
        """Send a place on the map."""
        phone = phone_of(request, self._exchange)
        sent = await read_body(request, Located)
        place = Place(sent.latitude, sent.longitude)
        return await self._take(phone, msgspec.structs.replace(self._typed(sent.id, "", sent.reply_to), place=place))

    async def file(self, request: Request) -> Response:
        """Send a photo or document."""
        phone = phone_of(request, self._exchange)
        async with reading_upload(request) as (sent, file):
            bubble = self._exchange.bubble(phone.id, sent.id) or await self._carrying(sent, file)
        return await self._take(phone, bubble)

    async def retry(self, request: Request) -> Response:
        """Send a message again that may not have arrived."""
        phone = phone_of(request, self._exchange)
        retried = await read_body(request, Retried)
        return await self._take(phone, self._own(phone, retried.message))

    async def tap(self, request: Request) -> Response:
        """Tap a button, perhaps an old one."""
        phone = phone_of(request, self._exchange)
        tapped = await read_body(request, Tapped)
        about = self._exchange.bubble(phone.id, tapped.message)
        title = title_of(about, tapped.data) if about else ""
        bubble = self._typed(tapped.id, title, tapped.message)
        return await self._take(phone, msgspec.structs.replace(bubble, tapped=tapped.data))

    async def edit(self, request: Request) -> Response:
        """Change the text of one's own older message."""
        phone = phone_of(request, self._exchange)
        edited = await read_body(request, Edited)
        old = self._own(phone, edited.message)
        if not old.text or old.attachment or old.tapped:
            raise ApiError(400, "not_editable", "expected a message that is nothing but text")
        await self._channel.take_edit(phone, edited.id, message=edited.message, text=edited.text)
        return answer({})

    async def day(self, request: Request) -> Response:
        """Let 24 hours go by without a word from this person."""
        phone = phone_of(request, self._exchange)
        wanted = await read_body(request, Once)
        if self._exchange.bubble(phone.id, wanted.id) is None:
            self._channel.pass_day(phone, wanted.id)
        return answer({})

    async def _take(self, phone: Phone, bubble: Bubble) -> Response:
        if self._exchange.bubble(phone.id, bubble.id) is not None:
            self._own(phone, bubble.id)
        await self._channel.take(phone, bubble)
        return answer({})

    def _own(self, phone: Phone, identifier: str) -> Bubble:
        bubble = self._exchange.bubble(phone.id, identifier)
        if bubble is None or bubble.side != "person":
            raise ApiError(404, "unknown_message", "no such message of this person (any more)")
        return bubble

    def _typed(self, identifier: str, text: str, reply_to: str = "") -> Bubble:
        return Bubble(id=identifier, side="person", at=self._channel.clock.now(), text=text, reply_to=reply_to)

    async def _carrying(self, sent: FileSent, file: UploadFile) -> Bubble:
        attachment = Attachment(
            reference=await self._exchange.uploads.keep(file.file),
            kind=sent.kind,
            name=plain_name(file.filename or ""),
            size_bytes=file.size or 0,
            album=sent.album,
        )
        return msgspec.structs.replace(self._typed(sent.id, sent.caption, sent.reply_to), attachment=attachment)

    async def _invite(self, phone: Phone) -> str:
        """Issue an invitation; a stranger has none and gives no code."""
        if phone.post is None:
            return ""
        _, standing = HELD[phone.kind]
        name, honorific = owner_of(phone.kind, phone.post.key)
        return await self._posts.invite(phone.post.key, standing, name, honorific)

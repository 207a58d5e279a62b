"""Sends one message: its file, its texts, and the choices under the last of all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.channels.port import ChannelError, ChannelLimits
from bot.channels.rendering.whatsapp import NOTHING, Drawn, draw
from bot.channels.whatsapp.graph import GraphApi
from bot.channels.whatsapp.media import MediaStore, Uploaded
from bot.channels.whatsapp.templates import Templates
from bot.channels.whatsapp.wording import Wording
from conversations.events import StoredFile
from conversations.messages import Template
from storage.outbox import OutboxRow

LONGEST_SECONDS = 100.0
"""A message is on its way no longer than this, however slowly its file trickles: it holds up the others of its chat."""
Content = Mapping[str, Any]
Piece = tuple[str, Content]
"""One call: the kind of message, and what is in it."""


class Sender:
    """One number's voice."""

    def __init__(
        self, api: GraphApi, limits: ChannelLimits, media: MediaStore, *, wording: Wording, templates: Templates
    ) -> None:
        self._api = api
        self._limits = limits
        self._media = media
        self._wording = wording
        self._templates = templates

    async def send(self, outgoing: OutboxRow) -> str:
        """Send a message and give the id of its last part.

        Raises:
            ChannelError: it could not be sent, or nobody knows whether it was; uncertain too when a part has arrived.
        """
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await self._send(outgoing)
        except TimeoutError:
            reason = f"no end after {LONGEST_SECONDS:.0f} seconds"
            raise ChannelError(reason, retryable=True, is_uncertain=True) from None

    async def _send(self, outgoing: OutboxRow) -> str:
        if outgoing.is_template:
            return await self._call(outgoing, self._template(outgoing.message.template), is_last=True)
        drawn, file = draw(outgoing.message, self._limits), outgoing.message.file
        last = ""
        try:
            if file:
                last = await self._send_file(outgoing, drawn, file)
            for number, part in enumerate(drawn.parts, start=1):
                is_last = number == len(drawn.parts)
                piece = self._tappable(drawn, part) if drawn.choices and is_last else _text(part)
                last = await self._call(outgoing, piece, is_last=is_last)
        except ChannelError as error:
            error.is_uncertain |= bool(last)
            raise
        return last

    async def _send_file(self, outgoing: OutboxRow, drawn: Drawn, file: StoredFile) -> str:
        """Send a file; where Meta does not know it any more, after all, it is uploaded anew."""
        was_known = self._media.knows(file)
        try:
            piece = self._file(drawn, file, await self._media.find(file))
            return await self._call(outgoing, piece, is_last=not drawn.parts)
        except ChannelError as error:
            if error.retryable or error.is_gone or error.is_closed or error.is_opted_out or not was_known:
                raise
        self._media.forget(file)
        piece = self._file(drawn, file, await self._media.find(file))
        return await self._call(outgoing, piece, is_last=not drawn.parts)

    def _file(self, drawn: Drawn, file: StoredFile, uploaded: Uploaded) -> Piece:
        kind = "image" if uploaded.is_picture else "document"
        named: Content = {"id": uploaded.id} if uploaded.is_picture else {"id": uploaded.id, "filename": file.name}
        if drawn.choices and not drawn.parts:
            return self._tappable(drawn, drawn.caption or NOTHING, header={"type": kind, kind: named})
        return kind, {**named, "caption": drawn.caption} if drawn.caption else named

    def _tappable(self, drawn: Drawn, body: str, *, header: Content | None = None) -> Piece:
        """Put the choices under a text: up to three as buttons, more as a list."""
        action: Content
        if drawn.has_list:
            rows = [
                {
                    "id": each.data,
                    "title": each.title,
                    **({"description": each.description} if each.description else {}),
                }
                for each in drawn.choices
            ]
            action = {"button": self._wording.choose, "sections": [{"rows": rows}]}
        else:
            replies = [{"type": "reply", "reply": {"id": each.data, "title": each.title}} for each in drawn.choices]
            action = {"buttons": replies}
        content = {"type": "list" if drawn.has_list else "button", "body": {"text": body}, "action": action}
        return "interactive", {**content, "header": header} if header else content

    def _template(self, template: Template | None) -> Piece:
        """Write a template; what stands in it is fitted here, whoever has put it together."""
        if template is None:
            raise ChannelError("a message with a template was expected: its chat is closed", alert=True)
        fitted = self._templates.fill(template.name, template.language, template.parameters, template.payloads)
        components: list[Content] = []
        if fitted.parameters:
            words = [{"type": "text", "text": each} for each in fitted.parameters]
            components.append({"type": "body", "parameters": words})
        for place, payload in enumerate(fitted.payloads):
            carried = [{"type": "payload", "payload": payload}]
            button = {"type": "button", "sub_type": "quick_reply", "index": str(place), "parameters": carried}
            components.append(button)
        return "template", {"name": fitted.name, "language": {"code": fitted.language}, "components": components}

    async def _call(self, outgoing: OutboxRow, piece: Piece, *, is_last: bool) -> str:
        """Make one call. Only the last one names the message in reports: when that arrived, all of it did."""
        kind, content = piece
        tracker = str(outgoing.id) if is_last else f"{outgoing.id}-"
        return await self._api.send(outgoing.address.user, kind, content, tracker=tracker)


def _text(body: str) -> Piece:
    return "text", {"body": body, "preview_url": False}

"""People with WhatsApp on their phones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.clock import SystemClock
from tests.whatsapp_server.graph import Chat, Number
from tests.whatsapp_server.messages import Bubble

if TYPE_CHECKING:
    from tests.whatsapp_server.server import WhatsAppServer

PATIENCE_SECONDS = 20.0


class Person:
    """Somebody who talks with a number."""

    def __init__(self, server: WhatsAppServer, number: Number, chat: Chat) -> None:
        self._server = server
        self._number = number
        self.chat = chat
        self._read = 0

    @property
    def heard(self) -> list[Bubble]:
        """Everything that the number has said to them."""
        return [bubble for bubble in self.chat.bubbles if bubble.is_ours]

    def says(self, text: str, *, reply_to: str = "") -> Bubble:
        """Type something."""
        return self._sends(text, "text", {"body": text}, reply_to=reply_to)

    def taps(self, title: str) -> None:
        """Tap the newest choice with this in its title."""
        for bubble in reversed(self.chat.bubbles):
            for shown, data in bubble.choices:
                if title in shown:
                    self.presses(bubble, data)
                    return
        raise AssertionError(f"nobody offered {title!r} to {self.chat.name}")

    def presses(self, bubble: Bubble, data: str) -> None:
        """Tap the choice that carries this below a message, however old."""
        title = {each: shown for shown, each in bubble.choices}[data]
        if bubble.is_template:
            self._sends(f"({title})", "button", {"payload": data, "text": title}, reply_to=bubble.id)
            return
        kind = "list_reply" if bubble.is_list else "button_reply"
        content = {"type": kind, kind: {"id": data, "title": title}}
        self._sends(f"({title})", "interactive", content, reply_to=bubble.id)

    def sends_photo(self, content: bytes, *, caption: str = "") -> Bubble:
        """Send a photo."""
        media = {"id": self._keeps(content), "mime_type": "image/jpeg", "sha256": "x"}
        return self._sends("(photo)", "image", {**media, **({"caption": caption} if caption else {})})

    def sends_document(self, content: bytes, name: str) -> Bubble:
        """Send a file."""
        media = {"id": self._keeps(content), "mime_type": "application/pdf", "filename": name}
        return self._sends("(document)", "document", media)

    def sends(self, kind: str, content: Any, **fields: Any) -> Bubble:
        """Send whatever else there is."""
        return self._sends(f"({kind})", kind, content, **fields)

    def message(self, kind: str, content: Any, *, reply_to: str = "", **fields: Any) -> dict[str, Any]:
        """Write a message of theirs as Meta does."""
        identity = {"from": self.chat.phone, "from_user_id": self.chat.user_id}
        return {
            **{name: value for name, value in identity.items() if value},
            "id": f"wamid.IN{self._number.number()}",
            "timestamp": str(int(SystemClock().now().timestamp())),
            "type": kind,
            kind: content,
            **({"context": {"from": "628001", "id": reply_to}} if reply_to else {}),
            **fields,
        }

    def value(self, *messages: dict[str, Any]) -> dict[str, Any]:
        """Write the change that carries messages of theirs."""
        known = {"wa_id": self.chat.phone, "user_id": self.chat.user_id}
        contact = {"profile": {"name": self.chat.name}, **{name: value for name, value in known.items() if value}}
        return {"contacts": [contact], "messages": list(messages)}

    async def hears(self, part: str = "", *, within: float = PATIENCE_SECONDS) -> Bubble:
        """Wait for the next message with these words in it; what comes before it counts as read."""
        await self._waits(lambda: self._unread(part) is not None, within)
        bubble = self._unread(part)
        said = [each.text for each in self.heard[self._read :]]
        assert bubble, f"{self.chat.name} waited for {part!r} and heard {said}"
        self._read = self.heard.index(bubble) + 1
        return bubble

    async def _waits(self, holds: Callable[[], bool], within: float) -> bool:
        return await asyncio.wrap_future(self._server.start(self._number.wait_for(holds, within)))

    def _unread(self, part: str) -> Bubble | None:
        return next((bubble for bubble in self.heard[self._read :] if part in bubble.text), None)

    def _sends(self, seen: str, kind: str, content: Any, **fields: Any) -> Bubble:
        message = self.message(kind, content, **fields)
        bubble = Bubble(message["id"], seen, is_ours=False)
        self.chat.bubbles.append(bubble)
        self._server.do(self._number.announce(self.value(message)))
        return bubble

    def _keeps(self, content: bytes) -> str:
        reference = f"file-{len(self._number.files)}"
        self._number.files[reference] = content
        return reference

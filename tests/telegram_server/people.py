"""People with Telegram on their phones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.telegram_server.world import Bubble, Chat, World

if TYPE_CHECKING:
    from tests.telegram_server.server import TelegramServer

PATIENCE_SECONDS = 20.0


class Person:
    """Somebody who talks with the bot."""

    def __init__(self, server: TelegramServer, world: World, chat: Chat) -> None:
        self._server = server
        self._world = world
        self.chat = chat
        self._read = 0

    @property
    def heard(self) -> list[Bubble]:
        """Everything that the bot has said to them."""
        return [bubble for bubble in self.chat.bubbles if bubble.is_ours]

    def says(self, text: str, *, reply_to: int = 0) -> Bubble:
        """Type something."""
        extra = {"reply_to_message": {"message_id": reply_to, "chat": self._chat()}} if reply_to else {}
        return self._sends(text, text=text, **extra)

    def edits(self, bubble: Bubble, text: str) -> None:
        """Change an older message of their own."""
        bubble.text = text
        self._announces("edited_message", self._message(bubble.id, text=text))

    def taps(self, label: str) -> None:
        """Tap the newest button with this label."""
        for bubble in reversed(self.chat.bubbles):
            for shown, data in (button for row in bubble.buttons for button in row):
                if shown == label:
                    return self.presses(bubble, data)
        raise AssertionError(f"{self.chat.name} sees no button {label!r}, only {self.labels}")

    def presses(self, bubble: Bubble, data: str) -> None:
        """Press the button of this message that carries this."""
        carried = {"message_id": bubble.id, "date": 1, "chat": self._chat(), "text": bubble.text}
        tap = {"id": f"tap-{bubble.id}", "from": self._user(), "data": data, "message": carried, "chat_instance": "1"}
        self._announces("callback_query", tap)

    def sends_photo(self, content: bytes, *, caption: str = "", album: str = "") -> Bubble:
        """Send a photo."""
        reference = self._keeps(content)
        sizes = [
            {"file_id": f"{reference}-small", "file_unique_id": "s", "width": 90, "height": 67, "file_size": 100},
            {"file_id": reference, "file_unique_id": "l", "width": 1280, "height": 960, "file_size": len(content)},
        ]
        extra = {"caption": caption} if caption else {}
        return self._sends("(photo)", photo=sizes, **extra, **({"media_group_id": album} if album else {}))

    def sends_document(self, content: bytes, name: str) -> Bubble:
        """Send a file."""
        reference = self._keeps(content)
        return self._sends("(document)", document={"file_id": reference, "file_name": name, "file_size": len(content)})

    def says_in(self, group: Chat, text: str, *, to_the_bot: bool = False) -> None:
        """Type something in a group, as a reply to what the bot said there if so wished."""
        extra: dict[str, Any] = {}
        if to_the_bot:
            bot = {"id": self._world.bot, "is_bot": True, "first_name": "Jemput Bola"}
            extra = {"reply_to_message": {"message_id": 1, "chat": group.written(), "from": bot}}
        written = {"message_id": self._world.number(), "date": 1, "from": self._user(), "chat": group.written()}
        self._announces("message", {**written, "text": text, **extra})

    def blocks_the_bot(self) -> None:
        """Block the bot."""
        self.chat.is_blocked = True
        changed = {"chat": self._chat(), "from": self._user(), "date": 1, "new_chat_member": {"status": "kicked"}}
        self._announces("my_chat_member", changed)

    async def hears(self, part: str = "", *, within: float = PATIENCE_SECONDS) -> Bubble:
        """Wait for the next message with these words in it; what comes before it counts as read."""
        await self._waits(lambda: self._unread(part) is not None, within)
        bubble = self._unread(part)
        said = [each.text for each in self.heard[self._read :]]
        assert bubble, f"{self.chat.name} waited for {part!r} and heard {said}"
        self._read = self.heard.index(bubble) + 1
        return bubble

    @property
    def labels(self) -> list[str]:
        """Labels of all buttons that were ever shown to them, newest message first."""
        return [label for bubble in reversed(self.chat.bubbles) for label in bubble.labels]

    async def _waits(self, holds: Callable[[], bool], within: float) -> bool:
        return await asyncio.wrap_future(self._server.start(self._world.wait_for(holds, within)))

    def _unread(self, part: str) -> Bubble | None:
        return next((bubble for bubble in self.heard[self._read :] if part in bubble.text), None)

    def _sends(self, seen: str, **fields: Any) -> Bubble:
        bubble = Bubble(self._world.number(), seen, is_ours=False)
        self.chat.bubbles.append(bubble)
        self._announces("message", self._message(bubble.id, **fields))
        return bubble

    def _message(self, number: int, **fields: Any) -> dict[str, Any]:
        return {"message_id": number, "date": 1, "from": self._user(), "chat": self._chat(), **fields}

    def _announces(self, kind: str, content: dict[str, Any]) -> None:
        self._server.do(self._world.announce(**{kind: content}))

    def _keeps(self, content: bytes) -> str:
        reference = f"file-{len(self._world.files)}"
        self._world.files[reference] = content
        return reference

    def _user(self) -> dict[str, Any]:
        language = self.chat.language
        return {"id": self.chat.id, "is_bot": False, "first_name": self.chat.name, "language_code": language}

    def _chat(self) -> dict[str, Any]:
        return self.chat.written()

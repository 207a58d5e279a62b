"""What a Telegram server knows: waiting updates, chats with their messages, files, and the faults it was told to have.

Everything here runs in the server's own loop; people reach it through ``TelegramServer.do``.
"""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.platform_server import Fault, Happenings
from tests.telegram_server.entities import RefusedError, parse_html, units
from tests.telegram_server.media import Carried, take
from tests.telegram_server.webhooks import Deliveries, state_of

MOST_TEXT_UNITS = 4096
MOST_CAPTION_UNITS = 1024
MOST_DATA_BYTES = 64
MOST_BUTTONS = 100
MOST_BUTTONS_A_ROW = 8
MOST_UPDATES = 100
MESSAGES_A_SECOND = 30
FIRST_UPDATE = 1001


@dataclass
class Bubble:
    """One message of a chat, as its reader sees it."""

    id: int
    text: str
    is_ours: bool
    """Sent by the bot."""
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Rows of (label, data)."""
    file: Carried | None = None
    at: float = field(default_factory=time.monotonic)
    """When it came into the chat, in monotonic seconds."""

    @property
    def labels(self) -> list[str]:
        """All labels in reading order."""
        return [label for row in self.buttons for label, _ in row]


@dataclass
class Chat:
    """A private chat, or a group (its id is negative)."""

    id: int
    name: str
    language: str
    bubbles: list[Bubble] = field(default_factory=list)
    is_blocked: bool = False

    @property
    def type(self) -> str:
        """What Telegram calls this kind of chat."""
        return "private" if self.id > 0 else "supergroup"

    def written(self) -> dict[str, Any]:
        """Give the chat as Telegram writes it."""
        return {"id": self.id, "type": self.type, "first_name" if self.id > 0 else "title": self.name}


@dataclass
class World(Happenings):
    """All that concerns one bot."""

    bot: int = 1
    name: str = "jemputbola_bot"
    updates: deque[dict[str, Any]] = field(default_factory=deque)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    sent_files: dict[str, Carried] = field(default_factory=dict)
    """What the bot has uploaded, by reference."""
    is_limiting: bool = False
    """Answer 429 above 30 messages in a sliding second."""
    webhook: str = ""
    kinds: tuple[str, ...] = ()
    """Kinds of updates that are brought there; none: all."""
    deliveries: Deliveries | None = None
    retry_seconds: float | None = None
    """How long a failed update rests before it is brought again; None: until ``TelegramServer.bring_again``."""
    _numbers: int = 0
    _update_numbers: int = FIRST_UPDATE - 1
    _polls: int = 0
    _sends: deque[float] = field(default_factory=deque)

    def number(self) -> int:
        """Give the next message number."""
        self._numbers += 1
        return self._numbers

    @property
    def announced(self) -> range:
        """Numbers of all updates so far."""
        return range(FIRST_UPDATE, self._update_numbers + 1)

    async def announce(self, **update: Any) -> int:
        """Put an update into the queue and give its number."""
        self._update_numbers += 1
        if not self.kinds or update.keys() & set(self.kinds):
            self.updates.append({"update_id": self._update_numbers, **update})
            if self.deliveries:
                self.deliveries.put(self.updates[-1])
        await self.notify()
        return self._update_numbers

    async def set_webhook(
        self, url: str, *, secret: str = "", connections: int = 40, kinds: Sequence[str] = ()
    ) -> None:
        """Bring updates to this address from now on (empty: nowhere), those that wait first."""
        if self.deliveries:
            await self.deliveries.close()
        self.webhook, self.kinds, self.deliveries = url, tuple(kinds), None
        if url:
            self.deliveries = Deliveries(self, url=url, secret=secret, connections=connections)
            for update in self.updates:
                self.deliveries.put(update)

    async def bring_again(self) -> None:
        """Bring what could not be brought again, now."""
        assert self.deliveries
        self.deliveries.again()
        await self.notify()

    def forget(self, update: Mapping[str, Any]) -> None:
        """Count an update as taken."""
        self.updates.remove(dict(update))

    async def carry_out(self, method: str, given: Mapping[str, Any]) -> Any:
        """Carry out a call of the Bot API.

        Raises:
            RefusedError: it was refused, or a fault was planted.
        """
        return await self.call(method, given, METHODS.get(method, _unknown)(self, given))

    def refusal(self, fault: Fault) -> Exception:
        """Give what Telegram answers to a planted refusal."""
        return RefusedError(fault.status or 500, f"planted {fault.status}", retry_after=fault.retry_after)

    async def close(self) -> None:
        """Let everything that waits go."""
        self.is_closing = True
        await self.set_webhook("")
        await self.notify()

    async def poll(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        """Confirm what lies before the offset and give what lies behind it; a second poller ends the first."""
        if self.webhook:
            raise RefusedError(409, "Conflict: can't use getUpdates method while webhook is active")
        self._polls += 1
        mine = self._polls
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        await self.notify()
        await self.wait_for(lambda: bool(self.updates) or self._polls != mine or self.is_closing, seconds)
        if self._polls != mine:
            raise RefusedError(409, "Conflict: terminated by other getUpdates request")
        return list(self.updates)[:MOST_UPDATES]

    async def hand_over(self, reference: str) -> bytes:
        """Give the content of a file that somebody has sent.

        Raises:
            RefusedError: there is no such file, or a fault was planted for ``file``.
        """
        if fault := self.next_fault("file"):
            await self.fail(fault)
        if reference not in self.files:
            raise RefusedError(404, "Not Found")
        return self.files[reference]

    async def say(
        self, given: Mapping[str, Any], text: str, most_units: int, file: Carried | None = None
    ) -> dict[str, Any]:
        """Put a message of the bot's into a chat."""
        chat = self._reachable(int(given["chat_id"]))
        seen = parse_html(text) if given.get("parse_mode") == "HTML" else text
        if units(seen) > most_units:
            raise RefusedError(400, "Bad Request: message is too long")
        bubble = Bubble(self.number(), seen, is_ours=True, buttons=keyboard(given.get("reply_markup")), file=file)
        self._count_send()
        chat.bubbles.append(bubble)
        await self.notify()
        return self.shown(chat, bubble)

    def shown(self, chat: Chat, bubble: Bubble) -> dict[str, Any]:
        """Give a message as Telegram writes it."""
        return {
            "message_id": bubble.id,
            "date": 1767225600,
            "chat": chat.written(),
            **({"caption": bubble.text, **bubble.file.written()} if bubble.file else {"text": bubble.text}),
        }

    def _reachable(self, number: int) -> Chat:
        chat = self.chats.get(number)
        if chat is None:
            raise RefusedError(400, "Bad Request: chat not found")
        if chat.is_blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _count_send(self) -> None:
        now = time.monotonic()
        while self._sends and now - self._sends[0] >= 1:
            self._sends.popleft()
        if self.is_limiting and len(self._sends) >= MESSAGES_A_SECOND:
            wait = math.ceil(1 - (now - self._sends[0]))
            raise RefusedError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        self._sends.append(now)


def keyboard(given: str | None) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Check an inline keyboard and give its buttons."""
    rows = json.loads(given)["inline_keyboard"] if given else []
    buttons = tuple(tuple((each["text"], each.get("callback_data", "")) for each in row) for row in rows)
    if sum(len(row) for row in buttons) > MOST_BUTTONS or any(len(row) > MOST_BUTTONS_A_ROW for row in buttons):
        raise RefusedError(400, "Bad Request: reply markup is too long")
    for label, data in (button for row in buttons for button in row):
        if not label.strip():
            raise RefusedError(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        if not 1 <= len(data.encode()) <= MOST_DATA_BYTES:
            raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
    return buttons


async def _unknown(_world: World, _given: Mapping[str, Any]) -> Any:
    raise RefusedError(404, "Not Found")


async def _get_me(world: World, _given: Mapping[str, Any]) -> Any:
    return {"id": world.bot, "is_bot": True, "first_name": "Jemput Bola", "username": world.name}


async def _get_updates(world: World, given: Mapping[str, Any]) -> Any:
    return await world.poll(int(given.get("offset", 0)), float(given.get("timeout", 0)))


async def _set_webhook(world: World, given: Mapping[str, Any]) -> Any:
    if not given["url"].startswith("http"):
        raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if str(given.get("drop_pending_updates", "")).lower() == "true":
        world.updates.clear()
    await world.set_webhook(
        given["url"],
        secret=given.get("secret_token", ""),
        connections=int(given.get("max_connections", 40)),
        kinds=json.loads(given.get("allowed_updates", "[]")),
    )
    return True


async def _get_webhook_info(world: World, _given: Mapping[str, Any]) -> Any:
    return state_of(world.webhook, world.deliveries, len(world.updates), world.kinds)


async def _delete_webhook(world: World, _given: Mapping[str, Any]) -> Any:
    await world.set_webhook("")
    return True


async def _accept(_world: World, _given: Mapping[str, Any]) -> Any:
    return True


async def _send_message(world: World, given: Mapping[str, Any]) -> Any:
    if not str(given.get("text", "")).strip():
        raise RefusedError(400, "Bad Request: message text is empty")
    return await world.say(given, given["text"], MOST_TEXT_UNITS)


async def _send_photo(world: World, given: Mapping[str, Any]) -> Any:
    file = take("photo", given, world.sent_files)
    return await world.say(given, given.get("caption", ""), MOST_CAPTION_UNITS, file)


async def _send_document(world: World, given: Mapping[str, Any]) -> Any:
    file = take("document", given, world.sent_files)
    return await world.say(given, given.get("caption", ""), MOST_CAPTION_UNITS, file)


async def _edit_message(world: World, given: Mapping[str, Any]) -> Any:
    chat = world.chats[int(given["chat_id"])]
    bubble = next((each for each in chat.bubbles if each.id == int(given["message_id"])), None)
    if bubble is None:
        raise RefusedError(400, "Bad Request: message to edit not found")
    text = parse_html(given["text"]) if given.get("parse_mode") == "HTML" else given["text"]
    if (bubble.text, bubble.buttons) == (text, keyboard(given.get("reply_markup"))):
        raise RefusedError(400, "Bad Request: message is not modified")
    bubble.text, bubble.buttons = text, keyboard(given.get("reply_markup"))
    return world.shown(chat, bubble)


async def _get_file(world: World, given: Mapping[str, Any]) -> Any:
    reference = given["file_id"]
    if reference not in world.files:
        raise RefusedError(400, "Bad Request: invalid file_id")
    size = len(world.files[reference])
    return {"file_id": reference, "file_unique_id": reference, "file_size": size, "file_path": f"files/{reference}"}


METHODS = {
    "getMe": _get_me,
    "getUpdates": _get_updates,
    "setWebhook": _set_webhook,
    "getWebhookInfo": _get_webhook_info,
    "deleteWebhook": _delete_webhook,
    "setMyCommands": _accept,
    "setChatMenuButton": _accept,
    "answerCallbackQuery": _accept,
    "sendMessage": _send_message,
    "sendPhoto": _send_photo,
    "sendDocument": _send_document,
    "editMessageText": _edit_message,
    "getFile": _get_file,
}

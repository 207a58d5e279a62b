"""What Meta knows about one number: its chats, files and templates, and where it brings what happens.

Everything here runs in the server's own loop; people reach it through ``WhatsAppServer.do``.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.channels.whatsapp.templates import Templates
from tests.platform_server import Fault, Happenings
from tests.whatsapp_server.deliveries import Deliveries
from tests.whatsapp_server.messages import Bubble, RefusedError, Upload, read_message
from tests.whatsapp_server.templates import check_template, read_template

WINDOW_SECONDS = 24 * 3600
MOST_MEDIA_BYTES = 100 * 1024 * 1024
MESSAGES_A_SECOND = 80
ABOUT = {
    "display_phone_number": "+62 811-000-001",
    "verified_name": "KLA Banyuasin",
    "quality_rating": "GREEN",
    "code_verification_status": "VERIFIED",
    "status": "CONNECTED",
    "throughput": {"level": "STANDARD"},
}
APP = {"whatsapp_business_api_data": {"id": "7", "name": "KLA"}}
PAIR_BURST, PAIR_SECONDS = 45, 6.0
"""So many messages to one person at once, and then one in so many seconds."""


@dataclass
class Chat:
    """A chat with one person."""

    phone: str
    """Digits; empty: hidden behind a user name."""
    user_id: str
    """Business-scoped; empty: not told."""
    name: str
    bubbles: list[Bubble] = field(default_factory=list)
    is_gone: bool = False
    is_closed: bool = False
    """The last message is more than 24 hours old."""
    read: list[str] = field(default_factory=list)
    """Messages with blue ticks."""
    typing: int = 0
    """How often somebody was seen typing."""
    allowance: float = PAIR_BURST
    counted_at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        """What the person is called in an address."""
        return self.user_id or self.phone

    def is_for(self, given: Mapping[str, Any]) -> bool:
        """Tell whether a message is for this person."""
        if given.get("recipient"):
            return bool(self.user_id == given["recipient"])
        return bool(self.phone and self.phone == given.get("to"))


@dataclass
class Number(Happenings):
    """One number of one WhatsApp Business Account, with its webhook."""

    id: str = ""
    token: str = ""
    app_secret: str = ""
    account: str = "102290129340398"
    chats: list[Chat] = field(default_factory=list)
    media: dict[str, Upload] = field(default_factory=dict)
    """What the number uploaded."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What people sent."""
    templates: list[dict[str, Any]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=lambda: dict(ABOUT))
    """What Meta tells about the number."""
    apps: list[dict[str, Any]] = field(
        default_factory=lambda: [{"whatsapp_business_api_data": {"id": "7", "name": "KLA"}}]
    )
    """To whom it brings what happens."""
    deliveries: Deliveries | None = None
    is_limiting: bool = False
    """Refuse more than 80 messages a second, and too many to one person."""
    reports: tuple[str, ...] = ()
    """What is reported about each message by itself, in this order."""
    announced: list[str] = field(default_factory=list)
    """Ids of all messages that people sent."""
    _numbers: int = 0
    _sends: deque[float] = field(default_factory=deque)

    def number(self) -> int:
        """Give the next number."""
        self._numbers += 1
        return self._numbers

    def refusal(self, fault: Fault) -> Exception:
        """Give what Meta answers to a planted refusal."""
        said = f"(#{fault.code}) planted {fault.status}"
        return RefusedError(fault.code, said, status=fault.status or 500, retry_after=fault.retry_after)

    async def bring_to(self, url: str, *, retry_seconds: float | None = None) -> None:
        """Bring what happens to this address from now on."""
        self.deliveries = Deliveries(self, url=url, secret=self.app_secret, retry_seconds=retry_seconds)

    async def announce(self, *values: Mapping[str, Any]) -> None:
        """Bring these in one request, each as a change of an entry of its own."""
        self.announced += [message["id"] for value in values for message in value.get("messages", ())]
        if self.deliveries:
            self.deliveries.put([self.change(value) for value in values])
        await self.notify()

    def change(self, value: Mapping[str, Any], kind: str = "messages") -> dict[str, Any]:
        """Write a change of this kind as Meta does."""
        metadata = {"display_phone_number": "628001", "phone_number_id": self.id}
        return {"field": kind, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}

    async def send(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take a message of the number's, or the sign that one was read."""
        if given.get("status") == "read":
            return self._mark_read(given)
        chat = next((each for each in self.chats if each.is_for(given)), None)
        if chat is None or chat.is_gone:
            raise RefusedError(131026, "(#131026) Message undeliverable")
        if chat.is_closed and given["type"] != "template":
            raise RefusedError(131047, "(#131047) Re-engagement message")
        self._count(chat)
        identifier = f"wamid.OUT{self.number()}"
        if given["type"] == "template":
            bubble = read_template(identifier, given, self.templates)
        else:
            bubble = read_message(identifier, given, self.media)
        chat.bubbles.append(bubble)
        await self.notify()
        await self.report(bubble, *self.reports)
        contact = {"input": given.get("to") or given["recipient"], "wa_id": chat.phone}
        return {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": bubble.id, "message_status": "accepted"}],
        }

    async def report(self, bubble: Bubble, *statuses: str, code: int = 0) -> None:
        """Report about a message, all in one request."""
        if statuses:
            await self.announce({"statuses": [self.status(bubble, status, code) for status in statuses]})

    def status(self, bubble: Bubble, status: str, code: int = 0) -> dict[str, Any]:
        """Write a report as Meta does."""
        chat = next(each for each in self.chats if bubble in each.bubbles)
        known = {"recipient_id": chat.phone, "recipient_user_id": chat.user_id}
        return {
            "id": bubble.id,
            "status": status,
            "timestamp": "1767225600",
            **{name: value for name, value in known.items() if value},
            **({"biz_opaque_callback_data": bubble.tracker} if bubble.tracker else {}),
            **({"errors": [{"code": code, "title": "planted"}]} if code else {}),
            "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"},
        }

    def approve(self, templates: Templates) -> None:
        """Have these approved, all of them."""
        for name, language in templates:
            self.keep_template(templates.as_submitted(name, language), status="APPROVED")

    def keep_template(self, given: Mapping[str, Any], *, status: str = "PENDING") -> dict[str, Any]:
        """Take a template in for approval."""
        check_template(given)
        if any((each["name"], each["language"]) == (given["name"], given["language"]) for each in self.templates):
            raise RefusedError(100, "(#100) Content in this language already exists")
        kept = {**given, "id": str(900_000 + self.number()), "status": status}
        self.templates.append(kept)
        return {"id": kept["id"], "status": status, "category": given["category"]}

    def upload(self, name: str, kind: str, content: bytes) -> str:
        """Take a file of the number's."""
        if len(content) > MOST_MEDIA_BYTES:
            raise RefusedError(131053, "(#131053) Media upload error")
        reference = f"media{self.number()}"
        self.media[reference] = Upload(kind, name, content)
        return reference

    async def close(self) -> None:
        """Let everything that waits go."""
        self.is_closing = True
        if self.deliveries:
            await self.deliveries.close()
        await self.notify()

    def _mark_read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        for chat in self.chats:
            if any(bubble.id == given["message_id"] for bubble in chat.bubbles):
                chat.read.append(given["message_id"])
                chat.typing += "typing_indicator" in given
                return {"success": True}
        raise RefusedError(131009, "(#131009) Parameter value is not valid")

    def _count(self, chat: Chat) -> None:
        now = time.monotonic()
        while self._sends and now - self._sends[0] >= 1:
            self._sends.popleft()
        chat.allowance = min(chat.allowance + (now - chat.counted_at) / PAIR_SECONDS, PAIR_BURST)
        chat.counted_at = now
        if self.is_limiting and chat.allowance < 1:
            raise RefusedError(131056, "(#131056) (Business Account, Consumer Account) pair rate limit hit")
        if self.is_limiting and len(self._sends) >= MESSAGES_A_SECOND:
            raise RefusedError(130429, "(#130429) Rate limit hit", status=429)
        chat.allowance -= 1
        self._sends.append(now)

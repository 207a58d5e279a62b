"""A web application called without a network between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope


@dataclass
class Answer:
    """What an application answers."""

    status: int = 0
    body: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)

    async def take(self, message: Message) -> None:
        """Take a part of it."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message.get("body", b"")


@dataclass(frozen=True)
class Asked:
    """A request as it comes from outside; a header's value is taken as it is."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""

    async def of(self, application: ASGIApp) -> Answer:
        """Ask an application."""
        answer = Answer()
        await application(self._scope(), self._receive(), answer.take)
        return answer

    def _scope(self) -> Scope:
        return {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in self.headers.items()],
        }

    def _receive(self) -> Receive:
        half = len(self.body) // 2
        parts = [self.body[:half], self.body[half:]]

        async def receive() -> Message:
            return {"type": "http.request", "body": parts.pop(0) if parts else b"", "more_body": bool(parts)}

        return receive

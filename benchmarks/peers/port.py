"""What every contestant can do; the race knows nothing else of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Bot(Protocol):
    """A bot that asks the ten questions, opened at its place."""

    async def begin(self, people: range) -> None:
        """Bring these people, named by their chat, to the first question."""
        ...

    def button(self, chat: int, place: int, choice: str) -> str:
        """Give what the button for a choice carries, at the question in this place, in the message that was shown."""
        ...

    async def handle(self, update: bytes) -> None:
        """Take an update as Telegram sends it; return when the answer is kept and the reply sent or queued."""
        ...

    async def answers(self, people: range) -> Mapping[int, Mapping[str, str]]:
        """Give what is kept of these people, by chat and question."""
        ...

    async def durability(self) -> str:
        """Say how what was acknowledged outlives a power cut, as the storage itself says; empty: it does not."""
        ...


class Open(Protocol):
    """Opens a contestant's bot at a place: an empty folder for most, the address of a database for ours."""

    def __call__(self, place: str) -> AbstractAsyncContextManager[Bot]:
        """Open it; what was kept at the place before is there again."""
        ...

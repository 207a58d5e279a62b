"""A channel that keeps what goes out, and fails when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Literal, NamedTuple

from bot.channels.port import Accept, ChannelError, ChannelLimits
from bot.clock import Clock
from conversations.events import IncomingFile
from storage.outbox import OutboxRow


class Arrival(NamedTuple):
    """A message that has come to its reader."""

    at: datetime
    row: OutboxRow


Mishap = Callable[[OutboxRow], ChannelError | None]
"""Says what goes wrong with sending a message now, if anything."""
Take = Callable[[Arrival], None]


def _lose(_arrival: Arrival) -> None:
    """Hand it to nobody."""


def _nothing(_row: OutboxRow) -> None:
    """Let all go well."""


class RecordingChannel:
    """One account of a channel, with people instead of a platform behind it."""

    is_polled = False

    def __init__(self, name: str, account: str, limits: ChannelLimits, clock: Clock) -> None:
        self.name = name
        self.account = account
        self.limits = limits
        self.take: Take = _lose
        self.mishap: Mishap = _nothing
        self.hangs: Literal["", "before", "after"] = ""
        """Sends do not end any more, before or after they have arrived: the program is about to be killed."""
        self.hanging = 0
        """Sends that hang so."""
        self._clock = clock

    async def send(self, outgoing: OutboxRow) -> str:
        """Hand a message to its reader.

        Raises:
            ChannelError: as ``mishap`` says; one that is uncertain has arrived all the same.
        """
        if self.hangs == "before":
            await self._hang()
        error = self.mishap(outgoing)
        if error is None or error.is_uncertain:
            self.take(Arrival(self._clock.now(), outgoing))
        if self.hangs:
            await self._hang()
        if error:
            raise error
        return str(outgoing.id)

    async def _hang(self) -> None:
        self.hanging += 1
        await asyncio.Event().wait()

    async def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Give a picture of its own for each reference."""
        yield picture(file.reference)

    async def run(self, accept: Accept) -> None:  # noqa: ARG002 - the port's signature
        """Take nothing in: people hand in what they do themselves."""
        await asyncio.Event().wait()

    def trouble(self, at: datetime) -> str:  # noqa: ARG002 - the port's signature
        """Say that all is well."""
        return ""

    async def close(self) -> None:
        """Let nothing go: there is nothing."""


def picture(reference: str) -> bytes:
    """Give the picture of this reference: what makes it one, and nothing to be seen."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + reference.encode()

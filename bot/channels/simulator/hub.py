"""Tells every open page what has changed on which phone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.channels.simulator.bubbles import Bubble

MOST_WAITING = 1000
"""A page that is so far behind is cut off; it connects again and is given the whole chat."""

News = tuple[str, Bubble]
"""A phone's id, and a bubble that is new or has changed."""
Inbox = asyncio.Queue[News | None]
"""None is the end of the stream."""


class Hub:
    """Hands news to whoever listens; nobody ever waits for a slow listener."""

    def __init__(self) -> None:
        self._inboxes: set[Inbox] = set()

    @contextmanager
    def listening(self) -> Iterator[Inbox]:
        """Give an inbox that is filled until the block ends."""
        inbox: Inbox = asyncio.Queue(MOST_WAITING + 1)
        self._inboxes.add(inbox)
        try:
            yield inbox
        finally:
            self._inboxes.discard(inbox)

    def publish(self, phone: str, bubble: Bubble) -> None:
        """Tell everybody."""
        for inbox in tuple(self._inboxes):
            inbox.put_nowait((phone, bubble))
            if inbox.qsize() > MOST_WAITING - 1:
                self._end(inbox)

    def close(self) -> None:
        """End all streams, so that a stopping web server need not wait for them."""
        for inbox in tuple(self._inboxes):
            self._end(inbox)

    def _end(self, inbox: Inbox) -> None:
        self._inboxes.discard(inbox)
        inbox.put_nowait(None)

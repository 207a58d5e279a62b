"""A file that several messages want at once is uploaded once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.channels.port import ChannelError

TURN_PATIENCE = 60.0
"""Seconds that a message waits while the same file is being uploaded with another."""


@asynccontextmanager
async def one_upload(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Wait until nobody else uploads the file.

    Raises:
        ChannelError: it took too long.
    """
    try:
        async with asyncio.timeout(TURN_PATIENCE):
            await lock.acquire()
    except TimeoutError:
        raise ChannelError("the same file is being uploaded with another message", retryable=True) from None
    try:
        yield
    finally:
        lock.release()

"""The live stream of a page, as server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from bot.channels.simulator.bubbles import Bubble, Phone, drawn_lines
from bot.channels.simulator.exchange import Exchange
from bot.channels.simulator.hub import Inbox
from bot.channels.simulator.looks import Look, drawn_for

HEARTBEAT_SECONDS = 15.0
"""A connection that is gone is noticed after so long."""
RETRY_MILLISECONDS = 1000


async def events(exchange: Exchange, watched: str, look: Look) -> AsyncIterator[bytes]:
    """Stream a phone's ``chat``, then each new ``bubble`` on it, and what happens ``elsewhere``."""
    with exchange.hub.listening() as inbox:
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        chat = exchange.journal.chat(watched).values()
        yield written("chat", [drawn for bubble in chat if (drawn := drawn_for(look, bubble))])
        async for part in _news(exchange, watched, look, inbox):
            yield part


async def _news(exchange: Exchange, watched: str, look: Look, inbox: Inbox) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                news = await inbox.get()
        except TimeoutError:
            yield b": still here\n\n"
            continue
        if news is None:
            return
        phone, bubble = news
        if phone == watched:
            if drawn := drawn_for(look, bubble):
                yield written("bubble", drawn)
        elif found := exchange.journal.find(phone):
            yield written("elsewhere", {**summary(exchange, found), "is_from_bot": bubble.side == "bot"})


def written(name: str, content: object) -> bytes:
    """Write one event; JSON has no line ends of its own."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(content))


def summary(exchange: Exchange, phone: Phone) -> dict[str, object]:
    """Give what the list of phones shows."""
    last = exchange.last(phone.id)
    return {**msgspec.to_builtins(phone), "last": _glance(last) if last else None}


def _glance(bubble: Bubble) -> dict[str, object]:
    kind = "place" if bubble.place else bubble.attachment.kind if bubble.attachment else "text"
    return {"at": bubble.at, "side": bubble.side, "kind": kind, "lines": drawn_lines(bubble)[:2]}

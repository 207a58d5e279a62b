"""One WhatsApp number as a channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from bot.channels.port import Accept, OpenFile
from bot.channels.whatsapp.courtesies import Courtesies
from bot.channels.whatsapp.decoding import CHANNEL
from bot.channels.whatsapp.graph import GraphApi
from bot.channels.whatsapp.limits import LIMITS
from bot.channels.whatsapp.media import MediaStore
from bot.channels.whatsapp.sending import Sender
from bot.channels.whatsapp.templates import load_templates
from bot.channels.whatsapp.webhook import Heard, Line, Webhook
from bot.channels.whatsapp.wording import load_wording
from bot.clock import Clock
from conversations.events import IncomingFile
from storage.outbox import OutboxRow


class WhatsAppChannel:
    """Talks through one number, which Meta knows by its phone number ID."""

    name = CHANNEL
    limits = LIMITS
    is_polled = False

    def __init__(
        self, api: GraphApi, account: str, *, webhook: Webhook, hear: Heard, open_file: OpenFile, clock: Clock
    ) -> None:
        self.account = account
        self._api = api
        self._webhook = webhook
        self._hear = hear
        media = MediaStore(api, open_file, photo_bytes=LIMITS.photo_bytes, clock=clock)
        self._sender = Sender(api, LIMITS, media, wording=load_wording(), templates=load_templates())
        self._courtesies = Courtesies(api)

    async def send(self, outgoing: OutboxRow) -> str:
        """Send a message and give the id of its (last) part.

        Raises:
            ChannelError: it could not be sent, or nobody knows whether it was.
        """
        return await self._sender.send(outgoing)

    def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Stream a file that a person sent; raises ``ChannelError`` as it goes."""
        return self._api.download(file.reference)

    async def run(self, accept: Accept) -> None:
        """Take in what Meta brings until cancelled; what is under way then is still finished."""
        async with asyncio.TaskGroup() as tasks:
            line = Line(accept, self._hear, lambda receipts: self._courtesies.start(receipts, tasks))
            self._webhook.open(self.account, line)
            try:
                await asyncio.Event().wait()
            finally:
                self._webhook.close(self.account)

    def trouble(self, at: datetime) -> str:  # noqa: ARG002 - a channel's; Meta may have nothing to bring for days
        """Say why nothing would be taken in, and what to do; empty: it would."""
        is_open = self._webhook.is_open(self.account)
        return "" if is_open else "messages are not taken in: the program is starting or stopping"

    async def close(self) -> None:
        """Let the connections go."""
        await self._api.close()

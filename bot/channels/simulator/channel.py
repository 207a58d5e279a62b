"""The simulator as a channel: what the bot says appears on a page, what is done there becomes events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from bot.channels.port import Accept, ChannelError, ChannelLimits, OpenFile
from bot.channels.simulator.bubbles import Attachment, Bubble, Phone, event_of
from bot.channels.simulator.exchange import Exchange
from bot.channels.simulator.lateness import too_late
from bot.channels.simulator.uploads import MOST_FILE_BYTES
from bot.clock import Clock
from conversations.events import Event, IncomingFile, StoredFile, TextEdited
from conversations.messages import MOST_TEXT_UNITS, Message
from storage.envelopes import AddressKey, Envelope
from storage.errors import StorageError
from storage.outbox import OutboxRow
from storage.windows import is_open

LOG = structlog.get_logger(__name__)
LIMITS = ChannelLimits(
    text_units=MOST_TEXT_UNITS,
    caption_units=MOST_TEXT_UNITS,
    photo_bytes=MOST_FILE_BYTES,
    buttons=100,
    buttons_a_row=8,
    label_characters=256,
    data_bytes=256,
    file_bytes=MOST_FILE_BYTES,
)
"""So wide that buttons stay as the dialogs wrote them."""


class NotTakenError(Exception):
    """The bot did not take an event in: it is starting, stopping or has failed. Sending again may help."""


class SimulatorChannel:
    """One account, ``local``, with any number of phones."""

    name = "simulator"
    account = "local"
    limits = LIMITS
    is_polled = False

    def __init__(self, folder: Path, clock: Clock, open_file: OpenFile) -> None:
        self.exchange = Exchange(folder)
        self.clock = clock
        self._open_file = open_file
        self._accept: Accept | None = None

    async def send(self, outgoing: OutboxRow) -> str:
        """Show a message on its phone and give its id; showing it a second time changes nothing.

        Raises:
            ChannelError: the phone has been thrown away, or the message's file cannot be had.
        """
        phone = self.exchange.journal.find(outgoing.address.user)
        if phone is None:
            reason = f"the simulator has no {outgoing.address.user!r} (any more); open a new phone"
            raise ChannelError(reason, is_gone=True)
        identifier = f"bot-{outgoing.id}-{int(outgoing.created_at.timestamp() * 1000)}"
        if self.exchange.bubble(phone.id, identifier) is None:
            self.exchange.put(phone.id, await self._said(phone, identifier, outgoing.message))
        return identifier

    async def edit(self, outgoing: OutboxRow, message: str) -> None:
        """Let a message of this id say something else.

        Raises:
            ChannelError: the phone or the message has been thrown away.
        """
        if self.exchange.bubble(outgoing.address.user, message) is None:
            raise ChannelError(f"the simulator has no message {message!r} (any more); it was thrown away")
        said = outgoing.message
        self.exchange.mark(
            outgoing.address.user, message, text=said.text, buttons=said.buttons, or_type=said.or_type, is_edited=True
        )

    async def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Stream an upload.

        Raises:
            ChannelError: it is not there (any more).
        """
        async for chunk in self.exchange.uploads.chunks(file.reference):
            yield chunk

    async def run(self, accept: Accept) -> None:
        """Take in what is done on the page, until cancelled."""
        self._accept = accept
        try:
            await asyncio.Event().wait()
        finally:
            self._accept = None
            self.exchange.hub.close()

    def trouble(self, at: datetime) -> str:  # noqa: ARG002 - the port's; a page on this machine is never late
        """Say why the bot does not take in what is done on the page; empty: it does."""
        return "" if self._accept else "nothing is taken in: the program is starting or stopping"

    async def close(self) -> None:
        """End the streams of all open pages."""
        self.exchange.hub.close()

    async def take(self, phone: Phone, bubble: Bubble) -> None:
        """Show what a person sends or taps and hand it in; returns after the commit. Sending it again does no harm.

        Raises:
            NotTakenError: see there; the bubble is marked as failed.
        """
        shown = self.exchange.bubble(phone.id, bubble.id) or bubble
        self.exchange.put(phone.id, msgspec.structs.replace(shown, sending="sending"))
        sending = "failed"
        try:
            await self._hand_in(phone, bubble.id, event_of(shown))
            sending = "sent"
        finally:
            self.exchange.mark(phone.id, bubble.id, sending=sending)

    def pass_day(self, phone: Phone, key: str) -> None:
        """Let 24 hours go by without a word from this person, as far as WhatsApp's window goes; no clock is set.

        Where they have just gone by, nothing changes.
        """
        newest = self.exchange.newest(phone.id)
        if newest is None or newest.side != "clock":
            self.exchange.put(phone.id, Bubble(id=key, side="clock", at=self.clock.now()))

    async def take_edit(self, phone: Phone, key: str, *, message: str, text: str) -> None:
        """Hand in a new text of a person's older message, and show it when it has been taken.

        Raises:
            NotTakenError: see there.
        """
        await self._hand_in(phone, key, TextEdited(at=self.clock.now(), message=message, text=text))
        self.exchange.mark(phone.id, message, text=text, is_edited=True)

    async def _hand_in(self, phone: Phone, key: str, event: Event) -> None:
        if self._accept is None:
            raise NotTakenError("the bot is not running (yet); try again in a moment")
        address = AddressKey(channel=self.name, account=self.account, user=phone.id)
        envelope = Envelope(key=f"{self.name}:{phone.id}:{key}", address=address, event=event, language="id")
        try:
            await self._accept([envelope])
        except Exception as error:
            LOG.warning("simulator_event_not_taken", key=envelope.key, error=type(error).__name__)
            raise NotTakenError("the bot failed; its log says more") from error

    async def _said(self, phone: Phone, identifier: str, said: Message) -> Bubble:
        attachment = await self._copied(said.file) if said.file else None
        at = self.clock.now()
        bubble = Bubble(
            id=identifier,
            side="bot",
            at=at,
            text=said.text,
            buttons=said.buttons,
            or_type=said.or_type,
            attachment=attachment,
        )
        if is_open("whatsapp", self.exchange.heard_at(phone.id), at):
            return bubble
        return too_late(bubble, said, phone, is_told=self.exchange.has_waiting(phone.id))

    async def _copied(self, file: StoredFile) -> Attachment:
        """Lay a file of the store among those that the page may show."""
        try:
            with self._open_file(file.sha256).open("rb") as source:
                reference = await self.exchange.uploads.keep(source)
        except (StorageError, OSError) as error:
            raise ChannelError(f"the message's file cannot be shown: {error}", alert=True) from error
        return Attachment(reference, file.kind, file.name, file.size_bytes)

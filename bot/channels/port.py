"""What every channel offers to the program, and the one error that says what to do when it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from conversations.events import IncomingFile
from storage.envelopes import via
from storage.outbox import OutboxRow
from storage.turns import Envelope

OpenFile = Callable[[str], Path]
"""Gives where a stored file of this SHA-256 lies; raises ``StorageError`` when it does not."""
Accept = Callable[[Sequence[Envelope]], Awaitable[None]]
"""Takes events in; returns after the commit, so that only then the channel is told that they have arrived."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast a channel may be written to."""

    account_messages: int
    """Messages of the whole account in any sliding second."""
    bulk_messages: int
    """Of these, at most so many that are not replies: a reply always finds room."""
    chat_burst: int
    """Messages to one chat at once ..."""
    chat_interval: timedelta
    """... and then one in this time."""


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """What a channel can show and carry."""

    text_units: int
    """Longest text of one message in UTF-16 units, after entities."""
    caption_units: int
    """Longest text in the same bubble as a file; a longer one follows it."""
    photo_bytes: int
    """Largest file that is shown as a picture; a larger one goes as a document."""
    buttons: int
    buttons_a_row: int
    label_characters: int
    data_bytes: int
    file_bytes: int
    """Largest file that can be fetched from it."""
    rates: Rates | None = None
    """None: as fast as it goes."""


class ChannelError(Exception):
    """A channel could not do what was asked; the flags say what to do, whichever channel it was."""

    def __init__(  # noqa: PLR0913 - flags, each given by its name
        self,
        reason: str,
        *,
        retryable: bool = False,
        alert: bool = False,
        retry_after: timedelta | None = None,
        is_gone: bool = False,
        is_uncertain: bool = False,
        is_taken: bool = False,
        is_too_quick: bool = False,
        is_closed: bool = False,
        is_opted_out: bool = False,
        is_unwelcome: bool = False,
        is_template_unusable: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        """Trying again later may help."""
        self.alert = alert
        """Somebody who runs the machine has to look at it."""
        self.retry_after = retry_after
        """The whole account has to keep silent for so long."""
        self.is_gone = is_gone
        """The person cannot be reached here any more, until they write again."""
        self.is_uncertain = is_uncertain
        """It may have arrived all the same."""
        self.is_taken = is_taken
        """Another program uses this account in our place."""
        self.is_too_quick = is_too_quick
        """This person was written to too quickly: wait longer each time, with messages to them alone."""
        self.is_closed = is_closed
        """The person has not written for so long that only an approved template may go to them here."""
        self.is_opted_out = is_opted_out
        """The person does not want such messages here."""
        self.is_unwelcome = is_unwelcome
        """The platform holds that the person gets enough of such messages: not soon again."""
        self.is_template_unusable = is_template_unusable
        """The message's template is not approved, or no longer."""


class NotAcceptedError(Exception):
    """Events could not be kept now (the database is away): the channel has to bring them again."""


class Channel(Protocol):
    """One account of one chat programme: a bot, a number, the simulator."""

    @property
    def name(self) -> str:
        """First part of an address: ``telegram``, ``simulator``."""
        ...

    @property
    def account(self) -> str:
        """Second part of an address: the bot's id, ``local``."""
        ...

    @property
    def limits(self) -> ChannelLimits:
        """What it can show and carry."""
        ...

    @property
    def is_polled(self) -> bool:
        """Updates are asked for, by one process at a time; otherwise they are brought, to any process."""
        ...

    async def send(self, outgoing: OutboxRow) -> str:
        """Send one message with its file and give the channel's id of it (of the last part, when it had to be split).

        Success means that the channel took it, not that anybody has read it.

        Raises:
            ChannelError: it could not be sent, or nobody knows whether it was.
        """
        ...

    def fetch(self, file: IncomingFile) -> AsyncIterator[bytes]:
        """Stream a file that a person sent.

        Raises:
            ChannelError: it cannot be had (now).
        """
        ...

    async def run(self, accept: Accept) -> None:
        """Take updates in until cancelled; nothing is acknowledged before ``accept`` has returned."""
        ...

    def trouble(self, at: datetime) -> str:
        """Say why no updates come in, and what to do; empty: they come in, or could."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...


@runtime_checkable
class Editor(Protocol):
    """A channel that can change what it has sent, besides all that a channel does."""

    async def edit(self, outgoing: OutboxRow, message: str) -> None:
        """Let a message of this id, which has no file, say what this one says, with its buttons; twice is as once.

        Nobody is told that it has changed.

        Raises:
            ChannelError: it could not be changed, or nobody knows whether it was.
        """
        ...


def via_of(channel: Channel) -> str:
    """Name what goes out by this channel: ``telegram:7712345678``."""
    return via(channel.name, channel.account)

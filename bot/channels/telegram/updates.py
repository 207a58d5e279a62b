"""The parts of Telegram's updates that we need; msgspec skips the rest unread.

Source: https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""Telegram promises 52 significant bits; databases keep 64."""


class User(msgspec.Struct, frozen=True):
    """A Telegram user."""

    id: Number
    is_bot: bool = False
    language_code: str = ""


class Chat(msgspec.Struct, frozen=True):
    """A chat; private chats have the id of the user."""

    id: Number
    type: str

    @property
    def is_private(self) -> bool:
        """Tell whether this is a chat with one person."""
        return self.type == "private"

    @property
    def is_group(self) -> bool:
        """Tell whether several people talk here; in a channel nobody can be answered."""
        return self.type in {"group", "supergroup"}


class Photo(msgspec.Struct, frozen=True):
    """One size of a photo."""

    file_id: str
    width: Number = 0
    height: Number = 0
    file_size: Number = 0


class Document(msgspec.Struct, frozen=True):
    """A file that was sent as a file."""

    file_id: str
    file_name: str = ""
    file_size: Number = 0


class Place(msgspec.Struct, frozen=True):
    """A point on the map, in degrees."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Contact(msgspec.Struct, frozen=True):
    """A contact card; anybody can send anybody's."""

    phone_number: str
    user_id: Number = 0


class Author(msgspec.Struct, frozen=True):
    """Who wrote a message that is referred to."""

    id: Number = 0


class Earlier(msgspec.Struct, frozen=True):
    """A message that is referred to (it may not be accessible)."""

    message_id: Number
    chat: Chat | None = None
    author: Author | None = msgspec.field(name="from", default=None)


class Something(msgspec.Struct, frozen=True):
    """An object of which only the presence matters."""


class Incoming(msgspec.Struct, frozen=True):
    """A message."""

    message_id: Number
    chat: Chat
    sender: User | None = msgspec.field(name="from", default=None)
    text: str = ""
    caption: str = ""
    media_group_id: str = ""
    photo: tuple[Photo, ...] = ()
    document: Document | None = None
    location: Place | None = None
    contact: Contact | None = None
    reply_to_message: Earlier | None = None
    animation: Something | None = None
    audio: Something | None = None
    checklist: Something | None = None
    dice: Something | None = None
    game: Something | None = None
    giveaway: Something | None = None
    giveaway_winners: Something | None = None
    invoice: Something | None = None
    paid_media: Something | None = None
    poll: Something | None = None
    rich_message: Something | None = None
    sticker: Something | None = None
    story: Something | None = None
    video: Something | None = None
    video_note: Something | None = None
    voice: Something | None = None


UNSUPPORTED = (
    "animation",
    "audio",
    "checklist",
    "dice",
    "game",
    "giveaway",
    "giveaway_winners",
    "invoice",
    "paid_media",
    "poll",
    "rich_message",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
)
"""What a person can send and we cannot use; service messages (a pin, a new title) are not among them."""


class CallbackQuery(msgspec.Struct, frozen=True):
    """A tap on a button."""

    id: str
    sender: User = msgspec.field(name="from")
    message: Earlier | None = None
    data: str = ""


class Membership(msgspec.Struct, frozen=True):
    """The new state of our own membership."""

    status: str


class MembershipChanged(msgspec.Struct, frozen=True):
    """Somebody blocked or unblocked the bot, or put it into a group."""

    chat: Chat
    new_chat_member: Membership


class Update(msgspec.Struct, frozen=True):
    """One update; at most one of the optional fields is there."""

    update_id: Number
    message: Incoming | None = None
    edited_message: Incoming | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: MembershipChanged | None = None


KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask Telegram to send."""

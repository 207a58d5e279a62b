"""From Telegram's bytes to our events; pure, and about a microsecond an update."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from bot.channels.incoming import UNREADABLE, legible, plain_name, repaired
from bot.channels.telegram.updates import UNSUPPORTED, CallbackQuery, Incoming, MembershipChanged, Update, User
from conversations.events import (
    ChoiceTapped,
    ContactReceived,
    Event,
    FileReceived,
    IncomingFile,
    LocationReceived,
    TextEdited,
    TextReceived,
    UnsupportedReceived,
)
from storage.turns import AddressKey, Envelope

CHANNEL = "telegram"
MOST_ALBUM_CHARACTERS = 64
MOST_PHONE_CHARACTERS = 32

_NAMES = re.compile("@([a-z0-9_]{4,32})")
_updates = msgspec.json.Decoder(tuple[Update, ...])
_raws = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_update = msgspec.json.Decoder(Update)


class _Numbered(msgspec.Struct):
    update_id: int


class Decoded(msgspec.Struct, frozen=True):
    """What one update means for us; all but the number may be empty."""

    update_id: int
    envelope: Envelope | None = None
    callback: str = ""
    """Id of the tap, to be answered after the commit so that the phone stops its progress bar."""
    group: int = 0
    """A group in which the bot may have been spoken to: it is told now and then that we talk in private only."""
    named: frozenset[str] = frozenset()
    """The user names in what was said there, in small letters; none: it was for us."""
    membership: str = ""
    """Our new status in a private chat: ``kicked`` when the person blocked the bot."""
    address: AddressKey | None = None
    """Whose membership changed."""
    problem: str = ""
    """Why it could not be read."""


def decode_updates(payload: bytes, *, bot: str, at: datetime) -> tuple[Decoded, ...]:
    """Decode an array of updates, in order. One that cannot be read does not hold up the others.

    Raises:
        msgspec.DecodeError: it is no array of updates at all, or one of them has no number.
    """
    try:
        return tuple(_decoded(update, bot, at) for update in _updates.decode(payload))
    except UNREADABLE:
        return tuple(decode_update(bytes(raw), bot=bot, at=at) for raw in _apart(payload))


def decode_update(payload: bytes, *, bot: str, at: datetime) -> Decoded:
    """Decode one update. Halves of characters in it are replaced; what cannot be read otherwise is its ``problem``.

    Raises:
        msgspec.DecodeError: it is no update at all: not even its number can be read.
    """
    try:
        return _decoded(_update.decode(payload), bot, at)
    except UNREADABLE:
        pass
    mended = repaired(payload)
    try:
        return _decoded(_update.decode(mended), bot, at)
    except UNREADABLE as error:
        return Decoded(_number_of(mended), problem=f"{type(error).__name__}: {error}")


def _apart(payload: bytes) -> tuple[msgspec.Raw, ...]:
    try:
        return _raws.decode(repaired(payload))
    except RecursionError as error:
        raise msgspec.DecodeError("expected an array of updates, found one that is nested too deeply") from error


def _number_of(payload: bytes) -> int:
    try:
        return msgspec.json.decode(payload, type=_Numbered).update_id
    except RecursionError as error:
        raise msgspec.DecodeError("expected an update, found one that is nested too deeply") from error


def _decoded(update: Update, bot: str, at: datetime) -> Decoded:
    if update.message:
        return _of_message(update.update_id, update.message, bot, at)
    if update.callback_query:
        return _of_tap(update.update_id, update.callback_query, bot, at)
    if update.edited_message:
        return _of_edit(update.update_id, update.edited_message, bot, at)
    if update.my_chat_member:
        return _of_membership(update.update_id, update.my_chat_member, bot)
    return Decoded(update.update_id)


def _of_message(update_id: int, message: Incoming, bot: str, at: datetime) -> Decoded:
    if not message.chat.is_private:
        return _of_group(update_id, message, bot)
    event = _event_of(message, at)
    if event is None or message.sender is None or message.sender.is_bot:  # two bots would talk for ever
        return Decoded(update_id)
    return Decoded(update_id, _envelope(update_id, message.sender, event, bot))


def _of_group(update_id: int, message: Incoming, bot: str) -> Decoded:
    """A command, a name and a reply to our own words may be meant for us; other talk is none of our business."""
    named = frozenset(_NAMES.findall(message.text.lower()))
    earlier = message.reply_to_message
    is_reply = earlier is not None and earlier.author is not None and str(earlier.author.id) == bot
    if message.chat.is_group and (named or is_reply or message.text.startswith("/")):
        return Decoded(update_id, group=message.chat.id, named=named)
    return Decoded(update_id)


def _of_membership(update_id: int, changed: MembershipChanged, bot: str) -> Decoded:
    status = changed.new_chat_member.status
    if changed.chat.is_private:
        return Decoded(update_id, membership=status, address=AddressKey(CHANNEL, bot, str(changed.chat.id)))
    is_in = changed.chat.is_group and status in {"member", "administrator"}
    return Decoded(update_id, group=changed.chat.id if is_in else 0)


def _of_tap(update_id: int, tap: CallbackQuery, bot: str, at: datetime) -> Decoded:
    chat = tap.message.chat if tap.message else None
    if chat is not None and not chat.is_private:
        return Decoded(update_id, callback=tap.id)
    carried_by = str(tap.message.message_id) if tap.message else ""
    event = ChoiceTapped(at=at, message=carried_by, data=legible(tap.data))
    return Decoded(update_id, _envelope(update_id, tap.sender, event, bot), callback=tap.id)


def _of_edit(update_id: int, message: Incoming, bot: str, at: datetime) -> Decoded:
    if not message.chat.is_private or message.sender is None or not message.text:
        return Decoded(update_id)
    event = TextEdited(at=at, message=str(message.message_id), text=legible(message.text))
    return Decoded(update_id, _envelope(update_id, message.sender, event, bot))


def _envelope(update_id: int, sender: User, event: Event, bot: str) -> Envelope:
    return Envelope(
        key=f"{CHANNEL}:{bot}:{update_id}",
        address=AddressKey(CHANNEL, bot, str(sender.id)),
        event=event,
        language="en" if sender.language_code.startswith("en") else "id",
    )


def _event_of(message: Incoming, at: datetime) -> Event | None:
    """Give what a message means; None for service messages."""
    known = str(message.message_id)
    if message.text:
        return TextReceived(at=at, message=known, text=legible(message.text), reply_to=_answered(message))
    for kind in UNSUPPORTED:  # before documents: an animation carries a document too
        if getattr(message, kind) is not None:
            return UnsupportedReceived(at=at, message=known, kind=kind, album=_album(message))
    if file := next(_files(message), None):
        return FileReceived(
            at=at,
            message=known,
            file=file,
            caption=legible(message.caption),
            album=_album(message),
            reply_to=_answered(message),
        )
    return _other_event(message, known, at)


def _other_event(message: Incoming, known: str, at: datetime) -> Event | None:
    if message.location:
        where = message.location
        return LocationReceived(at=at, message=known, latitude=where.latitude, longitude=where.longitude)
    if message.contact:
        is_own = message.sender is not None and message.contact.user_id == message.sender.id
        return ContactReceived(
            at=at, message=known, phone=legible(message.contact.phone_number, MOST_PHONE_CHARACTERS), is_own=is_own
        )
    return None


def _files(message: Incoming) -> Iterator[IncomingFile]:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        yield IncomingFile(largest.file_id, "photo", size_bytes=largest.file_size)
    if message.document:
        sent = message.document
        yield IncomingFile(sent.file_id, "document", name=plain_name(sent.file_name), size_bytes=sent.file_size)


def _album(message: Incoming) -> str:
    return legible(message.media_group_id, MOST_ALBUM_CHARACTERS)


def _answered(message: Incoming) -> str:
    return str(message.reply_to_message.message_id) if message.reply_to_message else ""

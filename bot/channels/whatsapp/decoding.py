"""From Meta's bytes to our events and reports; pure. What cannot be read never takes its neighbours with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from bot.channels.incoming import UNREADABLE, legible, plain_name, repaired, without_nul
from bot.channels.whatsapp.updates import (
    Batch,
    Contact,
    Entry,
    Incoming,
    Media,
    Metadata,
    Preference,
    Problem,
    Seconds,
    Status,
    Value,
)
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
from storage.envelopes import MOST_KEY_CHARACTERS
from storage.identity import Move
from storage.statuses import DeliveryStatus
from storage.turns import AddressKey, Envelope

CHANNEL = "whatsapp"
PHONE = re.compile(r"[0-9]{5,20}")
KINDS = frozenset({"messages", "user_preferences"})
"""The kinds of changes that we take; messages and statuses come in the first."""
MOST_ID_CHARACTERS = MOST_KEY_CHARACTERS - 40
"""Room for the channel and the number in front of a message's id."""
MOST_PHONE_CHARACTERS = 32
MOVES = frozenset({"user_changed_number", "user_changed_user_id"})
"""Kinds of system messages by which somebody is called otherwise from now on."""
SILENT = frozenset({"reaction", "system"})
"""A thumb under a message, somebody's new number: nothing was asked."""

_batch = msgspec.json.Decoder(Batch)
Kind = TypeVar("Kind")


class Receipt(msgspec.Struct, frozen=True):
    """A message that the person may see as read."""

    message: str
    takes_a_while: bool
    """A file has to be fetched before there is an answer."""


class OptOut(msgspec.Struct, frozen=True):
    """Somebody told Meta that they do not want what is sent to many, or (``at`` is None) that they do again."""

    address: AddressKey
    at: datetime | None


class Decoded(msgspec.Struct, frozen=True):
    """What one of our numbers gets out of a request."""

    account: str
    envelopes: tuple[Envelope, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    """Of the messages, in the same order."""
    statuses: tuple[DeliveryStatus, ...] = ()
    opt_outs: tuple[OptOut, ...] = ()
    moves: tuple[Move, ...] = ()
    errors: tuple[int, ...] = ()
    """Codes of what is wrong with the account as a whole."""


class Brought(msgspec.Struct, frozen=True):
    """What one request brings."""

    decoded: tuple[Decoded, ...]
    """In order; a number may come several times."""
    problems: tuple[str, ...] = ()
    """Why parts of it could not be read."""


class _Change(msgspec.Struct, frozen=True):
    field: str = ""
    value: msgspec.Raw = msgspec.Raw(b"{}")


class _Pieces(msgspec.Struct, frozen=True):
    """A change that cannot be read as a whole."""

    metadata: Metadata = Metadata()
    contacts: tuple[msgspec.Raw, ...] = ()
    messages: tuple[msgspec.Raw, ...] = ()
    statuses: tuple[msgspec.Raw, ...] = ()
    errors: tuple[msgspec.Raw, ...] = ()
    user_preferences: tuple[msgspec.Raw, ...] = ()


def decode_batch(payload: bytes, *, at: datetime) -> Brought:
    """Decode what one request brings; halves of characters in it are replaced, and NUL is dropped.

    Raises:
        msgspec.DecodeError: it is no batch at all.
    """
    payload = without_nul(payload)
    try:
        brought = _brought(payload, at)
        if not brought.problems:
            return brought
    except UNREADABLE:
        pass
    try:
        return _brought(repaired(payload), at)
    except UNREADABLE as error:
        raise msgspec.DecodeError(f"expected what Meta brings: {error}") from error


def _brought(payload: bytes, at: datetime) -> Brought:
    problems: list[str] = []
    entries = _all(_batch.decode(payload).entry, Entry, problems)
    changes = [change for entry in entries for change in _all(entry.changes, _Change, problems)]
    values = [_value(change.value, problems) for change in changes if change.field in KINDS]
    return Brought(tuple(_decoded(value, at) for value in values if value), tuple(problems))


def _value(raw: msgspec.Raw, problems: list[str]) -> Value | None:
    try:
        return msgspec.json.decode(raw, type=Value)
    except UNREADABLE:
        pass
    try:
        pieces = msgspec.json.decode(raw, type=_Pieces)
    except UNREADABLE as error:
        problems.append(_named(error))
        return None
    return Value(
        metadata=pieces.metadata,
        contacts=tuple(_all(pieces.contacts, Contact, problems)),
        messages=tuple(_all(pieces.messages, Incoming, problems)),
        statuses=tuple(_all(pieces.statuses, Status, problems)),
        errors=tuple(_all(pieces.errors, Problem, problems)),
        user_preferences=tuple(_all(pieces.user_preferences, Preference, problems)),
    )


def _all(raws: Sequence[msgspec.Raw], kind: type[Kind], problems: list[str]) -> Iterator[Kind]:
    """Give those that can be read."""
    for raw in raws:
        try:
            yield msgspec.json.decode(raw, type=kind)
        except UNREADABLE as error:
            problems.append(_named(error))


def _named(error: Exception) -> str:
    """Name a problem; msgspec says which field it was and what was expected, and quotes nobody."""
    return f"{type(error).__name__}: {error}"


def _decoded(value: Value, at: datetime) -> Decoded:
    account = value.metadata.phone_number_id
    taken = [(message, each) for message in value.messages if (each := _envelope(message, value, at))]
    return Decoded(
        account,
        tuple(envelope for _, envelope in taken),
        tuple(Receipt(message.id, isinstance(each.event, FileReceived)) for message, each in taken),
        tuple(_status(each, account, at) for each in value.statuses),
        tuple(_opt_out(each, account, at) for each in value.user_preferences if each.user_id or each.wa_id),
        tuple(move for each in value.messages if (move := _move(each, account))),
        tuple(each.code for each in value.errors),
    )


def _envelope(message: Incoming, value: Value, at: datetime) -> Envelope | None:
    account, sender = value.metadata.phone_number_id, _sender(message, value.contacts)
    event = None if message.group_id else _event(message, sender, at)
    user = sender.user_id or sender.wa_id
    if event is None or not user:
        return None
    key = f"{CHANNEL}:{account}:{message.id[-MOST_ID_CHARACTERS:]}"
    return Envelope(
        key=key,
        address=AddressKey(CHANNEL, account, user),
        event=event,
        phone=_digits(sender.wa_id),
        sent_at=_moment(message.timestamp),
        language="id",
    )


def _sender(message: Incoming, contacts: Sequence[Contact]) -> Contact:
    """Tell who sent a message, by all that is known of them."""
    if len(contacts) > 1:
        contacts = [each for each in contacts if _is_of(message, each)]
    known = contacts[0] if contacts else Contact()
    return Contact(user_id=message.from_user_id or known.user_id, wa_id=message.sender or known.wa_id)


def _is_of(message: Incoming, contact: Contact) -> bool:
    if message.from_user_id:
        return contact.user_id == message.from_user_id
    return contact.wa_id == message.sender


def _event(message: Incoming, sender: Contact, at: datetime) -> Event | None:
    """Give what a message means; None where nothing was asked."""
    if message.type in SILENT:
        return None
    read = EVENTS.get(message.type)
    return (read(message, sender, at) if read else None) or _unsupported(message, at)


def _text(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    if message.text is None:
        return None
    return TextReceived(at=at, message=message.id, text=legible(message.text.body), reply_to=_answered(message))


def _tap(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    tapped = message.interactive and (message.interactive.button_reply or message.interactive.list_reply)
    return ChoiceTapped(at=at, message=_answered(message), data=legible(tapped.id)) if tapped else None


def _template_tap(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    """A template's button without something of ours in it says its own words, as if they had been typed."""
    button = message.button
    if button is None:
        return None
    if button.payload in ("", button.text):
        return TextReceived(at=at, message=message.id, text=legible(button.text), reply_to=_answered(message))
    return ChoiceTapped(at=at, message=_answered(message), data=legible(button.payload))


def _image(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    return _file(message, message.image, at, lambda sent: IncomingFile(sent.id, "photo"))


def _document(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    return _file(
        message, message.document, at, lambda sent: IncomingFile(sent.id, "document", name=plain_name(sent.filename))
    )


def _file(message: Incoming, sent: Media | None, at: datetime, make: Callable[[Media], IncomingFile]) -> Event | None:
    if sent is None or not sent.id:
        return None
    caption = legible(sent.caption)
    return FileReceived(at=at, message=message.id, file=make(sent), caption=caption, reply_to=_answered(message))


def _location(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    where = message.location
    if where is None:
        return None
    return LocationReceived(at=at, message=message.id, latitude=where.latitude, longitude=where.longitude)


def _card(message: Incoming, sender: Contact, at: datetime) -> Event | None:
    """Take the first number; it is their own when they were asked for it, or when WhatsApp knows it as theirs."""
    phones = [phone for card in message.contacts for phone in card.phones]
    if not phones:
        return None
    is_own = message.origin == "contact_request" or bool(sender.wa_id and phones[0].wa_id == sender.wa_id)
    phone = legible(phones[0].phone or phones[0].wa_id, MOST_PHONE_CHARACTERS)
    return ContactReceived(at=at, message=message.id, phone=phone, is_own=is_own)


def _edit(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    if message.edit is None:
        return None
    now = message.edit.message
    media = now.image or now.document
    text = now.text.body if now.text else media.caption if media else ""
    return TextEdited(at=at, message=message.edit.original_message_id, text=legible(text))


def _revoke(message: Incoming, _sender: Contact, at: datetime) -> Event | None:
    """A message that was taken back says nothing any more."""
    if message.revoke is None:
        return None
    return TextEdited(at=at, message=message.revoke.original_message_id, text="")


EVENTS: dict[str, Callable[[Incoming, Contact, datetime], Event | None]] = {
    "text": _text,
    "interactive": _tap,
    "button": _template_tap,
    "image": _image,
    "document": _document,
    "location": _location,
    "contacts": _card,
    "edit": _edit,
    "revoke": _revoke,
}
"""By the type of a message; what is not here, or lacks its content, is answered as something we cannot use."""


def _unsupported(message: Incoming, at: datetime) -> Event:
    said = message.unsupported.type if message.unsupported else ""
    return UnsupportedReceived(at=at, message=message.id, kind=legible(said or message.type, MOST_PHONE_CHARACTERS))


def _answered(message: Incoming) -> str:
    return message.context.id if message.context else ""


def _status(status: Status, account: str, at: datetime) -> DeliveryStatus:
    pricing = status.pricing
    return DeliveryStatus(
        account=account,
        message=status.id,
        status=status.status,
        at=_moment(status.timestamp) or at,
        tracker=status.biz_opaque_callback_data,
        recipient=status.recipient_user_id or status.recipient_id,
        phone=status.recipient_id,
        errors=tuple(each.code for each in status.errors),
        category=pricing.category if pricing else "",
        pricing=pricing.type if pricing else "",
        is_billable=pricing.billable if pricing else None,
    )


def _opt_out(preference: Preference, account: str, at: datetime) -> OptOut:
    address = AddressKey(CHANNEL, account, preference.user_id or preference.wa_id)
    return OptOut(address, (_moment(str(preference.timestamp)) or at) if preference.value == "stop" else None)


def _move(message: Incoming, account: str) -> Move | None:
    """Both ids are told in newer webhooks, or where numbers are hidden; in older ones the numbers alone."""
    told = message.system
    if told is None or told.type not in MOVES:
        return None
    before, after = told.previous_user_id or message.from_user_id or message.sender, told.user_id or told.wa_id
    if not before or not after:
        return None
    return Move(
        AddressKey(CHANNEL, account, before),
        _digits(message.sender),
        AddressKey(CHANNEL, account, after),
        _digits(told.wa_id),
    )


def _digits(phone: str) -> str:
    return phone if PHONE.fullmatch(phone) else ""


def _moment(written: str) -> datetime | None:
    """Read a moment as Meta writes it: seconds since 1970, in a string."""
    try:
        return datetime.fromtimestamp(msgspec.convert(written, Seconds, strict=False), UTC) if written else None
    except msgspec.ValidationError:
        return None

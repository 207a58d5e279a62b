"""The parts of what Meta brings that we need; msgspec skips the rest unread.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Seconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
"""Unix time up to the year 9999; Meta writes it as a string."""


class Profile(msgspec.Struct, frozen=True):
    """What people show of themselves."""

    name: str = ""


class Contact(msgspec.Struct, frozen=True):
    """Somebody who is named in a change. Who hides the phone number has a user id alone."""

    user_id: str = ""
    wa_id: str = ""
    profile: Profile = Profile()


class Context(msgspec.Struct, frozen=True):
    """The message that another one answers, or that carried the tapped button."""

    id: str = ""


class Text(msgspec.Struct, frozen=True):
    """A typed message."""

    body: str = ""


class Media(msgspec.Struct, frozen=True):
    """A picture or document; the id is good for seven days."""

    id: str = ""
    caption: str = ""
    filename: str = ""


class Place(msgspec.Struct, frozen=True):
    """A point on the map, in degrees."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Phone(msgspec.Struct, frozen=True):
    """A phone number on a contact card."""

    phone: str = ""
    wa_id: str = ""


class Card(msgspec.Struct, frozen=True):
    """A contact card; anybody can send anybody's."""

    phones: tuple[Phone, ...] = ()


class Chosen(msgspec.Struct, frozen=True):
    """A button or a row of a list that we made; ``id`` is what it carries."""

    id: str = ""


class Interactive(msgspec.Struct, frozen=True):
    """A tap below one of our messages."""

    button_reply: Chosen | None = None
    list_reply: Chosen | None = None


class TemplateButton(msgspec.Struct, frozen=True):
    """A tap on a button of a template; where that carries nothing, its own words come back."""

    payload: str = ""
    text: str = ""


class Unsupported(msgspec.Struct, frozen=True):
    """Something that the Cloud API itself does not pass on."""

    type: str = ""


class Edited(msgspec.Struct, frozen=True):
    """What a message says now."""

    type: str = ""
    text: Text | None = None
    image: Media | None = None
    document: Media | None = None


class Edit(msgspec.Struct, frozen=True):
    """An older message says something else."""

    original_message_id: str
    message: Edited = Edited()


class Revoke(msgspec.Struct, frozen=True):
    """An older message was deleted."""

    original_message_id: str


class System(msgspec.Struct, frozen=True):
    """Somebody has another phone number, and with it another user id."""

    type: str = ""
    wa_id: str = ""
    user_id: str = ""
    previous_user_id: str = ""


class Incoming(msgspec.Struct, frozen=True):
    """A message; ``type`` names the field in which its content lies."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    type: str
    sender: str = msgspec.field(name="from", default="")
    from_user_id: str = ""
    timestamp: str = ""
    group_id: str = ""
    context: Context | None = None
    origin: str = ""
    text: Text | None = None
    image: Media | None = None
    document: Media | None = None
    location: Place | None = None
    contacts: tuple[Card, ...] = ()
    interactive: Interactive | None = None
    button: TemplateButton | None = None
    unsupported: Unsupported | None = None
    edit: Edit | None = None
    revoke: Revoke | None = None
    system: System | None = None


class Problem(msgspec.Struct, frozen=True):
    """Why something failed: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes."""

    code: int = 0


class Pricing(msgspec.Struct, frozen=True):
    """What a message costs."""

    category: str = ""
    type: str = ""
    billable: bool | None = None


class Status(msgspec.Struct, frozen=True):
    """What became of one of our messages."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    status: Annotated[str, msgspec.Meta(min_length=1)]
    timestamp: str = "0"
    recipient_id: str = ""
    recipient_user_id: str = ""
    biz_opaque_callback_data: str = ""
    errors: tuple[Problem, ...] = ()
    pricing: Pricing | None = None


class Preference(msgspec.Struct, frozen=True):
    """Somebody tells Meta whether they want such messages as are sent to many: ``stop``, or ``resume``."""

    value: str
    wa_id: str = ""
    user_id: str = ""
    timestamp: str | int = ""


class Metadata(msgspec.Struct, frozen=True):
    """Which of our numbers it is about."""

    phone_number_id: Annotated[str, msgspec.Meta(max_length=30)] = ""


class Value(msgspec.Struct, frozen=True):
    """What a change of the kinds that we take holds."""

    metadata: Metadata = Metadata()
    contacts: tuple[Contact, ...] = ()
    messages: tuple[Incoming, ...] = ()
    statuses: tuple[Status, ...] = ()
    errors: tuple[Problem, ...] = ()
    user_preferences: tuple[Preference, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """What happened to one WhatsApp Business Account."""

    changes: tuple[msgspec.Raw, ...] = ()


class Batch(msgspec.Struct, frozen=True):
    """What one request brings: several entries, each with several changes, each with several messages or statuses."""

    entry: tuple[msgspec.Raw, ...]

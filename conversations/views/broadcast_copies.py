"""One person's copy of a broadcast: the author's words with what is the reader's own put in."""

from __future__ import annotations

import msgspec

from conversations.audiences import Placeholder, filled, fits_template
from conversations.events import StoredFile
from conversations.messages import Button, Message, Template, escaped
from conversations.people import Person, Region
from conversations.taps import Verb, tap
from conversations.tasks import lacks_of
from conversations.texts import Markup, texts_for
from conversations.turn import column, joined
from conversations.views.missing import missing_text

TEMPLATE = "siaran"
"""Of the channel's registry: who is told, by whom, what."""


class Written(msgspec.Struct, frozen=True):
    """What all copies have in common."""

    broadcast: int
    """0: it is not sent yet, and this is how it would look."""
    text: str
    file: StoredFile | None
    district: str
    """Name of the region in whose coordinator's name it goes."""


class CopyReader(msgspec.Struct, frozen=True):
    """Who reads a copy, and as what."""

    person: Person
    region: Region
    """Of their post."""
    marks: str
    """Of all forms that the post answers: ``Assignment.progress``, put together."""


def broadcast_copy(written: Written, reader: CopyReader) -> Message:
    """Write somebody's copy."""
    texts = texts_for(reader.person.language, reader.person.honorific)
    values = {
        Placeholder.NAME: reader.person.called or texts.plain("you"),
        Placeholder.REGION: _place(reader),
        Placeholder.MISSING: _missing(reader),
    }
    said = filled(written.text, values)
    sender = texts.plain("role.coordinator", region=written.district)
    head = texts("broadcast.from", sender=sender)
    reply = Button(texts.plain("button.reply"), tap(Verb.REPLY, written.broadcast))
    template = None
    if fits_template(said, written.file):
        template = Template(TEMPLATE, texts.language, (values[Placeholder.NAME], sender, said))
    text = joined(head, Markup(escaped(said)))
    return Message(str(text), column(reply), written.file, template)


def _place(reader: CopyReader) -> str:
    texts, region = texts_for(reader.person.language), reader.region
    if region.kind != "village":
        return texts.plain("region.subdistrict" if region.kind == "subdistrict" else "region.plain", name=region.name)
    return texts.plain("broadcast.ward" if region.is_ward else "broadcast.village", name=region.name)


def _missing(reader: CopyReader) -> str:
    texts = texts_for(reader.person.language)
    return missing_text(lacks_of(reader.marks), texts) or texts.plain("broadcast.nothing")

"""One person's copy of a broadcast: the author's words with what is the reader's own put in."""

from __future__ import annotations

import msgspec

from conversations.audiences import MOST_TEMPLATE_CHARACTERS, Placeholder, filled
from conversations.events import StoredFile
from conversations.messages import Button, Message, Template, escaped
from conversations.people import Person, Region
from conversations.sheets import RowMark
from conversations.taps import Verb, tap
from conversations.texts import Markup, texts_for
from conversations.turn import column, joined

UNANSWERED = f"{RowMark.UNTOUCHED}{RowMark.STARTED}{RowMark.PUT_OFF}{RowMark.RETURNED}"


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
        Placeholder.MISSING: missing_said(reader),
    }
    said = filled(written.text, values)
    sender = texts.plain("role.coordinator", region=written.district)
    head = texts("broadcast.from", sender=sender)
    reply = Button(texts.plain("button.reply"), tap(Verb.REPLY, written.broadcast))
    template = None
    if not written.file and len(said) <= MOST_TEMPLATE_CHARACTERS:
        template = Template("siaran", texts.language, (values[Placeholder.NAME], sender, said))
    text = joined(head, Markup(escaped(said)))
    return Message(str(text), column(reply), written.file, template)


def _place(reader: CopyReader) -> str:
    texts, region = texts_for(reader.person.language), reader.region
    if region.kind != "village":
        return texts.plain("region.subdistrict" if region.kind == "subdistrict" else "region.plain", name=region.name)
    return texts.plain("broadcast.ward" if region.is_ward else "broadcast.village", name=region.name)


def missing_said(reader: CopyReader) -> str:
    """Say what the reader's forms still lack: ``4 pertanyaan dan 2 foto``."""
    texts = texts_for(reader.person.language)
    questions = sum(map(reader.marks.count, UNANSWERED))
    photos = reader.marks.count(RowMark.LACKS_EVIDENCE)
    parts = [
        *([texts.count("broadcast.questions", questions)] if questions else []),
        *([texts.count("broadcast.photos", photos)] if photos else []),
    ]
    return texts.plain("broadcast.and").join(parts) if parts else texts.plain("broadcast.nothing")

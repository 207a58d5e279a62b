"""What a simulated phone shows: the phone itself and its bubbles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from bot.channels.rendering.markup import Run, plain, read_markup
from bot.channels.simulator.posts import PhoneKind, PostFound
from conversations.events import ChoiceTapped, Event, FileReceived, IncomingFile, LocationReceived, TextReceived
from conversations.messages import Button, escaped

ITEM = re.compile(r"\d{1,3}[.)] |[-•] ")
"""How a line of a list begins."""

Side = Literal["bot", "person", "clock"]
"""``clock``: nobody speaks; more than 24 hours have gone by."""
Sending = Literal["sending", "sent", "failed"]


class Phone(msgspec.Struct, frozen=True, omit_defaults=True):
    """A phone that was opened once: its number, whose it plays, and since when."""

    id: str
    kind: PhoneKind
    opened_at: datetime
    post: PostFound | None = None
    """None for somebody without a post."""
    owner: str = ""
    """The made-up name of whoever holds the phone."""

    def holds(self, post_key: str) -> bool:
        """Tell whether it was opened for this post."""
        return self.post is not None and self.post.key == post_key


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file in a bubble."""

    reference: str
    """Where it lies among the uploads."""
    kind: Literal["photo", "document"]
    name: str
    size_bytes: int
    album: str = ""


class Place(msgspec.Struct, frozen=True):
    """A place on the map, in degrees."""

    latitude: float
    longitude: float


class TemplateShown(msgspec.Struct, frozen=True):
    """An approved text as its reader sees it."""

    name: str
    text: str
    buttons: tuple[Button, ...]


class Bubble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message in a phone."""

    id: str
    side: Side
    at: datetime
    text: str = ""
    """From the bot: our light markup. From the person: as typed."""
    buttons: tuple[tuple[Button, ...], ...] = ()
    or_type: str = ""
    """What leads in the words of buttons that a look leaves out."""
    reply_to: str = ""
    attachment: Attachment | None = None
    place: Place | None = None
    sending: Sending = "sent"
    is_edited: bool = False
    tapped: str = ""
    """What the button carries that was tapped under ``reply_to``; the text is what WhatsApp writes for it."""
    is_late: bool = False
    """More than 24 hours after the person's last message: WhatsApp takes nothing but templates then."""
    template: TemplateShown | None = None
    """What goes to a late reader at once: in place of this message, or, when it waits, to tell that something does."""
    waits: bool = False
    """Until the person writes."""

    @property
    def is_whatsapps_own(self) -> bool:
        """Tell whether only WhatsApp shows such a thing."""
        return bool(self.tapped) or self.side == "clock"


class DrawnRun(msgspec.Struct, frozen=True):
    """Plain text and the names of the tags around it, outermost first."""

    text: str
    tags: tuple[str, ...]


class Line(msgspec.Struct, frozen=True):
    """A line of a text."""

    is_item: bool
    """It is one of a list."""
    runs: tuple[DrawnRun, ...]


def event_of(bubble: Bubble) -> Event:
    """Give what a person's bubble means to the bot; the same whenever it is sent again."""
    if bubble.tapped:
        return ChoiceTapped(at=bubble.at, message=bubble.reply_to, data=bubble.tapped)
    if bubble.place is not None:
        place = bubble.place
        return LocationReceived(at=bubble.at, message=bubble.id, latitude=place.latitude, longitude=place.longitude)
    if bubble.attachment is not None:
        return _file_event(bubble, bubble.attachment)
    return TextReceived(at=bubble.at, message=bubble.id, text=bubble.text, reply_to=bubble.reply_to)


def _file_event(bubble: Bubble, sent: Attachment) -> FileReceived:
    file = IncomingFile(reference=sent.reference, kind=sent.kind, name=sent.name, size_bytes=sent.size_bytes)
    return FileReceived(
        at=bubble.at,
        message=bubble.id,
        file=file,
        caption=bubble.text,
        album=sent.album,
        reply_to=bubble.reply_to,
    )


def shown(bubble: Bubble) -> dict[str, object]:
    """Give a bubble as the page draws it: with its text cut into lines of plain runs, never as markup."""
    drawn: dict[str, object] = msgspec.to_builtins(bubble)
    if bubble.side == "bot":
        drawn.pop("text", None)
    return {**drawn, "lines": msgspec.to_builtins(drawn_lines(bubble))}


def drawn_lines(bubble: Bubble) -> tuple[Line, ...]:
    """Give a bubble's text as lines of runs; what a person has typed has no markup."""
    runs = read_markup(bubble.text if bubble.side == "bot" else escaped(bubble.text))
    return tuple(draw_line(line) for line in lines_of(runs))


def lines_of(runs: Sequence[Run]) -> list[list[Run]]:
    """Cut runs at line ends; an empty text has no lines."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        first, *others = run.text.split("\n")
        lines[-1].append(Run(first, run.tags))
        lines.extend([Run(other, run.tags)] for other in others)
    kept = [[run for run in line if run.text] for line in lines]
    return kept if any(kept) else []


def draw_line(line: Sequence[Run]) -> Line:
    """Give a line to the page."""
    return Line(bool(ITEM.match(plain(line))), tuple(DrawnRun(run.text, run.tags) for run in line))

"""A message as WhatsApp shows it: cut and signed by the code that sends it there, and read back as a phone reads it."""

from __future__ import annotations

import itertools
import re
from functools import cache

import msgspec

from bot.channels.rendering.markup import Run
from bot.channels.rendering.whatsapp import NOTHING, Choice, Drawn, draw
from bot.channels.simulator.bubbles import Bubble, Line, TemplateShown, draw_line, drawn_lines, lines_of
from bot.channels.whatsapp.limits import LIMITS
from bot.channels.whatsapp.wording import load_wording
from conversations.events import StoredFile
from conversations.messages import Message

SPAN = re.compile(
    r"```(?P<pre>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![^\W_])(?P<sign>[*_~])(?=\S)(?P<words>.+?)(?<=\S)(?P=sign)(?![^\W_])",
)
"""What WhatsApp shows in another type: signs close around words, on one line.

Source: https://faq.whatsapp.com/539178204879377
"""
TAGS = {"*": "b", "_": "i", "~": "s"}
BULLETS = ("- ", "* ")
"""What begins the line of a list; it is shown as a dot."""


class Piece(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the bubbles that a message becomes."""

    lines: tuple[Line, ...] = ()
    has_file: bool = False
    replies: tuple[Choice, ...] = ()
    rows: tuple[Choice, ...] = ()
    """Of the list that opens with the button ``opener``."""
    opener: str = ""
    template: str = ""
    """Name of the approved text that this is."""
    waits: bool = False
    """Until the person writes."""


def pieces_of(bubble: Bubble) -> tuple[Piece, ...]:
    """Give the bubbles that a message becomes, in order; at least one."""
    if bubble.side != "bot":
        lines = drawn_lines(bubble) if bubble.tapped else read_lines(bubble.text)
        return (Piece(lines, has_file=bubble.attachment is not None),)
    sent = (_templated(bubble.template),) if bubble.template else ()
    if bubble.is_late and not bubble.waits and sent:
        return sent
    first, *others = _freely_sent(bubble)
    return (*sent, msgspec.structs.replace(first, waits=bubble.waits), *others)


def _templated(template: TemplateShown) -> Piece:
    replies = tuple(Choice(button.label, button.data) for button in template.buttons)
    return Piece(read_lines(template.text), replies=replies, template=template.name)


def _freely_sent(bubble: Bubble) -> tuple[Piece, ...]:
    drawn = _drawn(bubble)
    texts = [Piece(read_lines(part)) for part in drawn.parts]
    if bubble.attachment:
        caption = drawn.caption or (NOTHING if drawn.choices and not texts else "")
        texts.insert(0, Piece(read_lines(caption), has_file=True))
    return (*texts[:-1], _tappable(texts[-1], drawn))


def title_of(bubble: Bubble, data: str) -> str:
    """Give what WhatsApp writes into the chat for whoever chooses this; empty when there is no such choice."""
    shown = (choice for piece in pieces_of(bubble) for choice in (*piece.replies, *piece.rows) if choice.data == data)
    titles = ("\n".join(filter(None, (each.title, each.description))) for each in shown)
    labels = (button.label for row in bubble.buttons for button in row if button.data == data)
    return next(itertools.chain(titles, labels), "")


def read_lines(written: str) -> tuple[Line, ...]:
    """Read a text as WhatsApp does: its signs become tags, its dashes dots."""
    return tuple(draw_line(_dotted(line)) for line in lines_of(read_signs(written)))


def read_signs(written: str, tags: tuple[str, ...] = ()) -> tuple[Run, ...]:
    """Read WhatsApp's signs; those that stand alone, or inside of words, are text."""
    runs: list[Run] = []
    place = 0
    for found in SPAN.finditer(written):
        runs += [Run(written[place : found.start()], tags), *_read_span(found, tags)]
        place = found.end()
    runs.append(Run(written[place:], tags))
    return tuple(run for run in runs if run.text)


def _read_span(found: re.Match[str], tags: tuple[str, ...]) -> tuple[Run, ...]:
    if sign := found["sign"]:
        return read_signs(found["words"], (*tags, TAGS[sign]))
    kind = "pre" if found["pre"] else "code"
    return (Run(found[kind], (*tags, kind)),)


def _dotted(line: list[Run]) -> list[Run]:
    if line and line[0].text.startswith(BULLETS):
        return [Run(f"• {line[0].text[2:]}", line[0].tags), *line[1:]]
    return line


def _drawn(bubble: Bubble) -> Drawn:
    sent = bubble.attachment
    file = StoredFile(sent.reference, sent.name, sent.kind, sent.size_bytes) if sent else None
    return draw(Message(bubble.text, bubble.buttons, file, or_type=bubble.or_type), LIMITS)


def _tappable(piece: Piece, drawn: Drawn) -> Piece:
    if not drawn.has_list:
        return msgspec.structs.replace(piece, replies=drawn.choices)
    return msgspec.structs.replace(piece, rows=drawn.choices, opener=_wording().choose)


_wording = cache(load_wording)

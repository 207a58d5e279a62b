"""A message as WhatsApp takes it: perhaps a file with a caption, then texts, and choices under the last of all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from bot.channels.port import ChannelLimits
from bot.channels.rendering.buttons import fit_buttons, numbered
from bot.channels.rendering.markup import Run, plain, read_markup, units
from bot.channels.rendering.splitting import split
from conversations.messages import Button, Message, escaped

MOST_REPLY_BUTTONS = 3
"""More become a list, which opens with one button of its own."""
BUTTON_UNITS = 20
ROW_UNITS = 24
DESCRIPTION_UNITS = 72
BODY_UNITS = 1024
"""Longest text over choices.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#interactive-messages
"""
NOTHING = "…"
"""Stands for an empty text, which WhatsApp refuses; and for the end of a title that was cut off."""
SIGNS = {"b": "*", "i": "_", "code": "`", "pre": "```"}
LOOK_ALIKES = str.maketrans(
    "*_~`", "\N{ASTERISK OPERATOR}\N{FULLWIDTH LOW LINE}\N{TILDE OPERATOR}\N{MODIFIER LETTER GRAVE ACCENT}"
)
MEANT_AS_MARKUP = re.compile(r"(?<![^\W_])[*_~](?=\S)|(?<=\S)[*_~](?![^\W_])|`")
"""Signs at the edge of a word, which WhatsApp may take for markup; there is no way to escape them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A reply button or a row of a list."""

    title: str
    data: str
    description: str = ""
    """The whole label where the title was cut: only a list shows it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Texts in order, and the choices under the last of all."""

    parts: tuple[str, ...]
    """At least one, unless all is said in the caption of a file."""
    choices: tuple[Choice, ...] = ()
    caption: str = ""
    """In the same bubble as the message's file."""

    @property
    def has_list(self) -> bool:
        """Tell whether the choices come as a list."""
        return len(self.choices) > MOST_REPLY_BUTTONS


def draw(message: Message, limits: ChannelLimits) -> Drawn:
    """Draw a message within WhatsApp's limits."""
    message = _few_buttons(message, limits)
    carried = [button.data for row in message.buttons for button in row]
    has_twins = len(set(carried)) < len(carried)  # which WhatsApp refuses
    fitted = fit_buttons(message, replace(limits, buttons=0) if has_twins else limits)
    buttons = [button for row in fitted.buttons for button in row]
    choices, cut = _choices(buttons)
    drawn = Drawn((), choices)
    runs = read_markup(_with_list(fitted.text, cut))
    if fitted.file and not drawn.has_list and units(write_whatsapp(runs)) <= limits.caption_units:
        return Drawn((), choices, caption=write_whatsapp(runs))
    return Drawn(_parts(runs, limits.text_units, BODY_UNITS if choices else 0), choices)


def _few_buttons(message: Message, limits: ChannelLimits) -> Message:
    """Leave out buttons whose word does the same, so that answers can be tapped at once, or stand in one list."""
    buttons = [button for row in message.buttons for button in row]
    answers, ways = [each for each in buttons if not each.word], [each for each in buttons if each.word]
    room = MOST_REPLY_BUTTONS - len(answers)
    if len(buttons) <= MOST_REPLY_BUTTONS or not ways:
        return message
    if room >= 0 and all(units(each.label) <= BUTTON_UNITS for each in answers):
        return _spoken(message, [*answers, *ways[:room]], ways[room:])
    if len(buttons) <= limits.buttons:
        return message
    if len(answers) <= limits.buttons:
        return _spoken(message, answers, ways)
    written = msgspec.structs.replace(message, text=_with_list(message.text, answers))
    return _spoken(written, ways[:MOST_REPLY_BUTTONS], ways[MOST_REPLY_BUTTONS:])


def _spoken(message: Message, shown: Sequence[Button], spoken: Sequence[Button]) -> Message:
    """Keep these buttons, and say the words of those."""
    words = ", ".join(f"<b>{escaped(each.word)}</b>" for each in spoken)
    said = f"{message.or_type}: {words}" if words else ""
    text = "\n\n".join(filter(None, (message.text, said)))
    return msgspec.structs.replace(message, text=text, buttons=tuple((each,) for each in shown))


def _with_list(text: str, buttons: Sequence[Button]) -> str:
    return "\n\n".join(filter(None, (text, numbered(buttons))))


def write_whatsapp(runs: Iterable[Run]) -> str:
    """Write runs with WhatsApp's signs; what looks like a sign in somebody's own words is written with another one."""
    texts = [(MEANT_AS_MARKUP.sub(lambda found: found[0].translate(LOOK_ALIKES), run.text), run.tags) for run in runs]
    written = ""
    for (text, tags), (following, _) in zip(texts, [*texts[1:], ("", ())], strict=False):
        signs = "".join(SIGNS[tag] for tag in tags)
        is_part_of_word = _is_one_word(written, text) or _is_one_word(text, following)
        written += text if is_part_of_word else "\n".join(_signed(line, signs) for line in text.split("\n"))
    return written


def _is_one_word(before: str, after: str) -> bool:
    return before[-1:].isalnum() and after[:1].isalnum()


def _signed(line: str, signs: str) -> str:
    """Put signs around a line, close to its words: WhatsApp knows them only so."""
    words = line.strip()
    if not signs or not words:
        return line
    start = line.index(words)
    return f"{line[:start]}{signs}{words}{signs[::-1]}{line[start + len(words) :]}"


def _parts(runs: Sequence[Run], most_units: int, last_units: int) -> tuple[str, ...]:
    """Cut a text so that every part fits with its signs, which are not counted before they are written."""
    share = 1.0
    while True:
        parts = split(runs, int(most_units * share), int(last_units * share))
        written = tuple(write_whatsapp(part) for part in parts) or (NOTHING,)
        if all(units(each) <= most_units for each in written) and units(written[-1]) <= (last_units or most_units):
            return written
        share *= 0.75


def _choices(buttons: Sequence[Button]) -> tuple[tuple[Choice, ...], Sequence[Button]]:
    """Give titles that fit and differ, and the buttons whose labels have to be in the text as well.

    Where one is cut or comes twice, all begin with the number that they have there; but for those that a word replaces.
    """
    most = BUTTON_UNITS if len(buttons) <= MOST_REPLY_BUTTONS else ROW_UNITS
    labels = [button.label.strip() for button in buttons]
    if all(units(label) <= most for label in labels) and len(set(labels)) == len(labels):
        return tuple(Choice(label, button.data) for label, button in zip(labels, buttons, strict=True)), ()
    cut = [button for button in buttons if not button.word]
    return (
        *(_cut_choice(f"{number}. {button.label.strip()}", button, most) for number, button in enumerate(cut, start=1)),
        *(_cut_choice(button.label.strip(), button, most) for button in buttons if button.word),
    ), cut


def _cut_choice(title: str, button: Button, most: int) -> Choice:
    is_whole = units(title) <= most
    fits_below = not is_whole and units(button.label) <= DESCRIPTION_UNITS
    return Choice(title if is_whole else _cut(title, most), button.data, button.label if fits_below else "")


def _cut(title: str, most: int) -> str:
    """Cut a title after a word, if there is one in its second half."""
    head = plain(split((Run(title),), most - 1)[0])
    return f"{head.rstrip(' ,.;:(-')}{NOTHING}"

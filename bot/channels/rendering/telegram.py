"""A message as Telegram takes it: perhaps a file with a caption, then parts of HTML, the buttons under the last."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.port import ChannelLimits
from bot.channels.rendering.buttons import fit_buttons
from bot.channels.rendering.markup import plain, read_markup, units, write_html
from bot.channels.rendering.splitting import split
from conversations.messages import Button, Message

NOTHING = "…"
"""Stands for an empty text, which Telegram refuses."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """HTML of each part, in order, and the buttons under the last of all."""

    parts: tuple[str, ...]
    """At least one, unless all is said in the caption of a file."""
    buttons: tuple[tuple[Button, ...], ...]
    caption: str = ""
    """HTML in the same bubble as the message's file."""


def draw(message: Message, limits: ChannelLimits) -> Drawn:
    """Draw a message within Telegram's limits."""
    fitted = fit_buttons(message, limits)
    runs = read_markup(fitted.text)
    if fitted.file and units(plain(runs)) <= limits.caption_units:
        return Drawn((), fitted.buttons, caption=write_html(runs))
    parts = split(runs, limits.text_units)
    return Drawn(tuple(write_html(part) for part in parts) or (NOTHING,), fitted.buttons)

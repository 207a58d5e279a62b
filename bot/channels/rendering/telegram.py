"""A message as Telegram takes it: parts of HTML, the buttons under the last one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.port import ChannelLimits
from bot.channels.rendering.buttons import fit_buttons
from bot.channels.rendering.markup import read_markup, write_html
from bot.channels.rendering.splitting import split
from conversations.messages import Button, Message

NOTHING = "…"
"""Stands for an empty text, which Telegram refuses."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """HTML of each part, in order (at least one), and the buttons under the last."""

    parts: tuple[str, ...]
    buttons: tuple[tuple[Button, ...], ...]


def draw(message: Message, limits: ChannelLimits) -> Drawn:
    """Draw a message within Telegram's limits."""
    fitted = fit_buttons(message, limits)
    parts = split(read_markup(fitted.text), limits.text_units)
    return Drawn(tuple(write_html(part) for part in parts) or (NOTHING,), fitted.buttons)

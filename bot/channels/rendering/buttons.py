"""Buttons that fit a channel; where they do not, a numbered list that a typed number chooses from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bot.channels.port import ChannelLimits
from conversations.messages import Button, Message, escaped


def fit_buttons(message: Message, limits: ChannelLimits) -> Message:
    """Give the message as the channel can show it: rows wrapped, or all buttons written out with numbers."""
    buttons = [button for row in message.buttons for button in row]
    if len(buttons) <= limits.buttons and all(_fits(button, limits) for button in buttons):
        rows = tuple(part for row in message.buttons for part in _wrapped(row, limits))
        return msgspec.structs.replace(message, buttons=rows)
    text = "\n\n".join(filter(None, (message.text, numbered(buttons))))
    return msgspec.structs.replace(message, text=text, buttons=())


def _fits(button: Button, limits: ChannelLimits) -> bool:
    return (
        0 < len(button.label.strip()) <= limits.label_characters and 0 < len(button.data.encode()) <= limits.data_bytes
    )


def _wrapped(row: Sequence[Button], limits: ChannelLimits) -> Iterator[tuple[Button, ...]]:
    for start in range(0, len(row), limits.buttons_a_row):
        yield tuple(row[start : start + limits.buttons_a_row])


def numbered(buttons: Sequence[Button]) -> str:
    """Write buttons out as a list, in markup."""
    return "\n".join(f"{number}. {escaped(button.label)}" for number, button in enumerate(buttons, start=1))

"""The two looks of a phone: the same messages, as Telegram and as WhatsApp would show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from bot.channels.simulator.bubbles import Bubble, shown
from bot.channels.simulator.whatsapp import pieces_of

Look = Literal["telegram", "whatsapp"]
LOOKS: Mapping[str, Look] = {"telegram": "telegram", "whatsapp": "whatsapp"}


def drawn_for(look: Look, bubble: Bubble) -> dict[str, object] | None:
    """Give a bubble as the page draws it; None where this look has nothing to show.

    WhatsApp writes a tap into the chat as if it had been typed, and has a window of 24 hours; Telegram neither.
    """
    if look == "telegram":
        return None if bubble.is_whatsapps_own else shown(bubble)
    return {**shown(bubble), "pieces": msgspec.to_builtins(pieces_of(bubble))}

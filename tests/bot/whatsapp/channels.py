"""WhatsApp channels as the program makes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from pydantic import SecretStr

from bot.channels.port import OpenFile
from bot.channels.whatsapp.channel import WhatsAppChannel
from bot.channels.whatsapp.graph import GraphApi
from bot.channels.whatsapp.webhook import Heard, Webhook
from bot.clock import Clock, SystemClock
from bot.whatsapp_number import WhatsAppNumber
from storage.envelopes import AddressKey
from storage.identity import Move
from storage.statuses import DeliveryStatus
from tests.bot.files import nothing_kept
from tests.whatsapp_server.server import APP_SECRET, TOKEN

VERIFY_TOKEN = "a-verify-token-of-ours"
NUMBER_LINE = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
"""A label in the list above choices whose titles were cut."""


def configured(identifier: str = "200100", *, token: str = TOKEN, app_secret: str = APP_SECRET) -> WhatsAppNumber:
    """Give a number as it is configured."""
    return WhatsAppNumber(
        id=identifier,
        token=SecretStr(token),
        app_secret=SecretStr(app_secret),
        verify_token=SecretStr(VERIFY_TOKEN),
    )


async def nobody_reads(_statuses: Sequence[DeliveryStatus]) -> None:
    """Keep no reports."""


async def nobody_leaves(_address: AddressKey, _at: datetime | None) -> None:
    """Hear nothing."""


async def nobody_moves(_told: Move) -> None:
    """Hear nothing."""


NOBODY = Heard(nobody_reads, nobody_leaves, nobody_moves)


def whatsapp_channel(
    api: GraphApi,
    number: WhatsAppNumber,
    *,
    webhook: Webhook | None = None,
    clock: Clock | None = None,
    hear: Heard = NOBODY,
    open_file: OpenFile = nothing_kept,
) -> WhatsAppChannel:
    """Make a channel."""
    clock = clock or SystemClock()
    webhook = webhook or Webhook([number], clock)
    return WhatsAppChannel(api, number.id, webhook=webhook, hear=hear, open_file=open_file, clock=clock)

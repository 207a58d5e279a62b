"""Telegram channels as the program makes them, but quick to try again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from bot.backoff import Backoff
from bot.channels.port import OpenFile
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.courtesies import Courtesies, MembershipChange
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.menu import load_menu
from bot.channels.telegram.polling import Poller
from bot.clock import Clock, SystemClock
from storage.turns import AddressKey
from tests.bot.files import nothing_kept

QUICK = Backoff(timedelta(milliseconds=1), timedelta(milliseconds=5), random.Random(1))


async def nobody_blocks(_address: AddressKey, _at: datetime | None) -> None:
    """Hear nothing."""


def telegram_channel(
    api: TelegramApi,
    account: str = "1",
    *,
    intake: Intake | None = None,
    clock: Clock | None = None,
    on_block: MembershipChange = nobody_blocks,
    open_file: OpenFile = nothing_kept,
) -> TelegramChannel:
    """Make a channel; it polls unless it is given another intake."""
    clock = clock or SystemClock()
    intake = intake or Poller(api, account, clock=clock, backoff=QUICK)
    courtesies = Courtesies(api, menu=load_menu(), clock=clock, backoff=QUICK, on_block=on_block)
    return TelegramChannel(api, account, intake=intake, courtesies=courtesies, open_file=open_file)

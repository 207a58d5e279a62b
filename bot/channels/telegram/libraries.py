"""The libraries that can do the talking with Telegram; only the chosen one is imported."""

from __future__ import annotations

from bot.channels.telegram.api import TelegramApi
from bot.telegram_bot import TelegramBot


def open_api(bot: TelegramBot, base_url: str) -> TelegramApi:
    """Open this bot's line to the Bot API at this address; nothing is called yet. Close it when done."""
    token = bot.token.get_secret_value()
    match bot.library:
        case "python-telegram-bot":
            from bot.channels.telegram.ptb import PtbApi

            return PtbApi(token, base_url=base_url)
        case "aiogram":
            from bot.channels.telegram.aiogram_api import AiogramApi

            return AiogramApi(token, base_url=base_url)

"""From the library's errors to ours, with what to do about each."""

from __future__ import annotations

from datetime import timedelta

import httpx
from telegram import error as telegram_errors

from bot.channels.port import ChannelError

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""The request never left: whatever it asked for has not happened."""
GONE_SIGNS = ("chat not found", "user is deactivated", "peer_id_invalid", "bot was blocked", "user not found")
"""Words of a 400 that mean the same as a 403."""


def as_channel_error(error: Exception) -> ChannelError:
    """Say what an error of python-telegram-bot or httpx means for whoever called."""
    reason = f"{type(error).__name__}: {error}"
    match error:
        case telegram_errors.RetryAfter():
            return ChannelError(reason, retryable=True, retry_after=_duration(error.retry_after))
        case telegram_errors.Forbidden():
            return ChannelError(reason, is_gone=True)
        case telegram_errors.BadRequest():
            is_gone = any(sign in str(error).lower() for sign in GONE_SIGNS)
            return ChannelError(reason, is_gone=is_gone, alert=not is_gone)
        case telegram_errors.InvalidToken() | telegram_errors.Conflict():
            return ChannelError(reason, retryable=True, alert=True)
        case telegram_errors.NetworkError() | httpx.HTTPError():
            return ChannelError(reason, retryable=True, is_uncertain=not _never_left(error))
        case _:
            return ChannelError(reason, alert=True)


def _never_left(error: Exception) -> bool:
    return isinstance(error, NOT_SENT) or isinstance(error.__cause__, NOT_SENT)


def _duration(seconds: int | timedelta) -> timedelta:
    return seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)

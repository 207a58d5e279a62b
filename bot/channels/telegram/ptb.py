"""The Bot API through python-telegram-bot, used as an HTTP client only: no dispatcher, no polling."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

os.environ.setdefault("PTB_TIMEDELTA", "true")  # durations as timedelta, as in its next major version

import httpx
import msgspec
import telegram
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.channels.port import ChannelError
from bot.channels.telegram.api import Buttons, WebhookState
from bot.channels.telegram.errors import as_channel_error
from bot.channels.telegram.updates import KINDS

SEND_SECONDS = 20.0
TIMEOUTS = (SEND_SECONDS, SEND_SECONDS, 10.0, 5.0)
"""Seconds to read, to write, to connect, and to wait for a free connection."""
MOST_CONNECTIONS = 64
CHUNK_BYTES = 64 * 1024


class _Reply(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw()


class _RawRequest(HTTPXRequest):
    """Leaves the result of a call unparsed: our decoder is 100 times as fast as the library's models."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, object]:
        try:
            reply = msgspec.json.decode(payload, type=_Reply)
            return {"result": bytes(reply.result)} if reply.ok else msgspec.json.decode(payload, type=dict)
        except msgspec.DecodeError as error:
            raise TelegramError("the server's reply is no JSON") from error


class PtbApi:
    """Telegram's Bot API at this address, for the bot with this token."""

    def __init__(self, token: str, *, base_url: str) -> None:
        self._polling = _RawRequest(1, *TIMEOUTS)
        self._calls = HTTPXRequest(MOST_CONNECTIONS, *TIMEOUTS)
        self._files = httpx.AsyncClient(timeout=httpx.Timeout(SEND_SECONDS))
        self._bot = telegram.Bot(
            token,
            base_url=f"{base_url}/bot",
            base_file_url=f"{base_url}/file/bot",
            request=self._calls,
            get_updates_request=self._polling,
        )

    async def get_updates(self, offset: int, wait: timedelta) -> bytes:
        """Give the JSON array of updates from this number on; wait for the first at most 50 s."""
        kinds = msgspec.json.encode(KINDS).decode()
        asked = {"offset": offset, "timeout": int(wait.total_seconds()), "allowed_updates": kinds}
        url = f"{self._bot.base_url}/getUpdates?{urlencode(asked)}"
        with _errors():
            result = await self._polling.post(url, read_timeout=wait.total_seconds() + SEND_SECONDS)
        return cast("bytes", result)  # see _RawRequest

    async def webhook(self) -> WebhookState:
        """Tell where Telegram brings updates, and how that goes."""
        with _errors():
            found = await self._bot.get_webhook_info()
        return WebhookState(
            url=found.url,
            waiting=found.pending_update_count,
            failed_at=found.last_error_date,
            failure=found.last_error_message or "",
            kinds=tuple(found.allowed_updates or ()),
        )

    async def set_webhook(self, url: str, *, secret: str, connections: int) -> None:
        """Have Telegram bring the updates that we use; what is waiting is kept."""
        with _errors():
            await self._bot.set_webhook(
                url,
                max_connections=connections,
                allowed_updates=KINDS,
                drop_pending_updates=False,
                secret_token=secret,
            )

    async def delete_webhook(self) -> None:
        """Ask for updates by polling; what is waiting is kept."""
        with _errors():
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def set_commands(self, commands: Mapping[str, str], language: str) -> None:
        """Show these commands in the menu of people with this language (empty: all others)."""
        with _errors():
            await self._bot.set_my_commands(list(commands.items()), language_code=language or None)
            await self._bot.set_chat_menu_button(menu_button=telegram.MenuButtonCommands())

    async def username(self) -> str:
        """Give the bot's public name, without the at sign."""
        with _errors():
            return (await self._bot.get_me()).username or ""

    async def send_message(self, chat: str, text: str, buttons: Buttons) -> str:
        """Send HTML and give the id of the message."""
        with _errors():
            sent = await self._bot.send_message(
                int(chat),
                text,
                parse_mode="HTML",
                reply_markup=_keyboard(buttons),
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
            )
        return str(sent.message_id)

    async def answer_tap(self, tap: str) -> None:
        """Stop the progress bar on a button; possible for 150 seconds after the tap."""
        with _errors():
            await self._bot.answer_callback_query(tap)

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Stream a file of up to 20 MB."""
        with _errors():
            file = await self._bot.get_file(reference)
            async with self._files.stream("GET", file.file_path or "") as reply:
                _check(reply)
                async for chunk in reply.aiter_bytes(CHUNK_BYTES):
                    yield chunk

    async def close(self) -> None:
        """Let the connections go."""
        await self._polling.shutdown()
        await self._calls.shutdown()
        await self._files.aclose()


def _keyboard(buttons: Buttons) -> telegram.InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return telegram.InlineKeyboardMarkup(
        [[telegram.InlineKeyboardButton(each.label, callback_data=each.data) for each in row] for row in buttons]
    )


def _check(reply: httpx.Response) -> None:
    if not reply.is_success:
        reason = f"the file server answered {reply.status_code}"
        raise ChannelError(reason, retryable=reply.is_server_error)


@contextmanager
def _errors() -> Iterator[None]:
    """Let no error of the library or of HTTP past this file."""
    try:
        yield
    except (TelegramError, httpx.HTTPError) as error:
        raise as_channel_error(error) from error

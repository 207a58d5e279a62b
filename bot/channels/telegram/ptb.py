"""The Bot API through python-telegram-bot, used as an HTTP client only: no dispatcher, no polling."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

os.environ.setdefault("PTB_TIMEDELTA", "true")  # durations as timedelta, as in its next major version

import httpx
import msgspec
import telegram
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.channels.connections import CHUNK_BYTES, MOST_CONNECTIONS, Patience
from bot.channels.httpx_client import NEVER_LEFT, at_most, timeouts, trust
from bot.channels.port import ChannelError
from bot.channels.telegram.api import Attachment, Buttons, SentFile, WebhookState
from bot.channels.telegram.errors import broken, file_refused, refused
from bot.channels.telegram.updates import KINDS

Kind = TypeVar("Kind")


class _RefusedError(TelegramError):
    """Takes what a refusal means through the library."""

    def __init__(self, meaning: ChannelError) -> None:
        super().__init__(meaning.reason)
        self.meaning = meaning


class _Request(HTTPXRequest):
    """Reads refusals itself, and never quotes an answer in a log."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        status, payload = await super().do_request(*args, **kwargs)
        if not httpx.codes.is_success(status):
            raise _RefusedError(refused(status, payload))
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, object]:
        return _decoded(payload, dict)


class _Reply(msgspec.Struct):
    result: msgspec.Raw


class _RawRequest(_Request):
    """Leaves the result of a call unparsed: our decoder is 100 times as fast as the library's models."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, object]:
        return {"result": bytes(_decoded(payload, _Reply).result)}


class PtbApi:
    """Telegram's Bot API at this address, for the bot with this token."""

    def __init__(self, token: str, *, base_url: str, patience: Patience | None = None) -> None:
        self._token = token
        self._patience = patience or Patience()
        self._polling = self._request(_RawRequest, 1)
        self._calls = self._request(_Request, MOST_CONNECTIONS)
        self._files = httpx.AsyncClient(timeout=timeouts(self._patience), verify=trust())
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
        with self._errors():
            result = await self._polling.post(url, read_timeout=(wait + self._patience.reply).total_seconds())
        return cast("bytes", result)  # see _RawRequest

    async def webhook(self) -> WebhookState:
        """Tell where Telegram brings updates, and how that goes."""
        with self._errors():
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
        with self._errors():
            await self._bot.set_webhook(
                url,
                max_connections=connections,
                allowed_updates=KINDS,
                drop_pending_updates=False,
                secret_token=secret,
            )

    async def delete_webhook(self) -> None:
        """Ask for updates by polling; what is waiting is kept."""
        with self._errors():
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def set_commands(self, commands: Mapping[str, str], language: str) -> None:
        """Show these commands in the menu of people with this language (empty: all others)."""
        with self._errors():
            await self._bot.set_my_commands(list(commands.items()), language_code=language or None)
            await self._bot.set_chat_menu_button(menu_button=telegram.MenuButtonCommands())

    async def username(self) -> str:
        """Give the bot's public name, without the at sign."""
        with self._errors():
            return (await self._bot.get_me()).username or ""

    async def send_message(self, chat: str, text: str, buttons: Buttons) -> str:
        """Send HTML and give the id of the message."""
        with self._errors():
            sent = await self._bot.send_message(
                int(chat),
                text,
                parse_mode="HTML",
                reply_markup=_keyboard(buttons),
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
            )
        return str(sent.message_id)

    async def edit_message(self, chat: str, message: str, text: str, buttons: Buttons) -> None:
        """Change a message of this id to HTML of one part, with these buttons or none."""
        with self._errors():
            await self._bot.edit_message_text(
                text,
                chat_id=int(chat),
                message_id=int(message),
                parse_mode="HTML",
                reply_markup=_keyboard(buttons),
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
            )

    async def send_file(self, chat: str, attachment: Attachment, *, caption: str, buttons: Buttons) -> SentFile:
        """Send a picture (up to 10 MB) or document (up to 50 MB) with HTML of at most 1024 units under it, or none."""
        send = self._bot.send_photo if attachment.kind == "photo" else self._bot.send_document
        with self._errors(), _content(attachment) as content:
            sent = await send(
                int(chat), content, caption=caption or None, parse_mode="HTML", reply_markup=_keyboard(buttons)
            )
        sizes = sent.photo or ((sent.document,) if sent.document else ())
        return SentFile(str(sent.message_id), sizes[-1].file_id if sizes else "")

    async def answer_tap(self, tap: str) -> None:
        """Stop the progress bar on a button; possible for 150 seconds after the tap."""
        with self._errors():
            await self._bot.answer_callback_query(tap)

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Stream a file of up to 20 MB."""
        with self._errors():
            file = await self._bot.get_file(reference)
            async with self._files.stream("GET", file.file_path or "") as reply:
                if not reply.is_success:
                    raise file_refused(reply.status_code)
                async for chunk in reply.aiter_bytes(CHUNK_BYTES):
                    yield chunk

    async def close(self) -> None:
        """Let the connections go."""
        await self._polling.shutdown()
        await self._calls.shutdown()
        await self._files.aclose()

    def _request(self, kind: type[_Request], connections: int) -> _Request:
        return kind(
            media_write_timeout=self._patience.reply.total_seconds(),
            httpx_kwargs={"timeout": timeouts(self._patience), "limits": at_most(connections), "verify": trust()},
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Let no error of the library or of HTTP past this file, and none that names the token."""
        try:
            yield
        except _RefusedError as error:
            raise error.meaning from None
        except (TelegramError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            cause = error.__cause__ if isinstance(error, TelegramError) else error
            raise broken(error, self._token, never_left=isinstance(cause, NEVER_LEFT)) from None


@contextmanager
def _content(attachment: Attachment) -> Iterator[str | telegram.InputFile]:
    """Give what the library sends; a file is read bit by bit as it goes."""
    if isinstance(attachment.source, str):
        yield attachment.source
        return
    with attachment.source.open("rb") as file:
        yield telegram.InputFile(file, filename=attachment.name, read_file_handle=False)


def _keyboard(buttons: Buttons) -> telegram.InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return telegram.InlineKeyboardMarkup(
        [[telegram.InlineKeyboardButton(each.label, callback_data=each.data) for each in row] for row in buttons]
    )


def _decoded(payload: bytes, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.DecodeError as error:
        raise TelegramError("the answer is not what Telegram writes") from error

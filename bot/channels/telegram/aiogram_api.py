"""The Bot API through aiogram, used as an HTTP client only: no dispatcher, no polling, no models of replies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
import msgspec
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteWebhook,
    EditMessageText,
    GetFile,
    GetMe,
    GetUpdates,
    GetWebhookInfo,
    Response,
    SendDocument,
    SendMessage,
    SendPhoto,
    SetChatMenuButton,
    SetMyCommands,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import (
    BotCommand,
    FSInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MenuButtonCommands,
)

from bot.channels.connections import CHUNK_BYTES, IDLE, MOST_CONNECTIONS, Patience
from bot.channels.telegram.api import Attachment, Buttons, SentFile, WebhookState
from bot.channels.telegram.errors import broken, file_refused, refused
from bot.channels.telegram.updates import KINDS, Document, Photo

NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
Kind = TypeVar("Kind")


class _Reply(msgspec.Struct):
    result: msgspec.Raw


class _Sent(msgspec.Struct):
    message_id: int
    photo: tuple[Photo, ...] = ()
    document: Document | None = None


class _Ourselves(msgspec.Struct):
    username: str = ""


class _Found(msgspec.Struct):
    file_path: str


class _Webhook(msgspec.Struct):
    url: str = ""
    pending_update_count: int = 0
    last_error_date: int | None = None
    last_error_message: str = ""
    allowed_updates: tuple[str, ...] = ()


class _Session(AiohttpSession):
    """Reads refusals itself and leaves results unparsed: our decoder is 50 times as fast as the library's models."""

    def __init__(self, base_url: str, patience: Patience) -> None:
        self.patience = aiohttp.ClientTimeout(
            total=None,
            connect=(patience.free + patience.connect).total_seconds(),
            sock_connect=patience.connect.total_seconds(),
            sock_read=patience.reply.total_seconds(),
        )
        super().__init__(limit=MOST_CONNECTIONS + 1, api=TelegramAPIServer.from_base(base_url), timeout=self.patience)
        self._connector_init["keepalive_timeout"] = IDLE.total_seconds()

    def check_response(
        self,
        bot: Bot,  # noqa: ARG002 - the library's signature
        method: TelegramMethod[Any],  # noqa: ARG002 - the same
        status_code: int,
        content: str,
    ) -> Response[Any]:
        if not HTTPStatus.OK <= status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise refused(status_code, content)
        result = bytes(msgspec.json.decode(content, type=_Reply).result)
        return Response[Any].model_construct(ok=True, result=result)

    async def close(self) -> None:
        """Close all connections, without the library's quarter of a second that its HTTP client no longer needs."""
        if self._session is not None:
            await self._session.close()


class AiogramApi:
    """Telegram's Bot API at this address, for the bot with this token."""

    def __init__(self, token: str, *, base_url: str, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._session = _Session(base_url, self._patience)
        self._bot = Bot(token, session=self._session)

    async def get_updates(self, offset: int, wait: timedelta) -> bytes:
        """Give the JSON array of updates from this number on; wait for the first at most 50 s."""
        seconds = int(wait.total_seconds())
        asked = GetUpdates(offset=offset, timeout=seconds, allowed_updates=list(KINDS))
        return await self._call(asked, within=seconds + int(self._patience.reply.total_seconds()))

    async def webhook(self) -> WebhookState:
        """Tell where Telegram brings updates, and how that goes."""
        found = await self._ask(GetWebhookInfo(), _Webhook)
        failed = found.last_error_date
        return WebhookState(
            url=found.url,
            waiting=found.pending_update_count,
            failed_at=None if failed is None else datetime.fromtimestamp(failed, UTC),
            failure=found.last_error_message,
            kinds=found.allowed_updates,
        )

    async def set_webhook(self, url: str, *, secret: str, connections: int) -> None:
        """Have Telegram bring the updates that we use; what is waiting is kept."""
        wanted = SetWebhook(
            url=url,
            max_connections=connections,
            allowed_updates=list(KINDS),
            drop_pending_updates=False,
            secret_token=secret,
        )
        await self._call(wanted)

    async def delete_webhook(self) -> None:
        """Ask for updates by polling; what is waiting is kept."""
        await self._call(DeleteWebhook(drop_pending_updates=False))

    async def set_commands(self, commands: Mapping[str, str], language: str) -> None:
        """Show these commands in the menu of people with this language (empty: all others)."""
        listed = [BotCommand(command=name, description=said) for name, said in commands.items()]
        await self._call(SetMyCommands(commands=listed, language_code=language or None))
        await self._call(SetChatMenuButton(menu_button=MenuButtonCommands()))

    async def username(self) -> str:
        """Give the bot's public name, without the at sign."""
        return (await self._ask(GetMe(), _Ourselves)).username

    async def send_message(self, chat: str, text: str, buttons: Buttons) -> str:
        """Send HTML and give the id of the message."""
        message = SendMessage(
            chat_id=int(chat),
            text=text,
            parse_mode="HTML",
            reply_markup=_keyboard(buttons),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return str((await self._ask(message, _Sent)).message_id)

    async def edit_message(self, chat: str, message: str, text: str, buttons: Buttons) -> None:
        """Change a message of this id to HTML of one part, with these buttons or none."""
        method = EditMessageText(
            chat_id=int(chat),
            message_id=int(message),
            text=text,
            parse_mode="HTML",
            reply_markup=_keyboard(buttons),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        await self._call(method)

    async def send_file(self, chat: str, attachment: Attachment, *, caption: str, buttons: Buttons) -> SentFile:
        """Send a picture (up to 10 MB) or document (up to 50 MB) with HTML of at most 1024 units under it, or none."""
        where, what, markup = int(chat), _content(attachment), _keyboard(buttons)
        under = caption or None
        method: SendPhoto | SendDocument
        if attachment.kind == "photo":
            method = SendPhoto(chat_id=where, photo=what, caption=under, parse_mode="HTML", reply_markup=markup)
        else:
            method = SendDocument(chat_id=where, document=what, caption=under, parse_mode="HTML", reply_markup=markup)
        sent = await self._ask(method, _Sent)
        sizes = sent.photo or ((sent.document,) if sent.document else ())
        return SentFile(str(sent.message_id), sizes[-1].file_id if sizes else "")

    async def answer_tap(self, tap: str) -> None:
        """Stop the progress bar on a button; possible for 150 seconds after the tap."""
        await self._call(AnswerCallbackQuery(callback_query_id=tap))

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Stream a file of up to 20 MB."""
        found = await self._ask(GetFile(file_id=reference), _Found)
        address = self._session.api.file_url(self._bot.token, found.file_path)
        with self._errors():
            http = await self._session.create_session()
            async with http.get(address, timeout=self._session.patience) as reply:
                if not reply.ok:
                    raise file_refused(reply.status)
                async for chunk in reply.content.iter_chunked(CHUNK_BYTES):
                    yield chunk

    async def close(self) -> None:
        """Let the connections go."""
        await self._session.close()

    async def _ask(self, method: TelegramMethod[Any], kind: type[Kind]) -> Kind:
        result = await self._call(method)
        with self._errors():
            return msgspec.json.decode(result, type=kind)

    async def _call(self, method: TelegramMethod[Any], *, within: int | None = None) -> bytes:
        """Call a method and give its result as JSON; ``within`` so many seconds instead of our usual patience."""
        with self._errors():
            result: bytes = await self._session(self._bot, method, timeout=within)
        return result

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Let no error of the library or of HTTP past this file, and none that names the token."""
        try:
            yield
        except (AiogramError, aiohttp.ClientError, TimeoutError, ValueError, msgspec.DecodeError) as error:
            cause = error.__cause__ if isinstance(error, AiogramError) else error
            raise broken(error, self._bot.token, never_left=isinstance(cause, NEVER_LEFT)) from None


def _content(attachment: Attachment) -> str | FSInputFile:
    source = attachment.source
    return source if isinstance(source, str) else FSInputFile(source, filename=attachment.name)


def _keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    rows = [[InlineKeyboardButton(text=each.label, callback_data=each.data) for each in row] for row in buttons]
    return InlineKeyboardMarkup(inline_keyboard=rows)

"""python-telegram-bot's ConversationHandler, in memory and with its PicklePersistence."""

from __future__ import annotations

import json
import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    BasePersistence,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)
from telegram.request import BaseRequest, RequestData
from telegram.warnings import PTBUserWarning

from benchmarks.peers.questions import REFUSED, THANKS, questions, read_number, typed

ME = {"id": 1, "is_bot": True, "first_name": "Jemput Bola", "username": "jemputbola_bot"}
SENT = {"message_id": 8, "date": 1773300000, "chat": {"id": 1, "type": "private"}, "text": "?"}
KEYBOARDS = [
    InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=name) for name, label in asked.choices.items()]])
    if asked.choices
    else None
    for asked in questions()
]


class NoNetwork(BaseRequest):
    """Answers at once, with the smallest message that the library accepts."""

    @property
    def read_timeout(self) -> float | None:
        """No time limit."""
        return None

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to end."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        """Give the name of the method; ``parse_json_payload`` knows the answer to it."""
        return 200, url.rpartition("/")[2].encode()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Give the answer, spared the reading of JSON."""
        return {"ok": True, "result": ME if payload == b"getMe" else SENT}


async def start(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> int:
    """Ask the first question."""
    return await ask(update, 0)


async def ask(update: Update, place: int) -> int:
    """Ask the question in this place, or say thanks; give the next state."""
    assert update.effective_message
    if place == len(questions()):
        await update.effective_message.reply_text(THANKS)
        return ConversationHandler.END
    await update.effective_message.reply_text(questions()[place].text, reply_markup=KEYBOARDS[place])
    return place


def handler_of(place: int) -> CallbackQueryHandler[Any, Any] | MessageHandler[Any, Any]:
    """Give the handler of the answer in this place."""
    key = questions()[place].key

    async def choose(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        assert update.callback_query
        assert context.user_data is not None
        context.user_data[key] = update.callback_query.data
        return await ask(update, place + 1)

    async def count(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        assert update.message
        assert context.user_data is not None
        number = read_number(update.message.text or "")
        if number is None:
            await update.message.reply_text(REFUSED)
            return place
        context.user_data[key] = str(number)
        return await ask(update, place + 1)

    choices = "|".join(questions()[place].choices)
    return CallbackQueryHandler(choose, f"^({choices})$") if choices else MessageHandler(filters.TEXT, count)


class ConversationBot:
    """An application with the one conversation."""

    def __init__(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        self._application = application

    async def begin(self, people: range) -> None:
        """Let everybody send ``/start``."""
        for chat in people:
            await self.handle(typed(chat, chat, "/start"))

    def button(self, chat: int, place: int, choice: str) -> str:
        """Give the choice: the state says what was asked."""
        return choice

    async def handle(self, update: bytes) -> None:
        """Read an update and have it processed."""
        await self._application.process_update(Update.de_json(json.loads(update), self._application.bot))

    async def answers(self, people: range) -> Mapping[int, Mapping[str, str]]:
        """Give what each person's ``user_data`` holds."""
        return {chat: self._application.user_data[chat] for chat in people}

    async def durability(self) -> str:
        """Nothing is synced to the disk."""
        return ""


@asynccontextmanager
async def opened(persistence: BasePersistence[Any, Any, Any] | None) -> AsyncIterator[ConversationBot]:
    """Build the application, and shut it down."""
    with warnings.catch_warnings():  # buttons and typed answers mixed, which is what it warns of
        warnings.simplefilter("ignore", PTBUserWarning)
        states: dict[object, Sequence[Any]] = {place: [handler_of(place)] for place in range(len(questions()))}
        conversation = ConversationHandler[Any](
            [CommandHandler("start", start)],
            states,  # type: ignore[arg-type]
            [],
            name="ten",
            persistent=persistence is not None,
        )
    builder = Application.builder().token("1:none").request(NoNetwork()).get_updates_request(NoNetwork()).updater(None)
    if persistence:
        builder = builder.persistence(persistence)
    application = builder.build()
    application.add_handler(conversation)
    await application.initialize()
    await application.start()
    try:
        yield ConversationBot(application)
    finally:
        await application.stop()
        await application.shutdown()


@asynccontextmanager
async def in_memory(place: str) -> AsyncIterator[ConversationBot]:
    """Keep everything in memory, which is the default."""
    async with opened(None) as bot:
        yield bot


@asynccontextmanager
async def pickled(place: str) -> AsyncIterator[ConversationBot]:
    """Keep everything in memory and write it to a file once a minute and at the end, which is the library's way."""
    async with opened(PicklePersistence(Path(place) / "pickle")) as bot:
        yield bot

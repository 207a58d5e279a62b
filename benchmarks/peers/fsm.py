"""aiogram's finite state machine, with its memory storage and with a durable one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.base import BaseSession
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StorageKey
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Chat, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update

from benchmarks.peers.fsm_sqlite import SqliteStorage
from benchmarks.peers.questions import REFUSED, THANKS, Asked, questions, read_number, typed

TOKEN = "1:none"  # noqa: S105 - nobody's
SENT = Message(message_id=8, date=datetime.fromtimestamp(1773300000, UTC), chat=Chat(id=1, type="private"), text="?")


class NoNetwork(BaseSession):
    """Answers at once, with a message that is there already; remembers the last markup of each chat."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[int, InlineKeyboardMarkup] = {}

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """Give the message."""
        if isinstance(markup := getattr(method, "reply_markup", None), InlineKeyboardMarkup):
            self.shown[method.chat_id] = markup  # type: ignore[attr-defined]
        return SENT if method.__returning__ is not bool else True

    async def close(self) -> None:
        """Nothing to close."""

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        """There are no files."""
        for nothing in (b"",):
            yield nothing


STATES = [State(asked.key, "Ten") for asked in questions()]


def keyboard_of(asked: Asked) -> InlineKeyboardMarkup | None:
    """Give the buttons of a question."""
    buttons = [InlineKeyboardButton(text=label, callback_data=name) for name, label in asked.choices.items()]
    return InlineKeyboardMarkup(inline_keyboard=[buttons]) if buttons else None


KEYBOARDS = [keyboard_of(asked) for asked in questions()]


async def ask(message: Message, state: FSMContext, place: int) -> None:
    """Ask the question in this place, or say thanks."""
    if place == len(questions()):
        await state.set_state(None)
        await message.answer(THANKS)
        return
    await state.set_state(STATES[place])
    await message.answer(questions()[place].text, reply_markup=KEYBOARDS[place])


async def start(message: Message, state: FSMContext) -> None:
    """Ask the first question."""
    await ask(message, state, 0)


def add_handler(router: Router, place: int) -> None:
    """Register the handler of the answer in this place."""
    asked = questions()[place]

    async def choose(query: CallbackQuery, state: FSMContext) -> None:
        assert isinstance(query.message, Message)
        await state.update_data({asked.key: query.data})
        await ask(query.message, state, place + 1)

    async def count(message: Message, state: FSMContext) -> None:
        number = read_number(message.text or "")
        if number is None:
            await message.answer(REFUSED)
            return
        await state.update_data({asked.key: str(number)})
        await ask(message, state, place + 1)

    if asked.choices:
        router.callback_query.register(choose, STATES[place], F.data.in_(set(asked.choices)))
    else:
        router.message.register(count, STATES[place])


class FsmBot:
    """A dispatcher with one router."""

    def __init__(self, storage: BaseStorage) -> None:
        self._bot = Bot(TOKEN, session=NoNetwork())
        self._dispatcher = Dispatcher(storage=storage)
        router = Router()
        router.message.register(start, CommandStart())
        for place in range(len(questions())):
            add_handler(router, place)
        self._dispatcher.include_router(router)
        self._storage = storage

    async def begin(self, people: range) -> None:
        """Let everybody send ``/start``."""
        for chat in people:
            await self.handle(typed(chat, chat, "/start"))

    def button(self, chat: int, place: int, choice: str) -> str:
        """Give the choice: the state says what was asked."""
        return choice

    async def handle(self, update: bytes) -> None:
        """Read an update straight from its bytes, and feed it to the dispatcher."""
        read = Update.model_validate_json(update, context={"bot": self._bot})
        await self._dispatcher.feed_update(self._bot, read)

    async def answers(self, people: range) -> Mapping[int, Mapping[str, str]]:
        """Give the data of each person's state."""
        return {chat: await self._storage.get_data(StorageKey(1, chat, chat)) for chat in people}

    async def durability(self) -> str:
        """Ask the storage."""
        return await self._storage.durability() if isinstance(self._storage, SqliteStorage) else ""

    def commit_after_each(self, storage: SqliteStorage) -> None:
        """Let no update count as handled before what its handler wrote is on the disk."""

        async def commit(handler: Callable[..., Awaitable[Any]], event: Any, data: dict[str, Any]) -> Any:
            result = await handler(event, data)
            await storage.commit()
            return result

        self._dispatcher.update.outer_middleware(commit)


@asynccontextmanager
async def in_memory(place: str) -> AsyncIterator[FsmBot]:
    """Keep everything in memory, which is the default."""
    yield FsmBot(MemoryStorage())


@asynccontextmanager
async def on_sqlite(place: str) -> AsyncIterator[FsmBot]:
    """Keep everything in SQLite, committed and synced before an update counts as handled."""
    storage = await SqliteStorage.open(Path(place) / "fsm.db")
    try:
        bot = FsmBot(storage)
        bot.commit_after_each(storage)
        yield bot
    finally:
        await storage.close()

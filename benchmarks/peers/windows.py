"""aiogram-dialog: a window for each question, on aiogram's memory storage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Bot, Dispatcher, Router
from aiogram.filters import CommandStart
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, Message, Update
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row
from aiogram_dialog.widgets.text import Const

from benchmarks.peers.fsm import TOKEN, NoNetwork
from benchmarks.peers.questions import REFUSED, THANKS, Asked, questions, read_number, typed

STATES = [State(asked.key, "Ten") for asked in questions()]
Ten: Any = type("Ten", (StatesGroup,), {state.state or "": state for state in STATES} | {"thanks": State()})


async def choose(query: CallbackQuery, button: Button, manager: DialogManager) -> None:
    """Keep a choice; the button is named after question and choice."""
    key, _, choice = (button.widget_id or "").partition("_")
    manager.dialog_data[key] = choice
    await manager.next()


async def count(message: Message, _widget: object, manager: DialogManager, number: int) -> None:
    """Keep a number; the window's state is named after the question."""
    manager.dialog_data[questions()[STATES.index(manager.current_context().state)].key] = str(number)
    await manager.next()


async def refuse(message: Message, _widget: object, manager: DialogManager, error: ValueError) -> None:
    """Say what was expected; the window is shown again."""
    await message.answer(REFUSED)


def checked(text: str) -> int:
    """Read a number as the widget wants it read."""
    number = read_number(text)
    if number is None:
        raise ValueError(text)
    return number


def window_of(asked: Asked, state: State) -> Window:
    """Give the window of a question."""
    if not asked.choices:
        entry = TextInput(f"{asked.key}_typed", type_factory=checked, on_success=count, on_error=refuse)
        return Window(Const(asked.text), entry, state=state)
    buttons = [Button(Const(label), f"{asked.key}_{name}", choose) for name, label in asked.choices.items()]
    return Window(Const(asked.text), Row(*buttons), state=state)


async def start(message: Message, dialog_manager: DialogManager) -> None:
    """Open the dialog at its first window."""
    await dialog_manager.start(STATES[0], mode=StartMode.RESET_STACK)


class WindowsBot:
    """A dispatcher with the one dialog."""

    def __init__(self) -> None:
        self._session = NoNetwork()
        self._bot = Bot(TOKEN, session=self._session)
        self._storage = MemoryStorage()
        self.dispatcher = Dispatcher(storage=self._storage)
        router = Router()
        router.message.register(start, CommandStart())
        windows = [window_of(asked, state) for asked, state in zip(questions(), STATES, strict=True)]
        self.dispatcher.include_routers(router, Dialog(*windows, Window(Const(THANKS), state=Ten.thanks)))
        setup_dialogs(self.dispatcher)

    async def begin(self, people: range) -> None:
        """Let everybody send ``/start``."""
        for chat in people:
            await self.handle(typed(chat, chat, "/start"))

    def button(self, chat: int, place: int, choice: str) -> str:
        """Look at the buttons that were shown last: they carry the dialog's own number."""
        ending = f"{questions()[place].key}_{choice}"
        buttons = [each for line in self._session.shown[chat].inline_keyboard for each in line]
        return next(str(each.callback_data) for each in buttons if str(each.callback_data).endswith(ending))

    async def handle(self, update: bytes) -> None:
        """Read an update straight from its bytes, and feed it to the dispatcher."""
        await self.dispatcher.feed_update(self._bot, Update.model_validate_json(update, context={"bot": self._bot}))

    async def answers(self, people: range) -> Mapping[int, Mapping[str, str]]:
        """Give the data of each person's dialog."""
        found: dict[int, Mapping[str, str]] = {chat: {} for chat in people}
        for key, record in self._storage.storage.items():
            if key.chat_id in found and "dialog_data" in record.data:
                found[key.chat_id] = record.data["dialog_data"]
        return found

    async def durability(self) -> str:
        """Nothing is on the disk."""
        return ""


@asynccontextmanager
async def in_memory(place: str) -> AsyncIterator[WindowsBot]:
    """Keep everything in memory, which is the default."""
    bot = WindowsBot()
    await bot.dispatcher.emit_startup(bot=bot)
    yield bot

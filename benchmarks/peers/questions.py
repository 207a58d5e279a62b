"""What everybody asks and is told: the ten questions, each person's answers, and Telegram's bytes that carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from indicators.form import QuestionKind
from indicators.loading import load_instrument

INSTRUMENT = Path(__file__).parent / "ten_questions"
FORM = "sepuluh"
LOWEST, HIGHEST = 0, 9999
"""Of every number, as the form says."""
THANKS = "Terima kasih, semua sudah dijawab."
REFUSED = "Isi angka 0 sampai 9.999."


class Asked(NamedTuple):
    """A question."""

    key: str
    text: str
    choices: Mapping[str, str]
    """What the buttons say, by what is kept; empty where a number is typed."""


@cache
def questions() -> Sequence[Asked]:
    """Read the ten questions from the form."""
    form = load_instrument(INSTRUMENT).forms
    return [
        Asked(
            question.name,
            question.label.said("id"),
            {each.name: each.label.said("id") for each in question.choices}
            if question.kind is QuestionKind.SELECT_ONE
            else {},
        )
        for row in next(iter(form.values())).rows
        for question in row.questions
    ]


def answer_of(chat: int, place: int) -> str:
    """Give what somebody answers to the question in this place (from 0)."""
    choices = list(questions()[place].choices)
    return choices[(chat + place) % len(choices)] if choices else str((chat * 7 + place * 13) % HIGHEST)


def answers_of(chat: int) -> dict[str, str]:
    """Give all ten answers of somebody."""
    return {asked.key: answer_of(chat, place) for place, asked in enumerate(questions())}


def read_number(text: str) -> int | None:
    """Read a typed number as the peers do; ``None``: it has to be asked again."""
    number = int(text) if text.isascii() and text.isdigit() else -1
    return number if LOWEST <= number <= HIGHEST else None


def typed(number: int, chat: int, text: str) -> bytes:
    """Make the update of a typed message, with all that Telegram sends, wanted or not."""
    message = {"message_id": number, "from": _person(chat), "chat": _place(chat), "date": 1773300000, "text": text}
    if text.startswith("/"):
        message["entities"] = [{"offset": 0, "length": len(text), "type": "bot_command"}]
    return msgspec.json.encode({"update_id": number, "message": message})


def tapped(number: int, chat: int, asked: Asked, data: str) -> bytes:
    """Make the update of a tap on a button of a question."""
    buttons = [[{"text": label, "callback_data": data}] for label in asked.choices.values()]
    shown = {
        "message_id": 7,
        "from": {"id": 1, "is_bot": True, "first_name": "Jemput Bola", "username": "jemputbola_bot"},
        "chat": _place(chat),
        "date": 1773300000,
        "text": asked.text,
        "reply_markup": {"inline_keyboard": buttons},
    }
    query = {"id": str(number), "from": _person(chat), "message": shown, "chat_instance": "-1", "data": data}
    return msgspec.json.encode({"update_id": number, "callback_query": query})


def _person(chat: int) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Ahmad", "username": "ahmad", "language_code": "id"}


def _place(chat: int) -> dict[str, Any]:
    return {"id": chat, "first_name": "Ahmad", "username": "ahmad", "type": "private"}

"""Taps as Telegram writes them, every one of which changes an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from conversations.taps import Verb, tap

QUESTIONS = ("perdes", "profil", "forum", "baca", "taman", "ktr", "patbm")
CHOICES = ("ada", "belum")
FIRST_UPDATE = 500_000_000
"""As long as Telegram's numbers, which grow from update to update."""
MOST_CHATS = 10_000


def taps_of(assignments: Mapping[int, int], *, first: int = 0) -> dict[int, Iterator[bytes]]:
    """Give each person, by chat, an endless row of updates with numbers of their own; each is a JSON object."""
    return {chat: _taps(chat, assignment, first) for chat, assignment in assignments.items()}


def _taps(chat: int, assignment: int, turn: int) -> Iterator[bytes]:
    while True:
        choice = CHOICES[turn // len(QUESTIONS) % len(CHOICES)]
        data = tap(Verb.ANSWER, assignment, QUESTIONS[turn % len(QUESTIONS)], choice)
        turn += 1
        yield msgspec.json.encode(_update(FIRST_UPDATE + turn * MOST_CHATS + chat, chat, data))


def _update(number: int, chat: int, data: str) -> dict[str, object]:
    """Make an update with all the fields that Telegram sends, wanted or not."""
    person = {"id": chat, "is_bot": False, "first_name": "Ahmad", "username": "ahmad", "language_code": "id"}
    place = {"id": chat, "first_name": "Ahmad", "username": "ahmad", "type": "private"}
    bot = {"id": 1, "is_bot": True, "first_name": "Jemput Bola", "username": "jemputbola_bot"}
    asked = {"message_id": 7, "from": bot, "chat": place, "date": 1773300000, "text": "Sudah ada?" * 20}
    asked["reply_markup"] = {"inline_keyboard": [[{"text": "Sudah ada", "callback_data": data}]]}
    query = {"id": str(number), "from": person, "message": asked, "chat_instance": "-1", "data": data}
    return {"update_id": number, "callback_query": query}

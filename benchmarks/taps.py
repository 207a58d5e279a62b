"""Taps as Telegram and Meta write them, every one of which changes an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from conversations.taps import Verb, tap

QUESTIONS = ("perdes", "profil", "forum", "baca", "taman", "ktr", "patbm")
CHOICES = ("ada", "belum")
FIRST_UPDATE = 500_000_000
"""As long as Telegram's numbers, which grow from update to update."""
MOST_CHATS = 10_000
WHATSAPP_NUMBER = "106540352242922"


Write = Callable[[int, int, str], dict[str, object]]
"""Writes an update as a platform does: its number, the chat, and what the button carried."""


def taps_of(assignments: Mapping[int, int], write: Write, *, first: int = 0) -> dict[int, Iterator[bytes]]:
    """Give each person, by chat, an endless row of updates with numbers of their own; each is a JSON object."""
    return {chat: _taps(chat, assignment, first, write) for chat, assignment in assignments.items()}


def _taps(chat: int, assignment: int, turn: int, write: Write) -> Iterator[bytes]:
    while True:
        choice = CHOICES[turn // len(QUESTIONS) % len(CHOICES)]
        data = tap(Verb.ANSWER, assignment, QUESTIONS[turn % len(QUESTIONS)], choice)
        turn += 1
        yield msgspec.json.encode(write(FIRST_UPDATE + turn * MOST_CHATS + chat, chat, data))


def by_telegram(number: int, chat: int, data: str) -> dict[str, object]:
    """Make an update with all the fields that Telegram sends, wanted or not."""
    person = {"id": chat, "is_bot": False, "first_name": "Ahmad", "username": "ahmad", "language_code": "id"}
    place = {"id": chat, "first_name": "Ahmad", "username": "ahmad", "type": "private"}
    bot = {"id": 1, "is_bot": True, "first_name": "Jemput Bola", "username": "jemputbola_bot"}
    asked = {"message_id": 7, "from": bot, "chat": place, "date": 1773300000, "text": "Sudah ada?" * 20}
    asked["reply_markup"] = {"inline_keyboard": [[{"text": "Sudah ada", "callback_data": data}]]}
    query = {"id": str(number), "from": person, "message": asked, "chat_instance": "-1", "data": data}
    return {"update_id": number, "callback_query": query}


def by_meta(number: int, chat: int, data: str) -> dict[str, object]:
    """Make a request of Meta's with all the fields that it sends, wanted or not."""
    phone, user_id = f"62811{chat:08}", f"ID.{chat:017}"
    contact = {"profile": {"name": "Ahmad"}, "wa_id": phone, "user_id": user_id}
    message = {
        "context": {"from": "6281100000000", "id": f"wamid.{chat:040}"},
        "from": phone,
        "from_user_id": user_id,
        "id": f"wamid.{number:040}",
        "timestamp": "1773300000",
        "type": "interactive",
        "interactive": {"type": "list_reply", "list_reply": {"id": data, "title": "Sudah ada"}},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "6281100000000", "phone_number_id": WHATSAPP_NUMBER},
        "contacts": [contact],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}

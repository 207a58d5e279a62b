"""Which language is spoken."""

from __future__ import annotations

from conversations.actions import SetLanguage
from conversations.dialogs import broadcasts, letters, linking, registration, requests, scheduling
from conversations.dialogs.asking import ask_again
from conversations.dialogs.home import show_menu
from conversations.dialogs.offers import language_buttons
from conversations.session import Drafting, Invited, Linking, Requesting, Scheduling, Writing
from conversations.texts import LANGUAGES, texts_for
from conversations.turn import Turn
from conversations.words import language_named


def choose_language(turn: Turn, wanted: str) -> None:
    """Offer the languages, or change to the one that was named."""
    named = language_named(wanted)
    if named:
        speak(turn, named)
        return
    turn.say(turn.texts("language.choose"), (language_buttons(turn),))


def speak(turn: Turn, language: str) -> None:
    """Change the language, and say once more what was being talked about; nothing else changes."""
    if language not in LANGUAGES:
        show_menu(turn)
        return
    turn.do(SetLanguage(language))
    turn.texts = texts_for(language, turn.brief.person.honorific)
    match turn.place:
        case Invited() as place:
            registration.answer(turn, place, "")
        case Requesting() as place:
            requests.ask_what_is_missing(turn, place)
        case Linking() as place:
            linking.repeat(turn, place)
        case Drafting() as place:
            broadcasts.repeat(turn, place)
        case Scheduling() as place:
            scheduling.repeat(turn, place)
        case Writing() as place:
            letters.repeat(turn, place)
        case _:
            _say_again(turn)


def _say_again(turn: Turn) -> None:
    before = turn.texts("language.changed")
    if not ask_again(turn, before=before):
        show_menu(turn, before=before)

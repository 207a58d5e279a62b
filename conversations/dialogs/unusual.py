"""What no question asks for: stickers, voice notes, cards, places, edits of what was no answer."""

from __future__ import annotations

from conversations.dialogs import broadcasts, letters, linking, registration, requests, scheduling
from conversations.dialogs.asking import say_and_ask_again
from conversations.dialogs.home import show_menu
from conversations.dialogs.offers import menu_button
from conversations.events import ContactReceived, FileReceived, UnsupportedReceived
from conversations.session import Asking, Drafting, Invited, Linking, Requesting, Scheduling, Writing
from conversations.texts import Markup
from conversations.turn import Turn, column

HEARD = frozenset({"voice", "audio"})
SEEN = frozenset({"video", "video_note", "animation"})


def take_unsupported(turn: Turn, event: UnsupportedReceived) -> None:
    """Say what can be sent instead; once for all that was sent together."""
    if _was_mentioned(turn, event):
        return
    kind = "voice" if event.kind in HEARD else "video" if event.kind in SEEN else "other"
    lead_back(turn, turn.texts(f"unsupported.{kind}"))


def take_contact(turn: Turn, event: ContactReceived) -> None:
    """The sender's own number may be that of a chat elsewhere; other cards are of no use."""
    said = linking.take_contact(turn, event, otherwise=turn.texts("contact.not_needed"))
    if said is not None:
        lead_back(turn, said)


def take_file_in_vain(turn: Turn, event: FileReceived, said: Markup) -> None:
    """Say why a file is not taken; once for all that was sent together."""
    if not _was_mentioned(turn, event):
        lead_back(turn, said)


def _was_mentioned(turn: Turn, event: UnsupportedReceived | FileReceived) -> bool:
    """Tell whether an answer was given to something else of the same album, and remember that one is given now."""
    if event.album and event.album == turn.session.album:
        return True
    turn.note(album=event.album)
    return False


def lead_back(turn: Turn, said: Markup | str) -> None:
    """Say something, and go on where the person is: with the open question, the registration, or the way to begin."""
    match turn.place:
        case Invited() as place:
            turn.opening = said
            registration.answer(turn, place, "")
        case Requesting() as place:
            turn.opening = said
            requests.ask_what_is_missing(turn, place)
        case Linking() as place:
            turn.opening = said
            linking.repeat(turn, place)
        case Drafting() as place:
            turn.opening = said
            broadcasts.repeat(turn, place)
        case Scheduling() as place:
            turn.opening = said
            scheduling.repeat(turn, place)
        case Writing() as place:
            turn.opening = said
            letters.repeat(turn, place)
        case Asking():
            say_and_ask_again(turn, said)
        case _ if not turn.brief.posts:
            show_menu(turn, before=said)
        case _:
            turn.say(said, column(menu_button(turn)))

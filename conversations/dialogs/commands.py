"""What plain words of command do: ``lanjut``, ``ubah 7``, ``skor Kaur``."""

from __future__ import annotations

from conversations.dialogs import (
    broadcasts,
    chats,
    evidence,
    files,
    home,
    language,
    letters,
    linking,
    moving,
    person,
    reminders,
    requests,
    review,
    scheduling,
    scores,
    subscriptions,
)
from conversations.dialogs.asking import open_spot
from conversations.dialogs.overview import show_parts, show_review
from conversations.dialogs.rows import row_meant
from conversations.dialogs.status import context_line
from conversations.forms import Spot
from conversations.session import Reviewing
from conversations.turn import Turn
from conversations.words import LINK_CODE, Command, Intent, has_code_shape
from indicators.form import QuestionKind

ANYWHERE = frozenset({Intent.REGISTER, Intent.LINK, Intent.NO_NEWS, Intent.NEWS})
"""What is a command wherever it is typed, also where names are asked for or choices are offered."""


AS_COORDINATOR = {
    Intent.QUEUE: requests.show_queue,
    Intent.DRAFT: broadcasts.write,
    Intent.BROADCASTS: broadcasts.show_list,
}
"""What only coordinators may want; anybody else is told so."""


def is_meant(spot: Spot | None, command: Command, written: str) -> bool:
    """Tell whether words are a command rather than the answer to the question that is open."""
    if spot is None:
        return True
    if spot.question.kind is QuestionKind.SELECT_ONE and command.intent not in ANYWHERE:
        return False
    if spot.question.kind is not QuestionKind.TEXT:
        return True
    match command.intent:
        case Intent.SCORE | Intent.CALENDAR:
            return len(written.split()) == 1
        case Intent.CHANGE | Intent.FILES:
            return not command.argument or any(each.isdigit() for each in command.argument)
        case Intent.REGISTER:
            return has_code_shape(command.argument)
        case Intent.LINK:
            return not command.argument or bool(LINK_CODE.fullmatch(command.argument))
        case _:
            return True


def obey(turn: Turn, command: Command) -> None:
    """Carry a command out."""
    match command.intent:
        case Intent.MENU:
            home.show_menu(turn, before=context_line(turn) or "")
        case Intent.FILL | Intent.CONTINUE:
            _go_on(turn)
        case Intent.STATUS:
            home.show_status(turn)
        case Intent.HELP:
            _help(turn)
        case Intent.CHANGE | Intent.FILES:
            _at_row(turn, command)
        case Intent.REVIEW | Intent.SEND | Intent.SEND_ANYWAY:
            _review(turn, command.intent)
        case Intent.SKIP | Intent.BACK:
            _move(turn, command)
        case Intent.SCORE:
            scores.search(turn, command.argument) if command.argument else scores.show_own(turn)
        case _:
            _obey_rarely(turn, command)


def _obey_rarely(turn: Turn, command: Command) -> None:
    match command.intent:
        case Intent.LANGUAGE:
            language.choose_language(turn, command.argument)
        case Intent.STOP:
            home.stop(turn)
        case Intent.PARTS:
            _parts(turn)
        case Intent.UNDO:
            moving.undo_last(turn)
        case Intent.ASK:
            letters.ask_coordinator(turn)
        case Intent.FORGET:
            person.confirm_forget(turn)
        case Intent.PRIVACY:
            person.show_privacy(turn)
        case _:
            _obey_otherwise(turn, command)


def _obey_otherwise(turn: Turn, command: Command) -> None:
    match command.intent:
        case Intent.QUEUE | Intent.DRAFT | Intent.BROADCASTS:
            AS_COORDINATOR[command.intent](turn)
        case Intent.LINK if command.argument:
            linking.take_code(turn, command.argument)
        case Intent.LINK:
            linking.start(turn)
        case Intent.REMIND:
            reminders.remind_later(turn, command.argument)
        case Intent.LEAVE:
            reminders.ask_which(turn)
        case Intent.NO_NEWS:
            chats.refuse_news(turn)
        case Intent.NEWS:
            subscriptions.take_words(turn, command.argument)
        case Intent.CALENDAR:
            scheduling.take_words(turn, command.argument)
        case _:
            chats.show(turn)


def _go_on(turn: Turn) -> None:
    """``lanjut`` after a photo means that there are no more."""
    spot = open_spot(turn)
    if spot and spot.files and context_line(turn) is None:
        evidence.go_on(turn, spot)
        return
    home.fill(turn)


def _parts(turn: Turn) -> None:
    assignment = turn.current_assignment
    if assignment:
        show_parts(turn, turn.filling(assignment))
        return
    home.show_menu(turn)


def _help(turn: Turn) -> None:
    spot = open_spot(turn)
    if spot:
        moving.help_with(turn, spot)
        return
    home.show_help(turn)


def _review(turn: Turn, intent: Intent) -> None:
    """``selesai`` ends what is open: the files, the choices, or all of it; on the review card ``kirim`` sends."""
    assignment = turn.current_assignment
    spot = open_spot(turn)
    if assignment is None:
        home.show_menu(turn)
    elif intent is not Intent.REVIEW and isinstance(turn.place, Reviewing):
        review.send(turn, turn.filling(assignment), with_gaps=intent is Intent.SEND_ANYWAY)
    elif spot and (spot.files or (spot.question.kind is QuestionKind.SELECT_MULTIPLE and spot.standing)):
        evidence.go_on(turn, spot)
    else:
        show_review(turn, turn.filling(assignment))


def _move(turn: Turn, command: Command) -> None:
    spot = open_spot(turn)
    if spot is None:
        home.show_menu(turn)
    elif command.intent is Intent.SKIP:
        moving.skip(turn, spot)
    else:
        moving.back(turn, spot)


def _at_row(turn: Turn, command: Command) -> None:
    """``ubah 7``, ``bukti 26.6``: a row by its place or number; without one, the answers to choose from."""
    assignment = turn.current_assignment
    if assignment is None:
        home.show_menu(turn)
        return
    filling = turn.filling(assignment)
    row = row_meant(turn, filling, command.argument)
    if not command.argument:
        review.show_answers(turn, filling, "")
    elif row is None:
        turn.say(turn.texts("row.unknown", whole=len(filling.form.rows)))
    elif command.intent is Intent.CHANGE:
        review.open_row(turn, filling, row)
    else:
        files.list_files(turn, filling, row)

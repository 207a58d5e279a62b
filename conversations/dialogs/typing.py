"""What typed words do: answers first, then commands, then whatever comes nearest."""

from __future__ import annotations

import re

from rapidfuzz import fuzz

from conversations.dialogs import evidence, home, moving, registration, requests, review, scores
from conversations.dialogs.answering import confirmed, not_meant, take_value, take_written
from conversations.dialogs.asking import ask_again, asking_of, find_question
from conversations.dialogs.doubts import explain_rejection
from conversations.dialogs.overview import show_parts, show_review
from conversations.dialogs.tapping import take
from conversations.events import LocationReceived, TextEdited, TextReceived
from conversations.forms import Spot
from conversations.needs import Topic, TopicNeed
from conversations.people import Assignment
from conversations.session import Asking, Confirming, Invited, Requesting, Sorting
from conversations.taps import read_tap
from conversations.turn import Turn
from conversations.words import Command, Intent, plain, read_command
from indicators.form import QuestionKind, Row

YES = frozenset({"ya", "iya", "y", "betul", "benar", "yes", "ok", "oke"})
NO = frozenset({"tidak", "bukan", "salah", "no", "tdk", "nggak", "gak"})
NEAR_ENOUGH = 86
"""How near a row's title must come (0 to 100) to what was typed, to be meant by it."""
LEAST_LETTERS = 4
ROW_NUMBER = re.compile(r"\d+[A-Za-z]?\.\d+[a-z]*")
START = "start"


def take_text(turn: Turn, event: TextReceived) -> None:
    """Take a typed message."""
    written = event.text.strip()
    command = read_command(written)
    if _starts(turn, written, command):
        return
    if isinstance(turn.place, Invited):
        registration.take_text(turn, turn.place, written)
    elif isinstance(turn.place, Requesting) and not (command and command.intent in (Intent.MENU, Intent.HELP)):
        requests.take_text(turn, turn.place, written)
    elif not (event.reply_to and command is None and _take_reply(turn, event)):
        _take_words(turn, written, command)


def _starts(turn: Turn, written: str, command: Command | None) -> bool:
    """A deep link (``/start KODE``) or ``daftar KODE`` registers from anywhere."""
    if written.startswith(f"/{START} "):
        registration.take_code(turn, written.split(maxsplit=1)[1])
        return True
    if command and command.intent is Intent.REGISTER:
        if command.argument:
            registration.take_code(turn, command.argument)
        else:
            requests.start(turn)
        return True
    return False


def _take_words(turn: Turn, written: str, command: Command | None) -> None:
    place = turn.place
    if isinstance(place, Confirming) and _settles(turn, place, written):
        return
    spot = open_spot(turn)
    is_reserved = command is not None and (
        spot is None or spot.question.kind is not QuestionKind.SELECT_ONE or not spot.question.choices
    )
    if spot and not is_reserved and take_written(turn, spot, written):
        return
    if command and _obey(turn, command):
        return
    if spot is None and _picks_offered(turn, written):
        return
    if isinstance(place, Sorting) and _sorts(turn, place, written):
        return
    if _names_row(turn, written):
        return
    _miss(turn, spot, written)


def open_spot(turn: Turn) -> Spot | None:
    """Give the question that typed words answer; None at the menu."""
    if not isinstance(turn.place, Asking | Confirming):
        return None
    asking = asking_of(turn.session)
    assignment = turn.assignment(asking.assignment) if asking else None
    return find_question(turn.filling(assignment), asking.key) if asking and assignment else None


def _settles(turn: Turn, place: Confirming, written: str) -> bool:
    words = plain(written)
    if words in YES:
        confirmed(turn, place)
        return True
    if words in NO:
        not_meant(turn, place)
        return True
    return False


def _picks_offered(turn: Turn, written: str) -> bool:
    """A typed number chooses among the buttons that were shown last."""
    words = plain(written)
    place = int(words) if words.isdecimal() and len(words) <= 3 else 0
    if not 1 <= place <= len(turn.session.offered):
        return False
    tapped = read_tap(turn.session.offered[place - 1])
    if tapped is None:
        return False
    take(turn, tapped)
    return True


def _take_reply(turn: Turn, event: TextReceived) -> bool:
    """A reply to an old question answers that question."""
    return _answers_topic(turn, event.reply_to, event.text.strip())


def take_edit(turn: Turn, event: TextEdited) -> None:
    """An edited message changes the answer that it gave; other edits change nothing."""
    if not _answers_topic(turn, event.message, event.text.strip()):
        turn.say(turn.texts("edit.unknown"))


def _answers_topic(turn: Turn, message: str, written: str) -> bool:
    topic = turn.find(TopicNeed(turn.brief.address, message))
    assignment = turn.assignment(topic.assignment) if isinstance(topic, Topic) else None
    if assignment is None or not isinstance(topic, Topic):
        return False
    spot = find_question(turn.filling(assignment), topic.key)
    if spot is None:
        turn.say(turn.texts("tap.not_asked"))
        return True
    if not take_written(turn, spot, written):
        explain_rejection(turn, spot, written)
    return True


def _obey(turn: Turn, command: Command) -> bool:
    """Carry a command out; False when it does not fit the place."""
    match command.intent:
        case Intent.MENU:
            home.show_menu(turn, before=home.context_line(turn) or "")
        case Intent.FILL | Intent.CONTINUE:
            home.fill(turn)
        case Intent.STATUS:
            home.show_status(turn)
        case Intent.HELP:
            _help(turn)
        case Intent.CHANGE | Intent.FILES:
            return _at_row(turn, command)
        case Intent.REVIEW:
            _review(turn)
        case Intent.SKIP | Intent.BACK:
            return _move(turn, command)
        case Intent.SCORE:
            scores.search(turn, command.argument) if command.argument else scores.show_own(turn)
        case _:
            _obey_rarely(turn, command)
    return True


def _obey_rarely(turn: Turn, command: Command) -> None:
    match command.intent:
        case Intent.LANGUAGE:
            home.choose_language(turn, command.argument)
        case Intent.QUEUE:
            requests.show_queue(turn)
        case Intent.STOP:
            home.stop(turn)
        case Intent.PARTS:
            _parts(turn)
        case Intent.UNDO:
            last = next(reversed(turn.session.undoable), None)
            moving.undo(turn, last.assignment if last else 0, last.key if last else "")
        case Intent.ASK:
            home.ask_coordinator(turn)
        case Intent.FORGET:
            home.confirm_forget(turn)
        case _:
            home.show_privacy(turn)


def _parts(turn: Turn) -> None:
    assignment = evidence.current_assignment(turn)
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


def _review(turn: Turn) -> None:
    assignment = evidence.current_assignment(turn)
    spot = open_spot(turn)
    if spot and spot.question.is_evidence and spot.sheet.evidence:
        evidence.go_on(turn, spot.filling, spot.key)
    elif assignment:
        show_review(turn, turn.filling(assignment))
    else:
        home.show_menu(turn)


def _move(turn: Turn, command: Command) -> bool:
    spot = open_spot(turn)
    if spot is None:
        home.show_menu(turn)
    elif command.intent is Intent.SKIP:
        moving.skip(turn, spot)
    else:
        moving.back(turn, spot)
    return True


def _at_row(turn: Turn, command: Command) -> bool:
    """``ubah 7``, ``bukti 26.6``: a row by its place or number; without one, the answers to choose from."""
    assignment = evidence.current_assignment(turn)
    if assignment is None:
        home.show_menu(turn)
        return True
    filling = turn.filling(assignment)
    if not command.argument:
        review.show_answers(turn, filling, "")
        return True
    row = _row_meant(turn, assignment, command.argument)
    if row is None:
        turn.say(turn.texts("row.unknown", whole=len(filling.form.rows)))
    elif command.intent is Intent.CHANGE:
        review.open_row(turn, assignment, row)
    else:
        evidence.list_files(turn, filling, row)
    return True


def _sorts(turn: Turn, place: Sorting, written: str) -> bool:
    assignment = turn.assignment(place.assignment)
    row = _row_meant(turn, assignment, written) if assignment else None
    if assignment is None or row is None:
        return False
    evidence.sorted_into(turn, turn.filling(assignment), row, place)
    return True


def _names_row(turn: Turn, written: str) -> bool:
    """``yang forum anak salah``: open the row whose title was mentioned."""
    assignment = evidence.current_assignment(turn)
    is_number = bool(ROW_NUMBER.fullmatch(written))
    row = _row_meant(turn, assignment, written) if assignment and (is_number or not written.isdecimal()) else None
    if assignment is None or row is None:
        return False
    review.open_row(turn, assignment, row)
    return True


def _row_meant(turn: Turn, assignment: Assignment, words: str) -> Row | None:
    """Find the row that a number (``7``, ``26.6``) or words from its title mean."""
    number = plain(words).removeprefix("nomor").removeprefix("no").strip(" .")
    return evidence.row_named(turn.filling(assignment), number) or _row_by_title(turn, assignment, words)


def _row_by_title(turn: Turn, assignment: Assignment, written: str) -> Row | None:
    words = plain(written)
    if len(words) < LEAST_LETTERS:
        return None
    rows = turn.filling(assignment).form.rows
    ratings = [fuzz.partial_ratio(row.title.said(turn.texts.language).casefold(), words) for row in rows]
    best = max(ratings)
    return rows[ratings.index(best)] if best >= NEAR_ENOUGH and ratings.count(best) == 1 else None


def _miss(turn: Turn, spot: Spot | None, written: str) -> None:
    """Nothing fitted: say what is expected here, and after three misses offer the coordinator."""
    if spot is None:
        home.not_understood(turn)
        return
    turn.note(misses=turn.session.misses + 1)
    if turn.session.misses >= home.MISSES_BEFORE_OFFER:
        turn.extras = home.ask_buttons(turn)
    if spot.question.is_evidence:
        ask_again(turn, before=turn.texts("evidence.wanted"))
        return
    explain_rejection(turn, spot, written)


def take_location(turn: Turn, event: LocationReceived) -> None:
    """A place on the map answers a question for a place."""
    spot = open_spot(turn)
    if spot is None or spot.question.kind is not QuestionKind.GEOPOINT:
        turn.say(turn.texts("location.not_needed"))
        return
    take_value(turn, spot, f"{event.latitude:.6f} {event.longitude:.6f} 0 0")

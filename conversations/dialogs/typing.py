"""What typed words do: answers first, then commands, then whatever comes nearest."""

from __future__ import annotations

import re

from conversations.dialogs import (
    broadcasts,
    drafts,
    evidence,
    home,
    language,
    letters,
    linking,
    moving,
    registration,
    requests,
    review,
    scheduling,
)
from conversations.dialogs.answering import confirmed, not_meant, propose, take_value, take_written
from conversations.dialogs.asking import find_question, open_spot, say_and_ask_again
from conversations.dialogs.commands import ANYWHERE, is_meant, obey
from conversations.dialogs.doubts import Given, explain_rejection
from conversations.dialogs.misses import explain_miss
from conversations.dialogs.rows import row_meant
from conversations.dialogs.tapping import take
from conversations.dialogs.unusual import lead_back
from conversations.events import LocationReceived, TextEdited, TextReceived
from conversations.forms import Filling, Spot
from conversations.needs import Topic, TopicNeed
from conversations.session import (
    Confirming,
    Drafting,
    Home,
    Invited,
    Linking,
    Lost,
    Requesting,
    Scheduling,
    Sorting,
    Writing,
)
from conversations.taps import read_tap
from conversations.turn import Turn
from conversations.words import NO, YES, Command, Intent, has_code_shape, plain, read_command
from indicators.form import QuestionKind, Row

ROW_NUMBER = re.compile(r"\d+[A-Za-z]?\.\d+[a-z]*")
COMPLAINT = re.compile(r"^yang\b.*\b(?:salah|keliru|kurang tepat)\b", re.IGNORECASE)
"""At a question for free text, this is about another answer all the same."""
START = "/start "
LEAVING = frozenset({Intent.MENU, Intent.HELP, Intent.STOP, Intent.UNDO})
"""What ends a request; nearly all else is taken as the name or the region."""
ELSEWHERE = frozenset({Intent.FILL, Intent.CONTINUE, Intent.DRAFT, Intent.BROADCASTS})
"""What leads away from writing to others, too."""
DONE = frozenset({"sudah", "sdh", "sudah semua", "itu saja", "cukup itu", "habis", "that is all", "that's all"})
NONE_YET = frozenset({"belum", "blm", "belum ada", "tidak ada", "tdk ada", "not yet", "none"})


def take_text(turn: Turn, event: TextReceived) -> None:
    """Take a typed message."""
    written = event.text.strip()
    command = read_command(written)
    place = turn.place
    if _registers(turn, written, command) or _obeys_anywhere(turn, written, command):
        return
    if isinstance(place, Lost) and linking.offer(turn):
        return
    if isinstance(place, Invited):
        registration.take_text(turn, place, written, command)
    elif isinstance(place, Linking):
        _take_while_linking(turn, place, written, command)
    elif isinstance(place, Requesting):
        _take_in_request(turn, place, written, command)
    elif not (event.reply_to and _answers_older(turn, event.reply_to, written, command)):
        _take_unquoted(turn, written, command)


def _answers_older(turn: Turn, message: str, written: str, command: Command | None) -> bool:
    """Words that quote an older message answer the question or the letter that it brought."""
    return (command is None and _answers_topic(turn, message, written)) or letters.take_reply(turn, message, written)


def _take_unquoted(turn: Turn, written: str, command: Command | None) -> None:
    place = turn.place
    if isinstance(place, Writing | Drafting):
        _take_own_words(turn, place, written, command)
    elif isinstance(place, Scheduling):
        _take_while_scheduling(turn, place, written, command)
    elif command or not letters.came_meanwhile(turn, written):
        _take_words(turn, written, command)


def _take_own_words(turn: Turn, place: Writing | Drafting, written: str, command: Command | None) -> None:
    """While somebody writes to others, nearly everything is what they write."""
    intent = command.intent if command else None
    if intent in (Intent.UNDO, Intent.STOP):
        (letters.cancel if isinstance(place, Writing) else drafts.put_off)(turn)
    elif command and intent is Intent.LANGUAGE:
        obey(turn, command)
    elif command and intent in LEAVING | ELSEWHERE:
        turn.move(turn.session.paused or Home())
        obey(turn, command)
    elif isinstance(place, Writing):
        letters.take_text(turn, place, written)
    else:
        broadcasts.take_text(turn, place, written)


def _take_while_scheduling(turn: Turn, place: Scheduling, written: str, command: Command | None) -> None:
    if command and command.intent in LEAVING | ELSEWHERE | {Intent.CALENDAR}:
        turn.move(turn.session.paused or Home())
        obey(turn, command)
    elif command and command.intent is Intent.LANGUAGE:
        obey(turn, command)
    elif not _picks_offered(turn, written):
        scheduling.take_text(turn, place, written)


def _obeys_anywhere(turn: Turn, written: str, command: Command | None) -> bool:
    if command is None or command.intent not in ANYWHERE or not is_meant(open_spot(turn), command, written):
        return False
    obey(turn, command)
    return True


def _take_while_linking(turn: Turn, place: Linking, written: str, command: Command | None) -> None:
    if command and command.intent is Intent.LANGUAGE:
        language.choose_language(turn, command.argument)
        return
    linking.take_text(turn, place, written, command)


def _take_in_request(turn: Turn, place: Requesting, written: str, command: Command | None) -> None:
    intent = command.intent if command else None
    if intent in LEAVING:
        home.show_menu(turn)
    elif intent is Intent.LANGUAGE:
        language.choose_language(turn, command.argument if command else "")
    else:
        requests.take_text(turn, place, written)


def _registers(turn: Turn, written: str, command: Command | None) -> bool:
    """A deep link (``/start KODE``), ``daftar KODE``, or, from somebody without a post, the bare code."""
    if written.startswith(START):
        registration.take_code(turn, written.removeprefix(START).strip())
        return True
    if isinstance(turn.place, Lost) and has_code_shape(written):
        registration.take_code(turn, written)
        return True
    if command is None or command.intent is not Intent.REGISTER or not is_meant(open_spot(turn), command, written):
        return False
    if command.argument:
        registration.take_code(turn, command.argument)
    else:
        requests.start(turn)
    return True


def _take_words(turn: Turn, written: str, command: Command | None) -> None:
    place, spot = turn.place, open_spot(turn)
    if isinstance(place, Confirming) and _settles(turn, place, written):
        return
    if spot is None:
        _take_at_menu(turn, written, command)
        return
    if spot.question.kind is QuestionKind.TEXT and COMPLAINT.search(written) and _names_row(turn, written):
        return
    is_command = command is not None and is_meant(spot, command, written)
    rejection = None if is_command else take_written(turn, spot, written)
    if command and (is_command or rejection):
        obey(turn, command)
    elif rejection and not (
        _ends_evidence(turn, spot, plain(written))
        or _names_row(turn, written)
        or (not turn.session.misses and letters.was_lately(turn, written))
    ):
        explain_miss(turn, spot, rejection)


def _take_at_menu(turn: Turn, written: str, command: Command | None) -> None:
    if command:
        obey(turn, command)
    elif isinstance(turn.place, Sorting) and _sorts(turn, turn.place, written):
        return
    elif not (_picks_offered(turn, written) or _names_row(turn, written) or letters.was_lately(turn, written)):
        home.not_understood(turn)


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
    tapped = read_tap(turn.session.offered[place - 1]) if 1 <= place <= len(turn.session.offered) else None
    if tapped is None:
        return False
    take(turn, tapped)
    return True


def _sorts(turn: Turn, place: Sorting, written: str) -> bool:
    """A row's number or title says where the waiting files belong."""
    assignment = turn.assignment(place.assignment)
    filling = turn.filling(assignment) if assignment else None
    row = row_meant(turn, filling, written) if filling else None
    if filling is None or row is None:
        return False
    evidence.sorted_into(turn, filling, row, place)
    return True


def _names_row(turn: Turn, written: str) -> bool:
    """``yang forum anak salah``: open the row whose title was mentioned; what follows may be its answer."""
    assignment = turn.current_assignment
    if assignment is None or (written.isdecimal() and not ROW_NUMBER.fullmatch(written)):
        return False
    filling = turn.filling(assignment)
    row = row_meant(turn, filling, written)
    if row is None:
        return False
    if not _proposes(turn, filling, row, written):
        review.open_row(turn, filling, row)
    return True


def _proposes(turn: Turn, filling: Filling, row: Row, written: str) -> bool:
    """``yang forum anak salah, sudah ada SK nya``: offer to change the row's first answer to that."""
    answer = written.partition(",")[2].strip()
    asked = filling.questions(row)
    return bool(answer and asked) and propose(turn, Spot(filling, row, asked[0]), answer)


def _ends_evidence(turn: Turn, spot: Spot, words: str) -> bool:
    """``sudah`` after the photos goes on; ``belum ada`` puts them off."""
    if not spot.question.is_evidence:
        return False
    if words in DONE and spot.files:
        evidence.go_on(turn, spot)
        return True
    if words in NONE_YET and not spot.files:
        moving.skip(turn, spot)
        return True
    return False


def take_edit(turn: Turn, event: TextEdited) -> None:
    """An edited message changes the answer that it gave; other edits change nothing."""
    if not _answers_topic(turn, event.message, event.text.strip()):
        lead_back(turn, turn.texts("edit.unknown") if turn.brief.posts else "")


def _answers_topic(turn: Turn, message: str, written: str) -> bool:
    """Words about an older message, which a question came in or an answer, answer that question."""
    topic = turn.find(TopicNeed(turn.brief.address, message))
    assignment = turn.assignment(topic.assignment) if isinstance(topic, Topic) else None
    if assignment is None or not isinstance(topic, Topic):
        return False
    spot = find_question(turn.filling(assignment), topic.key)
    if spot is None:
        say_and_ask_again(turn, turn.texts("tap.not_asked"))
    elif rejection := take_written(turn, spot, written):
        explain_rejection(turn, spot, rejection)
    return True


def take_location(turn: Turn, event: LocationReceived) -> None:
    """A place on the map answers a question for a place."""
    spot = open_spot(turn)
    if spot is None or spot.question.kind is not QuestionKind.GEOPOINT:
        lead_back(turn, turn.texts("location.not_needed"))
        return
    place = f"{event.latitude:.6f} {event.longitude:.6f} 0 0"
    take_value(turn, spot, Given(place, message=event.message))

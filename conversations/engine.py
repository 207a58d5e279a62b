"""The conversation's one door: an event comes in, the next session and the wanted actions go out."""

from __future__ import annotations

from typing import assert_never

import msgspec

from conversations.actions import Action, Say
from conversations.brief import Brief
from conversations.dialogs.broadcast_records import hand_over
from conversations.dialogs.evidence import receive, refused, stored
from conversations.dialogs.tapping import take_tap
from conversations.dialogs.typing import take_edit, take_location, take_text
from conversations.dialogs.unusual import take_contact, take_unsupported
from conversations.events import (
    ChoiceTapped,
    ContactReceived,
    Event,
    FileReceived,
    FileRefused,
    FileStored,
    LocationReceived,
    RecordWritten,
    TextEdited,
    TextReceived,
    UnsupportedReceived,
)
from conversations.messages import bubble
from conversations.needs import Need, SheetNeed, TopicNeed
from conversations.session import Asking, Confirming, Session
from conversations.sheets import OPEN_MARKS
from conversations.taps import Verb, read_tap
from conversations.texts import texts_for
from conversations.turn import Turn
from indicators.form import REPEAT_MARK, Form


class Step(msgspec.Struct, frozen=True):
    """What follows from an event."""

    session: Session
    actions: tuple[Action, ...]


def resume(brief: Brief, session: Session, event: Event) -> Step:
    """Decide what happens next. Pure: the same arguments give the same step.

    Raises:
        Missing: something has to be loaded into ``brief.known`` first; then call again.
    """
    turn = Turn(brief, session, event)
    _take(turn, event)
    turn.note(heard_at=int(event.at.timestamp()))
    return Step(turn.session, tuple(turn.actions))


def _take(turn: Turn, event: Event) -> None:
    match event:
        case TextReceived():
            take_text(turn, event)
        case ChoiceTapped():
            take_tap(turn, event)
        case TextEdited():
            take_edit(turn, event)
        case FileReceived():
            receive(turn, event)
        case FileStored() | FileRefused() | RecordWritten():
            _take_result(turn, event)
        case LocationReceived():
            take_location(turn, event)
        case ContactReceived():
            take_contact(turn, event)
        case UnsupportedReceived():
            take_unsupported(turn, event)
        case _:
            assert_never(event)


def _take_result(turn: Turn, event: FileStored | FileRefused | RecordWritten) -> None:
    match event:
        case FileStored():
            stored(turn, event)
        case FileRefused():
            refused(turn, event)
        case RecordWritten():
            hand_over(turn, event)
        case _:
            assert_never(event)


def apologise(brief: Brief, session: Session) -> Step:
    """Say that something went wrong on our side; the session stays where it was."""
    texts = texts_for(brief.person.language, brief.person.honorific)
    return Step(session, (Say(bubble(texts("apology"))),))


def anticipate(session: Session, event: Event, brief: Brief) -> tuple[Need, ...]:
    """Name what ``resume`` will most likely need, so that a batch can load it in one go. May be empty."""
    needs: list[Need] = []
    reply = getattr(event, "reply_to", "") or (event.message if isinstance(event, TextEdited) else "")
    if reply:
        needs.append(TopicNeed(brief.address, reply))
    assignment_id, row = _spot(brief, session, event)
    assignment = next((each for each in brief.assignments if each.id == assignment_id), None)
    if assignment is None:
        return tuple(needs)
    form = brief.library.forms[assignment.form]
    numbers = _near(form, row, assignment.progress)
    return (*needs, *(SheetNeed(assignment_id, number) for number in numbers))


def _spot(brief: Brief, session: Session, event: Event) -> tuple[int, str]:
    """Guess the assignment and row that the event is about."""
    tapped = read_tap(event.data) if isinstance(event, ChoiceTapped) else None
    if tapped and tapped.verb in (
        Verb.ANSWER,
        Verb.TOGGLE,
        Verb.SKIP,
        Verb.OPEN,
        Verb.BACK,
        Verb.HELP,
        Verb.ENOUGH,
    ):
        assignment = next((each for each in brief.assignments if each.id == tapped.number(0)), None)
        name = tapped.text(1).partition(REPEAT_MARK)[0]
        form = brief.library.forms[assignment.form] if assignment else None
        if form and name in form.question_by_name:
            return tapped.number(0), form.question_by_name[name].row
    match session.place:
        case Asking(assignment=identifier, row=row):
            return identifier, row
        case Confirming(asking=asking):
            return asking.assignment, asking.row
        case _:
            return session.last_assignment, ""


def _near(form: Form, row: str, progress: str) -> tuple[str, ...]:
    """Name the row's neighbours, and those of the row that comes next when this one is done."""
    if row not in form.row_by_number:
        return ()
    current = form.row_by_number[row]  # type: ignore[index]
    near = set(form.neighbours[current.number])
    onward = next((place for place in range(current.ordinal, len(progress)) if progress[place] in OPEN_MARKS), None)
    if onward is not None and onward < len(form.rows):
        near |= form.neighbours[form.rows[onward].number]
    return tuple(near)

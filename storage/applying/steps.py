"""A step takes effect in the batch's memory: what it wants is noted, and the steps that follow see it."""

from __future__ import annotations

import msgspec

from conversations.actions import (
    Action,
    ChangeBroadcast,
    Extend,
    FetchFile,
    LaunchBroadcast,
    NudgeUnits,
    RememberMessage,
    SaveSheet,
    Say,
    SendAnswers,
    SendRecord,
    SetTimes,
    Tell,
)
from conversations.engine import Step
from conversations.letters import Letter
from conversations.needs import (
    FreshCodeNeed,
    LetterNeed,
    RowAnswersNeed,
    ScoreNeed,
    SummaryNeed,
    TopicNeed,
    UnitsNeed,
)
from conversations.people import Assignment
from storage.applying.broadcasts import act_on_broadcasts
from storage.applying.calendar import act_on_calendar
from storage.applying.chats import act_on_chats
from storage.applying.nudges import act_on_units
from storage.applying.people import PeopleAction, act_on_people
from storage.envelopes import AddressKey, Envelope
from storage.errors import StorageError
from storage.moments import FOREVER, as_ms
from storage.outbox_states import Priority
from storage.rows import encode
from storage.shares import as_billionths
from storage.turn_state import ChatAction, KnownAddress, NewSheet, Told, Turn, TurnState

MOST_BYTES = 262_144
"""Of one sheet, session or message as JSON: far more than a person types, far less than hurts."""
REPLY = int(Priority.REPLY)


class StepApplier:
    """Applies the steps of a batch, one after the other."""

    def __init__(self, state: TurnState) -> None:
        self._state = state

    def apply(self, envelope: Envelope, step: Step) -> None:
        """Note what the step wants.

        Raises:
            StorageError: something in it is too large, or not the person's to do. The batch cannot be committed then.
        """
        state = self._state
        address = self._where(envelope)
        speaker = state.speakers[address.person]
        turn = Turn(envelope, as_ms(envelope.event.at), address, speaker)
        state.has_pending = True
        for action in step.actions:
            self._act(action, turn)
        has_moved = speaker.last_address != address.id and isinstance(envelope.address, AddressKey)
        if state.addresses[address.id].person != address.person:
            return  # the chat has changed hands: it goes on with the conversation of whoever has it now
        if has_moved:
            speaker.last_address = address.id
        if has_moved or not speaker.is_stored or step.session != speaker.session:
            speaker.session, speaker.is_stored = step.session, True
            state.pending.sessions.add(speaker.person.id)

    def _where(self, envelope: Envelope) -> KnownAddress:
        """Give the chat that is answered: for a result, where its person wrote last, if we can write there."""
        asked = self._state.addresses[envelope.address]
        last = self._state.addresses.get(self._state.speakers[asked.person].last_address)
        if isinstance(envelope.address, AddressKey) or last is None or last.is_blocked or last.person != asked.person:
            return asked
        return last

    def _act(self, action: Action, turn: Turn) -> None:
        match action:
            case Say():
                self._say(action, turn)
            case SaveSheet():
                self._save_sheet(action, turn)
            case RememberMessage():
                self._remember(action, turn)
            case SendAnswers():
                held = self._held(action.assignment, turn)
                self._replace(msgspec.structs.replace(held, sent_at=turn.envelope.event.at))
            case FetchFile() | SendRecord():
                row = {"address_id": turn.address.id, "body": _encoded(action), "created_at": turn.at}
                self._state.pending.jobs.append(row)
            case Tell():
                self._tell(action, turn)
            case SetTimes() | Extend() | LaunchBroadcast() | ChangeBroadcast() | NudgeUnits():
                self._act_on_many(action, turn)
            case _:
                self._act_on_somebody(action, turn)

    def _act_on_somebody(self, action: ChatAction | PeopleAction, turn: Turn) -> None:
        if isinstance(action, ChatAction):
            act_on_chats(self._state, action, turn)
        else:
            act_on_people(self._state, action, turn)

    def _act_on_many(
        self, action: SetTimes | Extend | LaunchBroadcast | ChangeBroadcast | NudgeUnits, turn: Turn
    ) -> None:
        """Do what concerns more people than the one who wants it."""
        match action:
            case SetTimes() | Extend():
                act_on_calendar(self._state, action, turn)
            case LaunchBroadcast() | ChangeBroadcast():
                act_on_broadcasts(self._state, action, turn)
            case _:
                act_on_units(self._state, action, turn)

    def _say(self, action: Say, turn: Turn) -> None:
        pending = self._state.pending
        if action.supersedes:
            name = (turn.address.id, action.supersedes)
            pending.superseded.add(name)
            pending.outbox = [row for row in pending.outbox if (row["address_id"], row["supersedes"]) != name]
        pending.outbox.append(
            {
                "address_id": turn.address.id,
                "via": turn.address.key.via,
                "priority": REPLY,
                "body": _encoded(action.message),
                "dedupe": None,  # the event's key is the reply's: an event that comes again changes nothing
                "supersedes": action.supersedes,
                "topic_assignment_id": action.topic.assignment if action.topic else None,
                "topic_key": action.topic.key if action.topic else "",
                "not_after": FOREVER,
                "created_at": turn.at,
            }
        )

    def _tell(self, action: Tell, turn: Turn) -> None:
        dedupe = f"tell:{action.person}:{action.once}"
        row = {
            "priority": int(Priority.ALERT),
            "body": _encoded(action.message),
            "dedupe": dedupe,
            "not_after": FOREVER,
            "created_at": turn.at,
        }
        self._state.pending.told.append(Told(action.person, action.address, row))
        if action.letter:
            self._keep_letter(action.letter, dedupe)

    def _keep_letter(self, letter: Letter, dedupe: str) -> None:
        self._state.pending.letters.append(
            {
                "code": letter.code,
                "sender_id": letter.sender,
                "reader_id": letter.reader,
                "text": letter.text,
                "sent_at": as_ms(letter.sent_at),
                "dedupe": dedupe,
            }
        )
        self._state.forget_needs(LetterNeed, FreshCodeNeed)

    def _save_sheet(self, action: SaveSheet, turn: Turn) -> None:
        state = self._state
        held = self._held(action.assignment, turn)
        place = state.shared.form_rows.place(held.form, action.row)
        if place is None:
            raise StorageError(
                f"A row of the form {held.form} was expected; {action.row!r} is none. Correct the dialog."
            )
        share, author = as_billionths(action.share), turn.speaker.person.id
        new = NewSheet(action, _encoded(action.sheet), share, held.version, author, turn.at)
        state.pending.sheets[action.assignment, action.row] = new
        state.keep_sheet((action.assignment, action.row), action.sheet)
        if held.progress[place] != action.mark:
            progress = held.progress[:place] + action.mark + held.progress[place + 1 :]
            self._replace(msgspec.structs.replace(held, progress=progress))
        state.forget_needs(ScoreNeed, RowAnswersNeed, SummaryNeed)
        self._remember_changes(action, turn, held.version)

    def _remember_changes(self, action: SaveSheet, turn: Turn, version: str) -> None:
        self._state.pending.history += [
            {
                "assignment_id": action.assignment,
                "key": change.key,
                "old": change.old,
                "new": change.new,
                "person_id": turn.speaker.person.id,
                "at": turn.at,
                "version": version,
                "event_key": turn.envelope.key,
            }
            for change in action.changes
            if change.old != change.new
        ]

    def _held(self, assignment: int, turn: Turn) -> Assignment:
        if assignment not in turn.speaker.assignments:
            raise StorageError(
                f"An assignment of the person's own was expected; they may not answer number {assignment}. "
                "Correct the dialog."
            )
        if assignment not in self._state.answerable:
            raise StorageError(
                f"An assignment that no other process changes was expected; number {assignment} came with a post that "
                "was taken in this batch. Decide the event again, in a batch of its own."
            )
        return self._state.assignments[assignment]

    def _replace(self, assignment: Assignment) -> None:
        self._state.assignments[assignment.id] = assignment
        self._state.pending.progress.add(assignment.id)
        self._state.forget_needs(SummaryNeed, UnitsNeed)

    def _remember(self, action: RememberMessage, turn: Turn) -> None:
        address = turn.address.id
        self._state.pending.topics[address, action.message] = {
            "address_id": address,
            "message_id": action.message,
            "assignment_id": action.topic.assignment,
            "key": action.topic.key,
        }
        self._state.known[TopicNeed(address, action.message)] = action.topic


def _encoded(what: msgspec.Struct) -> str:
    body = encode(what)
    if len(body) > MOST_BYTES:
        raise StorageError(
            f"At most {MOST_BYTES} bytes were expected in one {type(what).__name__}; it has {len(body)}. "
            "Limit what a person can put into it."
        )
    return body.decode()

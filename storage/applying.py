"""A step takes effect in the batch's memory: what it wants is noted, and the steps that follow see it."""

from __future__ import annotations

import msgspec

from conversations.actions import (
    Action,
    FetchFile,
    RememberMessage,
    SaveSheet,
    Say,
    SendAnswers,
    Tell,
)
from conversations.engine import Step
from conversations.needs import (
    RowAnswersNeed,
    ScoreNeed,
    TopicNeed,
)
from conversations.people import Assignment
from storage.applying_people import act_on_people
from storage.envelopes import AddressKey, Envelope
from storage.errors import StorageError
from storage.moments import FOREVER, as_ms
from storage.outbox_states import Priority
from storage.rows import encode
from storage.shares import as_billionths
from storage.turn_state import KnownAddress, NewSheet, Speaker, TurnState

MOST_BYTES = 262_144
"""Of one sheet, session or message as JSON: far more than a person types, far less than hurts."""


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
        address = state.addresses[envelope.address]
        speaker = state.speakers[address.person]
        state.has_pending = True
        for action in step.actions:
            self._act(action, envelope, address, speaker)
        moved = isinstance(envelope.address, AddressKey) and speaker.last_address != address.id
        if moved:
            speaker.last_address = address.id
        if moved or step.session != speaker.session:
            speaker.session = step.session
            state.pending.sessions.add(address.person)

    def _act(self, action: Action, envelope: Envelope, address: KnownAddress, speaker: Speaker) -> None:
        match action:
            case Say():
                self._say(action, envelope, address)
            case SaveSheet():
                self._save_sheet(action, envelope, speaker)
            case RememberMessage():
                self._remember(action, address)
            case SendAnswers():
                self._send_answers(action, envelope, speaker)
            case FetchFile():
                self._fetch(action, envelope, address)
            case Tell():
                self._tell(action, envelope)
            case _:
                act_on_people(self._state, action, envelope, speaker)

    def _say(self, action: Say, envelope: Envelope, address: KnownAddress) -> None:
        pending = self._state.pending
        if action.supersedes:
            name = (address.id, action.supersedes)
            pending.superseded.add(name)
            pending.outbox = [row for row in pending.outbox if (row["address_id"], row["supersedes"]) != name]
        pending.outbox.append(
            {
                "address_id": address.id,
                "priority": Priority.REPLY,
                "body": _encoded(action.message),
                "dedupe": None,  # the event's key is the reply's: an event that comes again changes nothing
                "supersedes": action.supersedes,
                "topic_assignment_id": action.topic.assignment if action.topic else None,
                "topic_key": action.topic.key if action.topic else "",
                "not_after": FOREVER,
                "created_at": as_ms(envelope.event.at),
            }
        )

    def _tell(self, action: Tell, envelope: Envelope) -> None:
        row = {
            "priority": Priority.ALERT,
            "body": _encoded(action.message),
            "dedupe": f"tell:{action.person}:{action.once}",
            "not_after": FOREVER,
            "created_at": as_ms(envelope.event.at),
        }
        self._state.pending.told.append((action.person, row))

    def _save_sheet(self, action: SaveSheet, envelope: Envelope, speaker: Speaker) -> None:
        state = self._state
        held = self._held(action.assignment, speaker)
        place = state.shared.form_rows.place(held.form, action.row)
        if place is None:
            raise StorageError(
                f"A row of the form {held.form} was expected; {action.row!r} is none. Correct the dialog."
            )
        as_billionths(action.share)  # refuses what is not a share
        at = as_ms(envelope.event.at)
        new = NewSheet(action, _encoded(action.sheet), held.version, speaker.person.id, at)
        state.pending.sheets[action.assignment, action.row] = new
        state.keep_sheet((action.assignment, action.row), action.sheet)
        if held.progress[place] != action.mark:
            progress = held.progress[:place] + action.mark + held.progress[place + 1 :]
            self._replace(msgspec.structs.replace(held, progress=progress))
        state.forget_needs(ScoreNeed, RowAnswersNeed)
        self._remember_changes(action, envelope, held, speaker)

    def _remember_changes(self, action: SaveSheet, envelope: Envelope, held: Assignment, speaker: Speaker) -> None:
        self._state.pending.history.extend(
            {
                "assignment_id": action.assignment,
                "key": change.key,
                "old": change.old,
                "new": change.new,
                "person_id": speaker.person.id,
                "at": as_ms(envelope.event.at),
                "version": held.version,
                "event_key": envelope.key,
            }
            for change in action.changes
            if change.old != change.new
        )

    def _send_answers(self, action: SendAnswers, envelope: Envelope, speaker: Speaker) -> None:
        held = self._held(action.assignment, speaker)
        self._replace(msgspec.structs.replace(held, sent_at=envelope.event.at))

    def _held(self, assignment: int, speaker: Speaker) -> Assignment:
        if assignment not in speaker.assignments:
            raise StorageError(
                f"An assignment of the person's own was expected; they may not answer number {assignment}. "
                "Correct the dialog."
            )
        return self._state.assignments[assignment]

    def _replace(self, assignment: Assignment) -> None:
        self._state.assignments[assignment.id] = assignment
        self._state.pending.progress.add(assignment.id)

    def _remember(self, action: RememberMessage, address: KnownAddress) -> None:
        self._state.pending.topics[address.id, action.message] = {
            "address_id": address.id,
            "message_id": action.message,
            "assignment_id": action.topic.assignment,
            "key": action.topic.key,
        }
        self._state.known[TopicNeed(address.id, action.message)] = action.topic

    def _fetch(self, action: FetchFile, envelope: Envelope, address: KnownAddress) -> None:
        row = {"address_id": address.id, "body": _encoded(action), "created_at": as_ms(envelope.event.at)}
        self._state.pending.jobs.append(row)


def _encoded(what: msgspec.Struct) -> str:
    body = encode(what)
    if len(body) > MOST_BYTES:
        raise StorageError(
            f"At most {MOST_BYTES} bytes were expected in one {type(what).__name__}; it has {len(body)}. "
            "Limit what a person can put into it."
        )
    return body.decode()

"""An in-memory twin of what the pipeline, delivery and jobs ask of the storage; it can be told to fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from conversations.actions import Say
from conversations.brief import Brief
from conversations.engine import Step
from conversations.messages import Message
from conversations.needs import Need
from conversations.people import Person
from conversations.session import NEW_SESSION, Session
from storage.errors import StorageError
from storage.outbox import Failed, Gone, Handed, OutboxRow, Outcome, Priority, Retry, Room, Sender, Sent, Uncertain
from storage.outbox_states import UNHURRIED
from storage.turns import AddressKey, Committed, Envelope
from storage.ways import Notice


class FakeStore:
    """What is committed, as plain lists and dictionaries."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.sessions: dict[object, Session] = {}
        self.said: list[tuple[object, str]] = []
        self.failed: list[tuple[str, str]] = []
        self.fetched: list[frozenset[Need]] = []
        self.batches: list[list[str]] = []
        self.failures: list[Exception] = []
        """Raised one after another by the next commits."""
        self.is_forgetful = False
        """Each step makes untrue what others have been told."""
        self.poison: set[str] = set()
        """Keys that make every commit fail that contains them."""

    @asynccontextmanager
    async def begin_turns(self, at: datetime) -> AsyncIterator[Any]:
        """Begin a transaction that leaves nothing behind unless it is committed."""
        assert at.tzinfo is not None
        yield FakeTurns(self)


class FakeTurns:
    """One transaction."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self._fresh: list[Envelope] = []
        self._sessions = dict(store.sessions)
        self._said: list[tuple[object, str]] = []
        self._failed: list[tuple[str, str]] = []
        self.known: dict[Need, object] = {}

    async def claim(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """Give the envelopes whose keys were never seen."""
        seen = set(self._store.keys)
        for envelope in envelopes:
            if envelope.key not in seen:
                self._fresh.append(envelope)
                seen.add(envelope.key)
        return list(self._fresh)

    def brief(self, envelope: Envelope) -> Brief:
        """Give the little that fake dialogs look at."""
        return Brief(
            person=Person(id=hash(envelope.address)),
            address=1,
            channel_name="Test",
            posts=(),
            assignments=(),
            library=cast("Any", None),
            known=self.known,
        )

    def session(self, envelope: Envelope) -> Session:
        """Give the session as it is after the steps so far."""
        return self._sessions.get(envelope.address, NEW_SESSION)

    async def fetch(self, needs: Iterable[Need]) -> None:
        """Load everything as None."""
        self._store.fetched.append(frozenset(needs))
        self.known.update(dict.fromkeys(self._store.fetched[-1]))

    def apply(self, envelope: Envelope, step: Step) -> None:
        """Remember the step until the commit."""
        self._sessions[envelope.address] = step.session
        if self._store.is_forgetful:
            self.known.clear()
        self._said += [(envelope.address, each.message.text) for each in step.actions if isinstance(each, Say)]

    def keep_failed(self, envelope: Envelope, error: str, apology: Step | None) -> None:
        """Remember the failure until the commit."""
        self._failed.append((envelope.key, error))
        if apology:
            self.apply(envelope, apology)

    async def commit(self) -> Committed:
        """Make it last, or fail as told."""
        if self._store.failures:
            raise self._store.failures.pop(0)
        keys = [envelope.key for envelope in self._fresh]
        failed = {key for key, _ in self._failed}
        if self._store.poison.intersection(keys) - failed:
            raise StorageError("poisoned")
        self._store.keys.update(keys)
        self._store.batches.append(keys)
        self._store.sessions = self._sessions
        self._store.said += self._said
        self._store.failed += self._failed
        return Committed(outbox=len(self._said), jobs=0)


class FakeOutbox:
    """Rows in memory, handed out as the contract says."""

    def __init__(self, rows: Iterable[OutboxRow] = ()) -> None:
        self.rows = {row.id: row for row in rows}
        self.not_before: dict[int, datetime] = {}
        self.leased: dict[int, int] = {}
        """In which tenure a row was handed out."""
        self.uncertain: list[int] = []
        self.held: list[int] = []
        """Rows that wait until their reader writes."""
        self.unneeded: set[int] = set()
        """Rows that the judge drops; others with a purpose say what it is."""
        self.unjudged: dict[int, Exception] = {}
        """Rows of which the judge raises this."""
        self.exchanges = 0
        self.outcomes: list[Outcome] = []
        self.failures: list[Exception] = []

    async def sweep(self, at: datetime, *, sender: Sender, mine: Collection[int]) -> None:
        """Take rows back that were handed out and forgotten."""
        for number, tenure in list(self.leased.items()):
            if tenure <= sender.tenure and number not in mine:
                del self.leased[number]
                if tenure < sender.tenure:
                    self.uncertain.append(number)

    async def exchange(
        self, ended: Sequence[Outcome], at: datetime, *, sender: Sender, room: Room, busy: Collection[int]
    ) -> Handed:
        """Take what became of rows, and hand out due ones."""
        assert sender.tenure > 0
        self.exchanges += 1
        await self.record(ended, at, sender=sender)
        waiting = (each for id_, each in self.not_before.items() if id_ in self.rows and each > at)
        return Handed(self._claim(at, sender=sender, room=room, busy=busy), min(waiting, default=None))

    def _claim(self, at: datetime, *, sender: Sender, room: Room, busy: Collection[int]) -> list[OutboxRow]:
        """Hand out due rows by priority, one a chat."""
        chats = set(busy) | {self.rows[each].address_id for each in self.leased}
        claimed: list[OutboxRow] = []
        for row in sorted(self.rows.values(), key=lambda row: (row.priority, row.id)):
            is_due = self.not_before.get(row.id, at) <= at and row.id not in self.leased
            unhurried = sum(each.priority in UNHURRIED for each in claimed)
            fits = len(claimed) < room.total and (row.priority not in UNHURRIED or unhurried < room.unhurried)
            if is_due and row.address_id not in chats and fits:
                chats.add(row.address_id)
                claimed.append(row)
        self.leased.update({row.id: sender.tenure for row in claimed})
        return claimed

    async def judge(self, rows: Sequence[OutboxRow], at: datetime, *, sender: Sender) -> list[OutboxRow]:
        """Leave out what is not needed."""
        for each in rows:
            if each.id in self.unjudged:
                raise self.unjudged[each.id]
        for each in rows:
            if each.id in self.unneeded:
                del self.rows[each.id], self.leased[each.id]
        written = [replace(each, message=Message(repr(each.purpose))) if each.purpose else each for each in rows]
        return [each for each in written if each.id not in self.unneeded]

    async def find_ways(
        self, rows: Sequence[OutboxRow], at: datetime, *, sender: Sender, notice: Notice | None
    ) -> set[int]:
        """Let those go that have a template; the others wait for ever."""
        assert notice
        for each in rows:
            if not each.message.template:
                del self.rows[each.id], self.leased[each.id]
                self.held.append(each.id)
        return {each.id for each in rows if each.message.template}

    async def record(self, outcomes: Sequence[Outcome], at: datetime, *, sender: Sender) -> None:
        """Take what became of rows."""
        if self.failures:
            raise self.failures.pop(0)
        assert at.tzinfo is not None
        for outcome in outcomes:
            if self.leased.pop(outcome.id, sender.tenure) != sender.tenure:
                raise AssertionError("recorded as somebody else")
            self.outcomes.append(outcome)
            if isinstance(outcome, Retry):
                self.not_before[outcome.id] = outcome.not_before
            else:
                del self.rows[outcome.id]

    def ended(self, kind: type[Sent | Retry | Failed | Gone | Uncertain]) -> list[int]:
        """Give the ids that ended like this, in order."""
        return [each.id for each in self.outcomes if isinstance(each, kind)]


def row(
    number: int,
    *,
    chat: int | None = None,
    priority: Priority = Priority.REPLY,
    at: datetime,
    text: str = "halo",
) -> OutboxRow:
    """Make an outbox row."""
    chat = number if chat is None else chat
    return OutboxRow(
        id=number,
        address=AddressKey("telegram", "1", str(chat)),
        address_id=chat,
        message=Message(text),
        priority=priority,
        attempts=0,
        is_uncertain=False,
        created_at=at,
    )

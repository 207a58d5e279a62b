"""A batch of turns: one transaction that claims events, loads what they need, and keeps what their steps decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.brief import Brief
from conversations.engine import Step
from conversations.needs import Need
from conversations.session import Session
from storage.applying.steps import StepApplier
from storage.arrivals import claim_keys, know_senders, note_heard
from storage.envelopes import JOB_PREFIX, RETRY_PREFIX, AddressKey, Envelope, channel_name, number_after
from storage.flushing import flush
from storage.moments import as_ms
from storage.needs.loading import load
from storage.posts_held import load_posts
from storage.rows import encode
from storage.tables import address, failed_event, job
from storage.turn_state import TurnState
from storage.wakeups import JOBS, Wakeups

__all__ = ["AddressKey", "Committed", "Envelope", "Turns"]

MOST_ERROR_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Committed:
    """What a batch left behind."""

    outbox: int
    """Messages to be sent."""
    jobs: int
    """Files to be fetched."""
    via: frozenset[str] = frozenset()
    """By what they go out: ``telegram:7712345678``."""
    lost_sessions: int = 0
    """Sessions that could not be read any more and began anew."""

    @property
    def words(self) -> frozenset[str]:
        """What those who can do it are woken by: see ``storage.wakeups``."""
        return self.via | {JOBS} if self.jobs else self.via


class Turns:
    """One batch in one transaction. Leaving it without ``commit`` keeps nothing."""

    def __init__(self, connection: AsyncConnection, state: TurnState, wakeups: Wakeups) -> None:
        self._connection = connection
        self._state = state
        self._wakeups = wakeups
        self._applier = StepApplier(state)

    async def claim(self, envelopes: Iterable[Envelope]) -> list[Envelope]:
        """Give the events that were never seen before, in order, with their senders loaded.

        Raises:
            StorageError: a key or an address is not usable.
        """
        fresh = await claim_keys(self._connection, self._state, envelopes)
        if fresh:
            await know_senders(self._connection, self._state, fresh)
            await note_heard(self._connection, self._state, fresh)
            await load_posts(self._connection, self._state, self._state.speakers.keys())
            await self._settle(fresh)
        return fresh

    async def _settle(self, fresh: Sequence[Envelope]) -> None:
        """End the jobs and failures whose results these are; a blocked chat that writes is open again."""
        for table, prefix in ((job, JOB_PREFIX), (failed_event, RETRY_PREFIX)):
            done = [number for envelope in fresh if (number := number_after(prefix, envelope.key)) is not None]
            if done:
                await self._connection.execute(delete(table).where(table.c.id.in_(done)))
        written = [envelope.address for envelope in fresh if isinstance(envelope.address, AddressKey)]
        opened = {known.id for each in written if (known := self._state.addresses[each]).is_blocked}
        if opened:
            await self._connection.execute(update(address).where(address.c.id.in_(opened)).values(blocked_at=None))

    def brief(self, envelope: Envelope) -> Brief:
        """Give what the dialog may know about the sender, after the steps applied so far."""
        state = self._state
        where = state.addresses[envelope.address]
        speaker = state.speakers[where.person]
        return Brief(
            person=speaker.person,
            address=where.id,
            channel_name=channel_name(where.key.channel),
            posts=speaker.posts,
            assignments=tuple([state.assignments[each].seen_by(speaker.posts) for each in speaker.assignments]),
            library=state.shared.library,
            known=state.known,
            phone=where.phone,
            is_opted_out=where.is_opted_out,
            rules=state.shared.rules,
        )

    def session(self, envelope: Envelope) -> Session:
        """Give the sender's session, after the steps applied so far."""
        return self._state.speakers[self._state.addresses[envelope.address].person].session

    async def fetch(self, needs: Iterable[Need]) -> None:
        """Load what is asked for into what all briefs know; each kind is read once for all."""
        await load(self._connection, self._state, needs)

    def apply(self, envelope: Envelope, step: Step) -> None:
        """Let a step take effect for the steps that follow, and note it for the commit.

        Raises:
            StorageError: the step wants something that cannot be kept; the batch must not be committed then.
        """
        self._applier.apply(envelope, step)

    def keep_failed(self, envelope: Envelope, error: str, apology: Step | None = None) -> None:
        """Keep an event whose step failed, so that it can be tried again; ``error`` carries nobody's words."""
        self._state.pending.failed.append(
            {
                "event_key": envelope.key,
                "envelope": encode(envelope).decode(),
                "error": error[:MOST_ERROR_CHARACTERS],
                "at": as_ms(self._state.at),
            }
        )
        self._state.has_pending = True
        if apology is not None:
            self.apply(envelope, apology)

    async def commit(self) -> Committed:
        """Write everything and commit; afterwards it survives a power cut."""
        state = self._state
        await flush(self._connection, state)
        await state.deltas.write(self._connection)
        committed = Committed(
            outbox=state.messages, jobs=state.jobs, via=frozenset(state.vias), lost_sessions=state.lost_sessions
        )
        await self._wakeups.notify(self._connection, committed.words)
        await self._connection.commit()
        return committed

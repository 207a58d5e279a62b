"""Deciding a batch: steps are taken in order, what they miss is loaded for all of them at once."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.metrics import FAILED_STEPS
from conversations.brief import Brief
from conversations.engine import Step
from conversations.events import Event
from conversations.needs import Missing, Need
from conversations.session import Session
from storage.turns import Envelope, Turns

MOST_FETCHES = 12
"""How often a step may ask for more, while no other step is taken, before it counts as failed."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Dialog:
    """The conversation's functions."""

    resume: Callable[[Brief, Session, Event], Step]
    anticipate: Callable[[Session, Event, Brief], tuple[Need, ...]]
    apologise: Callable[[Brief, Session], Step]


class TooManyNeedsError(Exception):
    """A step asked for more, again and again."""


class Deciding:
    """The steps of one batch, within one transaction."""

    def __init__(self, turns: Turns, dialog: Dialog) -> None:
        self._turns = turns
        self._dialog = dialog
        self._asked: Counter[str] = Counter()

    async def decide(self, envelopes: Sequence[Envelope]) -> None:
        """Take the step of every event, each person's in order. A step that raises harms nobody else."""
        waiting = list(envelopes)
        needs = self._anticipated(waiting)
        while waiting:
            if needs:
                await self._turns.fetch(needs)
            before = len(waiting)
            waiting, needs = self._round(waiting)
            if len(waiting) < before:  # a step that was taken may have made untrue what others had been told
                self._asked.clear()

    def keep_failed(self, envelope: Envelope, error: Exception) -> None:
        """Keep an event whose step failed, so that it can be tried again after a repair, and apologise."""
        FAILED_STEPS.inc()
        kind = type(envelope.event).__name__
        _log.error("step_failed", kind=kind, error=type(error).__name__, where=_where(error))
        self._turns.keep_failed(envelope, _described(error), self._apology(envelope))

    def _anticipated(self, envelopes: Sequence[Envelope]) -> set[Need]:
        needs: set[Need] = set()
        for envelope in envelopes:
            brief = self._turns.brief(envelope)
            needs.update(self._dialog.anticipate(self._turns.session(envelope), envelope.event, brief))
        return needs

    def _round(self, envelopes: Sequence[Envelope]) -> tuple[list[Envelope], set[Need]]:
        """Take the steps that can be taken; give the events that have to wait, and what for."""
        held_up: set[int] = set()
        waiting: list[Envelope] = []
        needs: set[Need] = set()
        for envelope in envelopes:
            brief = self._turns.brief(envelope)
            if brief.person.id in held_up:
                waiting.append(envelope)
            elif missing := self._take_step(envelope, brief):
                held_up.add(brief.person.id)
                waiting.append(envelope)
                needs.update(missing)
        return waiting, needs

    def _take_step(self, envelope: Envelope, brief: Brief) -> tuple[Need, ...]:
        """Take one step; give what it still misses."""
        try:
            step = self._dialog.resume(brief, self._turns.session(envelope), envelope.event)
        except Missing as missing:
            self._asked[envelope.key] += 1
            if self._asked[envelope.key] <= MOST_FETCHES:
                return missing.needs
            self.keep_failed(envelope, TooManyNeedsError(f"asked {MOST_FETCHES} times"))
        except Exception as error:  # noqa: BLE001 - the outermost edge of a step
            self.keep_failed(envelope, error)
        else:
            self._turns.apply(envelope, step)
        return ()

    def _apology(self, envelope: Envelope) -> Step | None:
        try:
            return self._dialog.apologise(self._turns.brief(envelope), self._turns.session(envelope))
        except Exception as error:  # noqa: BLE001 - an apology must not make it worse
            _log.error("apology_failed", error=type(error).__name__, where=_where(error))
            return None


def _described(error: Exception) -> str:
    """Name the error and where it was raised, without values: they may be somebody's words."""
    return f"{type(error).__name__} at {_where(error)}"


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-8:]))

"""Hearing from other processes on the same database that there is something to do, besides looking now and then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

import structlog

from bot.backoff import Backoff
from bot.clock import Clock, pause
from bot.logging import described
from storage.errors import StorageError

_log = structlog.get_logger(__name__)


class Listen(Protocol):
    """As ``storage.wakeups.Wakeups.listen``."""

    def __call__(self, heard: Callable[[str], None], *, ready: Callable[[], None]) -> Awaitable[None]:
        """Call ``heard`` with every word, and ``ready`` once nothing is missed; ends only by ``StorageError``."""
        ...


class Listener:
    """Wakes whoever a word is for. One instance a process; ``run`` works until cancelled.

    ``wakes``: by word. What nobody can hear (no connection) is found by the safety looks of those who are not woken.
    """

    def __init__(
        self, listen: Listen, wakes: Mapping[str, Callable[[], None]], *, clock: Clock, backoff: Backoff
    ) -> None:
        self._listen = listen
        self._wakes = wakes
        self._clock = clock
        self._backoff = backoff
        self._failures = 0
        self.is_listening = False

    def wake(self, words: Collection[str]) -> None:
        """Wake those whom these words are for; a word may be for nobody here, such as another process's channel."""
        for word in self._wakes.keys() & words:
            self._wakes[word]()

    async def run(self) -> None:
        """Listen, again and again when the connection ends."""
        while True:
            try:
                await self._listen(lambda word: self.wake({word}), ready=self._begin)
            except StorageError as error:
                self._note(error)
            await pause(self._clock, self._clock.now() + self._backoff.wait(self._failures))

    def _begin(self) -> None:
        """Let everybody look once: something may have been left to be done while nobody listened."""
        if self._failures:
            _log.info("listening_again")
        self._failures = 0
        self.is_listening = True
        self.wake(self._wakes.keys())

    def _note(self, error: StorageError) -> None:
        """Say it once, however often it goes wrong until it goes well."""
        if not self._failures:
            _log.warning("not_listening", error=described(error))
        self._failures += 1
        self.is_listening = False

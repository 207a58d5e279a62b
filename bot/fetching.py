"""Fetches a file that a person sent, and keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import structlog

from bot.channels.port import Channel, ChannelError
from bot.clock import Clock
from conversations.actions import FetchFile
from conversations.events import FileRefused, FileStored
from storage.files import FileRefusedError, FileStore
from storage.jobs import Job

MOST_ATTEMPTS = 8
"""With waits of up to five minutes, about a quarter of an hour; then the person is asked to send it again."""
Reason = Literal["too_large", "wrong_type", "unavailable"]

_log = structlog.get_logger(__name__)


class Fetching:
    """Fetches from any channel that is switched on."""

    def __init__(self, files: FileStore, channels: Sequence[Channel], clock: Clock) -> None:
        self._files = files
        self._channels = {(each.name, each.account): each for each in channels}
        self._clock = clock

    async def __call__(self, job: Job) -> FileStored | FileRefused:
        """Say that the file is kept, or why it is not.

        Raises:
            ChannelError: it cannot be had now.
        """
        action = job.action
        assert isinstance(action, FetchFile)
        try:
            return await self._stored(job, action)
        except FileRefusedError as error:
            return self._refused(action, error.reason)
        except ChannelError as error:
            if error.retryable and job.attempts < MOST_ATTEMPTS:
                raise
            _log.warning("file_unavailable", job=job.id, reason=error.reason)
            return self._refused(action, "unavailable")

    async def _stored(self, job: Job, action: FetchFile) -> FileStored:
        channel = self._channels.get((job.address.channel, job.address.account))
        if channel is None:
            raise ChannelError("the channel is not switched on", retryable=True)
        wanted = action.file
        if wanted.size_bytes > channel.limits.file_bytes:
            raise FileRefusedError("too_large")
        kept = await self._files.keep(channel.fetch(wanted), announced_name=wanted.name)
        return FileStored(at=self._clock.now(), file=kept, target=action.target)

    def _refused(self, action: FetchFile, reason: Reason) -> FileRefused:
        return FileRefused(at=self._clock.now(), reason=reason, target=action.target)

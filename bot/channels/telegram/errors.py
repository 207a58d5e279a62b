"""What a refusal of Telegram or a broken connection means for whoever called; the same for every library."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import msgspec

from bot.channels.port import ChannelError

GONE_SIGNS = (
    "bot was blocked",
    "chat not found",
    "peer_id_invalid",
    "upgraded to a supergroup",
    "user is deactivated",
    "user not found",
)
"""Words of a 400 that mean the same as a 403."""
NOT_TO_BE_EDITED = ("message to edit not found", "message can't be edited")
"""Its reader has deleted it, or it is too old: nobody has to look at that."""
UNCHANGED = "message is not modified"
OURS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
"""A wrong token: somebody has to put it right."""

TAKEN = "another program uses this bot's token, with another database: stop it, or give one of the two a bot of its own"


class _Parameters(msgspec.Struct):
    retry_after: int = 0


class _Refusal(msgspec.Struct):
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


def refused(status: int, payload: bytes | str) -> ChannelError:
    """Say what an answer other than a success means.

    Source: https://core.telegram.org/bots/api#making-requests
    """
    said = _read(payload)
    reason = f"Telegram answered {status}: {said.description or 'no description'}"
    wait = timedelta(seconds=said.parameters.retry_after) or None
    if status in OURS:
        return ChannelError(reason, retryable=True, alert=True)
    if status == HTTPStatus.CONFLICT:
        return ChannelError(f"{TAKEN} ({reason})", retryable=True, alert=True, is_taken=True)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ChannelError(reason, retryable=True, retry_after=wait, is_uncertain=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ChannelError(reason, retryable=True, retry_after=wait)
    described = said.description.lower()
    is_gone = status == HTTPStatus.FORBIDDEN or any(sign in described for sign in GONE_SIGNS)
    is_harmless = is_gone or any(sign in described for sign in (*NOT_TO_BE_EDITED, UNCHANGED))
    return ChannelError(reason, is_gone=is_gone, alert=not is_harmless)


def is_unchanged(error: ChannelError) -> bool:
    """Tell whether an edit was refused because the message says so already."""
    return UNCHANGED in error.reason.lower()


def file_refused(status: int) -> ChannelError:
    """Say what it means that a file is not handed over."""
    is_passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    return ChannelError(f"the file server answered {status}", retryable=is_passing)


def broken(error: Exception, token: str, *, never_left: bool = False) -> ChannelError:
    """Say what a connection that failed means, or an answer that makes no sense.

    ``never_left``: the request cannot have reached Telegram, so that what it asked for has not happened.
    The libraries may quote the address that they called, so the secret part of the token is left out; for the same
    reason the error is raised ``from None``, or a traceback would tell it after all.
    """
    secret = token.rpartition(":")[2]
    reason = f"{type(error).__name__}: {error}".replace(secret, "…")
    return ChannelError(reason, retryable=True, is_uncertain=not never_left)


def _read(payload: bytes | str) -> _Refusal:
    """Read a refusal; what stands between us and Telegram may answer with a page instead."""
    try:
        return msgspec.json.decode(payload, type=_Refusal)
    except msgspec.DecodeError:
        return _Refusal()

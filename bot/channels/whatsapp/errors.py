"""What a refusal of Meta or a broken connection means for whoever called.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from bot.channels.port import ChannelError

FLAGS: Mapping[int, Mapping[str, Any]] = {
    # the person
    131021: {"is_gone": True},  # it is ourselves
    131026: {"is_gone": True},  # not on WhatsApp, or cannot be reached there
    131062: {"is_gone": True},  # a user id that cannot be written to
    131047: {"is_closed": True},  # the last message of the person is more than 24 hours old
    131049: {"is_unwelcome": True},  # Meta holds that the person gets enough of such messages: not soon again
    130472: {"is_unwelcome": True},  # the same, as an experiment
    131050: {"is_opted_out": True},
    131056: {"retryable": True, "is_too_quick": True},
    # the template
    132001: {"is_template_unusable": True, "alert": True},  # there is none of this name in this language, or not yet
    132007: {"is_template_unusable": True, "alert": True},  # it is against Meta's rules
    132015: {"is_template_unusable": True, "alert": True},  # paused: too many people did not want it
    132016: {"is_template_unusable": True, "alert": True},  # paused too often: for good
    # the number is to slow down
    4: {"retryable": True, "retry_after": timedelta(minutes=1)},
    80007: {"retryable": True, "retry_after": timedelta(minutes=1)},
    130429: {"retryable": True, "retry_after": timedelta(seconds=2)},
    131048: {"retryable": True, "retry_after": timedelta(minutes=5), "alert": True},  # too often blocked or reported
    # nothing goes before somebody has put it right
    0: {"retryable": True, "retry_after": timedelta(minutes=1), "alert": True},
    3: {"retryable": True, "retry_after": timedelta(minutes=1), "alert": True},
    10: {"retryable": True, "retry_after": timedelta(minutes=1), "alert": True},
    190: {"retryable": True, "retry_after": timedelta(minutes=1), "alert": True},  # the token
    368: {"retryable": True, "retry_after": timedelta(minutes=5), "alert": True},  # restricted for a violation
    131005: {"retryable": True, "retry_after": timedelta(minutes=1), "alert": True},
    131031: {"retryable": True, "retry_after": timedelta(minutes=5), "alert": True},  # the account is locked
    131042: {"retryable": True, "retry_after": timedelta(minutes=5), "alert": True},  # it is not paid for
    133010: {"retryable": True, "retry_after": timedelta(minutes=5), "alert": True},  # the number is not registered
    # Meta's own trouble
    1: {"retryable": True},
    2: {"retryable": True},
    131000: {"retryable": True},
    131016: {"retryable": True},
    131057: {"retryable": True},  # the account is being moved
    133004: {"retryable": True},
    135000: {"retryable": True},
}
"""What to do, by the code of the error; all others are mistakes of ours, or of a template."""
PERMISSIONS = range(200, 300)


def refused(code: int, *, status: int, said: str, wait_seconds: str = "") -> ChannelError:
    """Say what a refusal with this code means; ``wait_seconds``: as its header says.

    A refusal by the server itself (5xx) may come after the message went out.
    """
    is_theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    flags = dict(FLAGS.get(190 if code in PERMISSIONS else code, _by_status(status)))
    if wait_seconds.isdecimal() and flags.get("retryable"):
        flags["retry_after"] = timedelta(seconds=int(wait_seconds[:5]))
    reason = f"Meta answered {status} with error {code}: {said or 'no description'}"
    return ChannelError(reason, **{**flags, "is_uncertain": is_theirs})


def _by_status(status: int) -> Mapping[str, Any]:
    """Go by the status of a code that we do not know; what stands between us and Meta knows no codes at all."""
    if status == HTTPStatus.UNAUTHORIZED:
        return FLAGS[190]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FLAGS[130429]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return {"retryable": True}
    return {"alert": True}


def failed(codes: tuple[int, ...]) -> ChannelError:
    """Say what it means that a message failed after it had been taken, by the codes of its report."""
    if not codes:
        return ChannelError("it failed after Meta had taken it; no reason is told", alert=True)
    return refused(codes[0], status=HTTPStatus.OK, said="it failed after it had been taken")


def broken(error: Exception, token: str, *, never_left: bool = False) -> ChannelError:
    """Say what a connection that failed means, or an answer that makes no sense; never with the token in it.

    ``never_left``: the request cannot have reached Meta, so that what it asked for has not happened.
    """
    reason = f"{type(error).__name__}: {error}".replace(token, "…")
    return ChannelError(reason, retryable=True, is_uncertain=not never_left)

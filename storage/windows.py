"""How long after a person's last message a channel lets us write freely; later it takes approved templates only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

WINDOWS: Mapping[str, timedelta] = {"whatsapp": timedelta(hours=24)}
"""By channel; one that is not named here is always open.
Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#customer-service-windows"""


def is_open(channel: str, heard_at: datetime | None, at: datetime) -> bool:
    """Tell whether anything may be written at this moment (24 hours after the message itself is too late).

    ``heard_at``: the person's last message there; ``None``: there was none.
    """
    window = WINDOWS.get(channel)
    return window is None or (heard_at is not None and at - heard_at < window)

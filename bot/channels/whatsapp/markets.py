"""Which country's price holds for a message."""

from __future__ import annotations

from storage.statuses import DeliveryStatus

BY_CALLING_CODE = {"62": "ID"}
"""Where a person's id does not tell the country; Meta goes by the phone number."""
UNKNOWN = ""


def market_of(report: DeliveryStatus) -> str:
    """Give the country of a message's reader, as ISO 3166 has it (``ID``); empty: it is not known."""
    country, dot, _ = report.recipient.partition(".")
    if dot:
        return country
    phone = report.phone or report.recipient
    return next((market for code, market in BY_CALLING_CODE.items() if phone.startswith(code)), UNKNOWN)

"""The tables, by family. Moments are milliseconds (``storage.moments``), shares whole billionths."""

from storage.tables.answers import (
    assignment,
    cycle,
    form_row,
    history,
    message_topic,
    score_total,
    sheet,
)
from storage.tables.base import METADATA
from storage.tables.broadcasts import broadcast, recipient
from storage.tables.calendar import extension, stage, told_window, window_change
from storage.tables.delivery import charge, event_key, failed_event, job, outbox
from storage.tables.leases import lease
from storage.tables.letters import letter
from storage.tables.people import access_request, address, holding, invitation, link_code, person, post, session
from storage.tables.planning import daily_contact, planned, snooze, subscription, told_summary
from storage.tables.regions import region

__all__ = [
    "METADATA",
    "access_request",
    "address",
    "assignment",
    "broadcast",
    "charge",
    "cycle",
    "daily_contact",
    "event_key",
    "extension",
    "failed_event",
    "form_row",
    "history",
    "holding",
    "invitation",
    "job",
    "lease",
    "letter",
    "link_code",
    "message_topic",
    "outbox",
    "person",
    "planned",
    "post",
    "recipient",
    "region",
    "score_total",
    "session",
    "sheet",
    "snooze",
    "stage",
    "subscription",
    "told_summary",
    "told_window",
    "window_change",
]

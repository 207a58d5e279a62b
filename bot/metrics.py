"""What is counted, for ``/metrics``; no names, numbers of people or texts in any label."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from storage.figures import Figures

TURNS = Counter("jemputbola_turns", "Events that took effect.")
FAILED_STEPS = Counter("jemputbola_failed_steps", "Events whose step raised and that were kept for a retry.")
BATCH_SIZE = Histogram(
    "jemputbola_batch_events", "Events in one transaction.", buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500)
)
TURN_SECONDS = Histogram(
    "jemputbola_turn_seconds",
    "From handing an event in to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
SENT = Counter("jemputbola_deliveries", "Attempts to send a message, by how they ended.", ("channel", "outcome"))
REPORTS = Counter(
    "jemputbola_delivery_reports", "What the platform reported later about messages it took.", ("channel", "status")
)
RECONCILED = Counter(
    "jemputbola_reconciled_messages", "Messages that were found by a report to have been sent.", ("channel",)
)
SEND_SECONDS = Histogram("jemputbola_send_seconds", "How long the channel took to take a message.", ("channel",))
WEBHOOK_ANSWERS = Counter("jemputbola_webhook_answers", "Webhook requests, by the HTTP status they got.", ("status",))
LEASE_HELD = Gauge(
    "jemputbola_lease_held", "1 while this process does what only one may do at a time, otherwise 0.", ("lease",)
)
FILES = Counter("jemputbola_files", "Files fetched or written, by how it ended.", ("outcome",))
LOOP_LAG = Histogram(
    "jemputbola_loop_lag_seconds",
    "How much later than asked for the event loop came round, measured once a second.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)

CHANNEL_ALIVE = Gauge(
    "jemputbola_channel_alive", "1 while updates come in, or could; otherwise 0.", ("channel", "account")
)
BACKUP_AT = Gauge(
    "jemputbola_backup_timestamp_seconds", "When the newest backup was made, in seconds since 1970; 0: there is none."
)

# What one look at the database found; each process that shares it shows the same.
DATABASE_UP = Gauge("jemputbola_database_up", "1 when the database answered the last look, otherwise 0.")
DATABASE_BYTES = Gauge("jemputbola_database_bytes", "Size of the database.")
OUTBOX_DUE = Gauge("jemputbola_outbox_due", "Messages that could go now.", ("priority",))
OUTBOX_WAIT = Gauge("jemputbola_outbox_wait_seconds", "How long the first message in line has waited.", ("priority",))
OUTBOX_PLANNED = Gauge("jemputbola_outbox_planned", "Messages whose moment is still to come, or that were put off.")
OUTBOX_HELD = Gauge("jemputbola_outbox_waiting_for_reader", "Messages that wait until their reader writes.")
OUTBOX_LEASED = Gauge("jemputbola_outbox_leased", "Messages that were handed out and are being sent.")
FILES_WAITING = Gauge("jemputbola_files_waiting", "Files to be fetched or written, those under way included.")
FAILED_EVENTS = Gauge("jemputbola_failed_events", "Events that were kept for a retry after a repair.")

EXPOSITION_TYPE = CONTENT_TYPE_LATEST


def show_figures(figures: Figures) -> None:
    """Show what a look at the database found."""
    for priority, queue in figures.queues.items():
        OUTBOX_DUE.labels(priority.name.lower()).set(queue.many)
        OUTBOX_WAIT.labels(priority.name.lower()).set(queue.waited.total_seconds())
    OUTBOX_PLANNED.set(figures.planned)
    OUTBOX_HELD.set(figures.held)
    OUTBOX_LEASED.set(figures.messages_leased)
    FILES_WAITING.set(figures.files_waiting)
    FAILED_EVENTS.set(figures.failed_events)
    DATABASE_BYTES.set(figures.database_bytes)
    DATABASE_UP.set(1)


def exposition() -> bytes:
    """Give all of it as Prometheus reads it."""
    return generate_latest()

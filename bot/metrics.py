"""What is counted, for ``/metrics``; no names, numbers of people or texts in any label."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

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
SEND_SECONDS = Histogram("jemputbola_send_seconds", "How long the channel took to take a message.", ("channel",))
FILES = Counter("jemputbola_files", "Files fetched, by how it ended.", ("outcome",))

EXPOSITION_TYPE = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """Give all of it as Prometheus reads it."""
    return generate_latest()

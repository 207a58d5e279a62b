"""What people write to each other, so that it can be answered."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from storage.tables.base import METADATA, number, reference

letter = Table(
    "letter",
    METADATA,
    Column("code", Text, primary_key=True),
    reference("sender_id", "person"),
    reference("reader_id", "person", has_index=True),
    Column("text", Text, nullable=False),
    number("sent_at"),
    Column("dedupe", Text, nullable=False),  # of the message that brings it: outbox.dedupe
    sqlite_with_rowid=False,
)

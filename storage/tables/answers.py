"""What is asked of whom, what was answered, and what it adds up to."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint

from storage.tables.base import LARGE_AND_CHANGED, METADATA, SMALL_AND_CHANGED, identity, number, reference

form_row = Table(
    "form_row",
    METADATA,
    identity(),
    Column("form", Text, nullable=False),
    Column("number", Text, nullable=False),
    UniqueConstraint("form", "number"),
)
cycle = Table(
    "cycle",
    METADATA,
    identity(),
    number("year"),
    number("closed_at", is_optional=True),
    UniqueConstraint("year"),
)
assignment = Table(
    "assignment",
    METADATA,
    identity(),
    reference("cycle_id", "cycle"),
    reference("region_id", "region", has_index=True),
    Column("form", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("progress", Text, nullable=False),
    number("sent_at", is_optional=True),
    Column("windows", Text, nullable=False, server_default=""),  # when answers are taken: see storage.window_rows
    UniqueConstraint("cycle_id", "form", "region_id"),
    sqlite_autoincrement=True,  # buttons carry its number
    postgresql_with=SMALL_AND_CHANGED,
)
sheet = Table(
    "sheet",
    METADATA,
    reference("assignment_id", "assignment", is_key=True),
    reference("form_row_id", "form_row", is_key=True),
    Column("body", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("version", Text, nullable=False),
    number("share", is_optional=True),
    number("approved_share", is_optional=True),
    reference("approved_by", "person", is_optional=True),
    number("approved_at", is_optional=True),
    reference("updated_by", "person", is_optional=True),
    number("updated_at"),
    sqlite_with_rowid=False,
    postgresql_with=LARGE_AND_CHANGED,
)
history = Table(
    "history",
    METADATA,
    identity(),
    reference("assignment_id", "assignment"),
    Column("key", Text, nullable=False),
    Column("old", Text),
    Column("new", Text),
    reference("person_id", "person"),
    number("at"),
    Column("version", Text, nullable=False),
    Column("event_key", Text, nullable=False),
)  # no index: what is only ever appended to costs the same however long it is
score_total = Table(
    "score_total",
    METADATA,
    reference("cycle_id", "cycle", is_key=True),
    reference("region_id", "region", is_key=True),
    reference("form_row_id", "form_row", is_key=True),
    number("units", default="0"),
    number("answered", default="0"),
    number("claimed", default="0"),
    number("approved", default="0"),
    number("verified", default="0"),
    Index("ix_score_total_region_id", "region_id"),
    sqlite_with_rowid=False,
)
message_topic = Table(
    "message_topic",
    METADATA,
    reference("address_id", "address", is_key=True),
    Column("message_id", Text, primary_key=True),
    reference("assignment_id", "assignment"),
    Column("key", Text, nullable=False),
    sqlite_with_rowid=False,
)

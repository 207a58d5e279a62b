"""What people are told without having asked: what was planned, who was told today, and what each of them wants."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, SmallInteger, Table, Text, false

from storage.tables.base import METADATA, number, reference

planned = Table(
    "planned",
    METADATA,
    Column("key", Text, primary_key=True),  # a rung of a ladder, a digest, a week's summaries: planned once
    number("at"),
    sqlite_with_rowid=False,
)
daily_contact = Table(
    "daily_contact",
    METADATA,
    reference("person_id", "person", is_key=True),
    number("day"),  # the last one on which they were told something: 20260331, where they live
    number("outbox_id"),  # the one message of that day
    sqlite_with_rowid=False,
)
snooze = Table(
    "snooze",
    METADATA,
    reference("person_id", "person", is_key=True),
    number("until"),  # not reminded before, and reminded then
    number("asked_at"),
)
subscription = Table(
    "subscription",
    METADATA,
    reference("person_id", "person", is_key=True),
    Column("topic", Text, primary_key=True),  # what it is about: storage.summaries, storage.planning
    Column("is_on", Boolean, nullable=False),
    Column("weekday", SmallInteger, nullable=False),  # 0 Monday ... 6 Sunday
    Column("minute", SmallInteger, nullable=False),  # of the day, where the person lives
    Column("is_always", Boolean, nullable=False, server_default=false()),  # also when nothing changed
)
told_summary = Table(
    "told_summary",
    METADATA,
    reference("person_id", "person", is_key=True),
    Column("topic", Text, primary_key=True),
    reference("region_id", "region", is_key=True),
    number("at"),
    Column("figures", Text, nullable=False),  # JSON: what was said, to tell what has changed since
    sqlite_with_rowid=False,
)

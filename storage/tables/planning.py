"""What people are told without having asked: what was planned, who was told today, and what each of them wants."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, SmallInteger, Table, Text

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
    reference("person_id", "person", is_key=True),  # who has none, has the usual one: conversations.subscriptions
    Column("is_on", Boolean, nullable=False),
    Column("slot", SmallInteger, nullable=False),  # minutes since Monday 00:00, where the person lives
    Column("is_always", Boolean, nullable=False),  # also when nothing changed
    Index("ix_subscription_slot", "slot"),
)
told_summary = Table(
    "told_summary",
    METADATA,
    reference("person_id", "person", is_key=True),
    reference("post_id", "post", is_key=True),
    number("outbox_id"),  # the message that tells it
    Column("figures", Text, nullable=False),  # JSON: what it says, to tell the next time what has changed since
    Column("before", Text, nullable=False),  # what the one before it said: it holds while this one has not gone out
    sqlite_with_rowid=False,
)

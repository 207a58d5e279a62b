"""Broadcasts: what is to be said, to whom, and who is reached by which message."""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, Table, Text

from storage.tables.base import METADATA, identity, number, reference

broadcast = Table(
    "broadcast",
    METADATA,
    identity(),
    reference("district_id", "region", has_index=True),
    reference("author_id", "person"),
    Column("state", SmallInteger, nullable=False),  # storage.broadcasts.BroadcastState
    Column("text", Text, nullable=False),  # plain, with its placeholders
    Column("file", Text, nullable=False, server_default=""),  # JSON of a StoredFile
    Column("audience", Text, nullable=False),  # JSON of a conversations.audiences.Audience
    number("confirmed_at"),
    number("starts_at"),  # not before the end of the time in which it can be undone
    number("ended_at", is_optional=True),
    number("shown_by", is_optional=True),  # the message in the author's chat that shows its progress
    sqlite_autoincrement=True,  # buttons and dedupe keys carry its number
)
recipient = Table(
    "recipient",
    METADATA,
    reference("broadcast_id", "broadcast", is_key=True),
    reference("person_id", "person", is_key=True),
    reference("post_id", "post"),  # for which of their posts they are among its audience
    number("outbox_id", is_optional=True),  # the message; empty: left out
    Column("left_out", Text, nullable=False, server_default=""),  # why
    Index("ix_recipient_outbox_id", "outbox_id"),
    sqlite_with_rowid=False,
)

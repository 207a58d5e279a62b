"""Broadcasts: what is to be said, to whom, and who is reached by which message."""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, Table, Text, text

from storage.tables.base import METADATA, identity, number, reference

UNDER_WAY = text("ended_at IS NULL")

broadcast = Table(
    "broadcast",
    METADATA,
    identity(),
    reference("district_id", "region", has_index=True),
    reference("author_id", "person"),
    Column("state", SmallInteger, nullable=False),  # conversations.broadcasts.BroadcastState
    Column("text", Text, nullable=False),  # plain, with its placeholders
    Column("file", Text, nullable=False, server_default=""),  # JSON of a StoredFile
    Column("audience", Text, nullable=False),  # JSON of a conversations.audiences.Audience
    number("confirmed_at"),
    number("starts_at"),  # not before the end of the time in which it can be undone
    number("listed_to", default="0"),  # recipients are listed in the order of their numbers, up to this one
    number("listed_at", is_optional=True),  # when the last of them was
    number("ended_at", is_optional=True),  # when nothing of it was under way any more; empty: it is looked after
    number("shown_by", is_optional=True),  # the message in the author's chat that shows its progress
    Column("shown", Text, nullable=False, server_default=""),  # what that message says by now
    Index("ix_broadcast_under_way", "id", sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
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
    Index("ix_recipient_person_id", "person_id"),
    sqlite_with_rowid=False,
)

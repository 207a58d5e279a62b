"""What came in, what waits to go out, and what went wrong."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, Table, Text, false, text

from storage.tables.base import BIG, METADATA, identity, number, reference

UNSENT = text("state <= 1")
"""Waiting (0) or leased (1): see ``storage.outbox_states``."""
GOES_LATER = text("state = 0 AND not_before > 0")
"""Waiting for its moment: most messages go at once, and have no place in an index by moments."""

event_key = Table(
    "event_key",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("at", BIG, nullable=False, index=True),
    sqlite_with_rowid=False,
)
outbox = Table(
    "outbox",
    METADATA,
    identity(),
    reference("address_id", "address"),
    Column("priority", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False, server_default="0"),
    Column("body", Text, nullable=False),
    Column("dedupe", Text),
    Column("supersedes", Text, nullable=False, server_default=""),
    reference("topic_assignment_id", "assignment", is_optional=True),
    Column("topic_key", Text, nullable=False, server_default=""),
    number("not_before", default="0"),
    number("not_after"),
    number("created_at"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    number("tenure", default="0"),  # of the lease under which it was handed out last
    Column("is_uncertain", Boolean, nullable=False, server_default=false()),
    Column("message_id", Text, nullable=False, server_default=""),
    number("done_at", is_optional=True),
    Column("reason", Text, nullable=False, server_default=""),
    Column("via", Text, nullable=False, server_default=""),  # "channel:account", see storage.envelopes
    Column("chosen_because", Text, nullable=False, server_default=""),  # why it goes there, see storage.reaching
    Column("purpose", Text, nullable=False, server_default=""),  # judged when it is sent; "": it just goes
    Column("edits", BIG, nullable=True),  # the message of this outbox whose text it replaces
    number("delivered_at", is_optional=True),  # as the channel reports later, where it does
    number("read_at", is_optional=True),
    Column("error_code", Integer, nullable=False, server_default="0"),  # the platform's, of the last failure reported
    Index(
        "ix_outbox_waiting",
        "via",
        "priority",
        "id",
        "not_before",
        "address_id",
        sqlite_where=text("state = 0"),
        postgresql_where=text("state = 0"),
    ),
    Index("ix_outbox_chat", "address_id", "priority", "id", sqlite_where=UNSENT, postgresql_where=UNSENT),
    Index(
        "ix_outbox_not_before",
        "via",
        "not_before",
        sqlite_where=GOES_LATER,
        postgresql_where=GOES_LATER,
    ),
    Index(
        "ix_outbox_leased",
        "via",
        sqlite_where=text("state = 1"),
        postgresql_where=text("state = 1"),
    ),
    Index(
        "ix_outbox_dedupe",
        "dedupe",
        unique=True,
        sqlite_where=text("dedupe IS NOT NULL"),
        postgresql_where=text("dedupe IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # its number goes to the channels, and must never mean another message
)
charge = Table(
    "charge",
    METADATA,
    Column("via", Text, primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False),  # 202603
    Column("category", Text, primary_key=True),  # as the platform names it: service, utility, marketing
    Column("market", Text, primary_key=True),  # the country whose price holds
    number("messages"),
    number("billable"),
    sqlite_with_rowid=False,
)
job = Table(
    "job",
    METADATA,
    identity(),
    reference("address_id", "address"),
    Column("body", Text, nullable=False),
    number("created_at"),
    number("not_before", default="0"),
    number("lease_until", default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    sqlite_autoincrement=True,  # its number makes the key of its result
)
failed_event = Table(
    "failed_event",
    METADATA,
    identity(),
    Column("event_key", Text, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("error", Text, nullable=False),
    number("at"),
    sqlite_autoincrement=True,  # its number makes the key under which it is tried again
)

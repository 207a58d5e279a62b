"""People, where they write from, the posts they hold, and how they come to them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, Text, UniqueConstraint, false, text

from storage.tables.base import METADATA, SMALL_AND_CHANGED, identity, number, reference

person = Table(
    "person",
    METADATA,
    identity(),
    Column("name", Text, nullable=False, server_default=""),
    Column("honorific", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False),
    number("consented_at", is_optional=True),
    number("forgotten_at", is_optional=True),
    Column("preferred_channel", Text, nullable=False, server_default=""),  # for what they did not ask for; "": any
    sqlite_autoincrement=True,  # the number of a person is never given to another: history names it
)
address = Table(
    "address",
    METADATA,
    identity(),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("user", Text, nullable=False),
    reference("person_id", "person", has_index=True),
    number("blocked_at", is_optional=True),
    Column("phone", Text, nullable=False, server_default=""),  # digits that the channel vouches for; "": not known
    number("heard_at", is_optional=True),  # the person's last message there, on channels with a window
    number("opted_out_at", is_optional=True),
    number("linked_at", is_optional=True),  # since when it is this person's; empty: from its first message on
    UniqueConstraint("user", "channel", "account"),  # the user first: a batch is looked up by users
    Index("ix_address_phone", "phone", sqlite_where=text("phone <> ''"), postgresql_where=text("phone <> ''")),
)
link_code = Table(
    "link_code",
    METADATA,
    reference("person_id", "person", is_key=True),  # the newest code of a person is the only one
    Column("code_hash", Text, nullable=False, unique=True),  # SHA-256 in hexadecimal; the code is not kept
    reference("address_id", "address", has_index=True),  # where it was asked for
    number("expires_at"),
    number("used_at", is_optional=True),
)
session = Table(
    "session",
    METADATA,
    reference("person_id", "person", is_key=True),
    reference("address_id", "address"),  # where the person wrote last
    Column("body", Text, nullable=False),
    postgresql_with=SMALL_AND_CHANGED,
)
post = Table(
    "post",
    METADATA,
    identity(),
    reference("region_id", "region"),
    Column("role", Text, nullable=False),
    Column("office", Text, nullable=False, server_default=""),
    UniqueConstraint("region_id", "role", "office"),
)
holding = Table(
    "holding",
    METADATA,
    identity(),
    reference("post_id", "post", has_index=True),
    reference("person_id", "person", has_index=True),
    Column("standing", Text, nullable=False),
    number("since"),
    number("until"),  # the first moment after it; FOREVER while it lasts
)
invitation = Table(
    "invitation",
    METADATA,
    identity(),
    Column("code_hash", Text, nullable=False, unique=True),  # SHA-256 in hexadecimal; the code is not kept
    reference("post_id", "post", has_index=True),
    Column("standing", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("honorific", Text, nullable=False, server_default=""),
    number("issued_at"),
    number("expires_at"),
    number("used_at", is_optional=True),
    reference("used_by", "person", is_optional=True),
    number("withdrawn_at", is_optional=True),
)
access_request = Table(
    "access_request",
    METADATA,
    identity(),
    reference("person_id", "person", has_index=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("standing", Text, nullable=False),
    reference("region_id", "region"),
    reference("district_id", "region", is_optional=True),
    Column("office", Text, nullable=False, server_default=""),
    number("at"),
    number("decided_at", is_optional=True),
    reference("decided_by", "person", is_optional=True),
    Column("is_granted", Boolean, nullable=False, server_default=false()),
    Index("ix_access_request_district_id_decided_at", "district_id", "decided_at"),
    sqlite_autoincrement=True,  # a button names it long after it was decided
)

"""When a cycle's stages open and close, for whom that is later, and who has yet to be told of a change."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from storage.tables.base import METADATA, number, reference

stage = Table(
    "stage",
    METADATA,
    reference("cycle_id", "cycle", is_key=True),
    reference("district_id", "region", is_key=True),
    Column("form", Text, primary_key=True),  # "": all forms that have no row of their own
    Column("key", Text, primary_key=True),  # of the instrument's calendar: evaluasi_mandiri, perbaikan, ...
    number("opens_at", is_optional=True),
    number("due_at", is_optional=True),  # the moment that people are told
    number("closes_at", is_optional=True),  # the moment from which nothing is taken any more; not before due_at
)
"""Every district of a cycle has a row for its first stage that takes answers."""
extension = Table(
    "extension",
    METADATA,
    reference("cycle_id", "cycle", is_key=True),
    reference("post_id", "post", is_key=True),
    Column("form", Text, primary_key=True),  # "": all of the post's forms
    Column("stage", Text, primary_key=True),
    number("until"),
    Column("reason", Text, nullable=False, server_default=""),
    reference("granted_by", "person", is_optional=True),  # empty: the administrator
    number("granted_at"),
)
window_change = Table(
    "window_change",
    METADATA,
    reference("assignment_id", "assignment", is_key=True),
    Column("before", Text, nullable=False),  # the windows that its people know
    number("at"),  # of the last change
    reference("changed_by", "person", is_optional=True),
    sqlite_with_rowid=False,
)
"""Windows that have changed; a row goes when everybody's message is in the outbox."""
told_window = Table(
    "told_window",
    METADATA,
    reference("person_id", "person", is_key=True),
    reference("assignment_id", "assignment", is_key=True),
    Column("windows", Text, nullable=False),  # as they were told last
    number("outbox_id"),  # by which message: one that is put off after all still has to go
    sqlite_with_rowid=False,
)

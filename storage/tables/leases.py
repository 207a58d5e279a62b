"""Which process does what only one may do."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from storage.tables.base import METADATA, number

lease = Table(
    "lease",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False, server_default=""),
    number("tenure", default="0"),
    number("beat", default="0"),
    sqlite_with_rowid=False,
)
"""``holder`` is empty when nobody holds it; ``tenure`` counts how often it was taken, ``beat`` every sign of life."""

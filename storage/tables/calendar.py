"""When a cycle's stages open and close, and for whom that is later."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from storage.tables.base import METADATA, number, reference

stage = Table(
    "stage",
    METADATA,
    reference("cycle_id", "cycle", is_key=True),
    reference("district_id", "region", is_key=True),
    Column("form", Text, primary_key=True),  # "" for all forms
    Column("key", Text, primary_key=True),  # of the instrument's calendar: evaluasi_mandiri, perbaikan, ...
    number("opens_at", is_optional=True),
    number("due_at", is_optional=True),  # the moment that people are told
    number("closes_at", is_optional=True),  # the moment from which nothing is taken any more; not before due_at
)
extension = Table(
    "extension",
    METADATA,
    reference("cycle_id", "cycle", is_key=True),
    reference("post_id", "post", is_key=True),
    Column("form", Text, primary_key=True),
    number("until"),
    Column("reason", Text, nullable=False, server_default=""),
    reference("granted_by", "person", is_optional=True),  # empty: the administrator
    number("granted_at"),
)

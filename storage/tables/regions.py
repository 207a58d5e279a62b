"""Regions: provinces, kabupaten and kota, kecamatan, desa and kelurahan."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from storage.tables.base import METADATA, identity, reference

# A region points at those around it, and its own column of its kind points at itself: one filter finds a subtree.
region = Table(
    "region",
    METADATA,
    identity(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    reference("province_id", "region", is_optional=True, has_index=True),
    reference("district_id", "region", is_optional=True, has_index=True),
    reference("subdistrict_id", "region", is_optional=True, has_index=True),
)

"""What all tables share: the metadata with its naming rules, and short words for columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Row

AnyRow = Row[*tuple[Any, ...]]
"""A row of a query, with whatever columns were asked for."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
SMALL_AND_CHANGED = {"fillfactor": 60}
"""For PostgreSQL: rows that every turn writes anew find room in their page, so that no index has to be told."""
LARGE_AND_CHANGED = {"fillfactor": 80}
"""The same for rows of which there are many, and which change now and then: less room, as it costs more."""
BIG = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite's INTEGER already has them, and only INTEGER is its row id."""


def identity() -> Column[int]:
    """Give a key that the database numbers."""
    return Column("id", BIG, primary_key=True)


def number(name: str, *, is_optional: bool = False, default: str | None = None) -> Column[int]:
    """Give a column of 64-bit integers."""
    return Column(name, BIG, nullable=is_optional, server_default=default)


def reference(
    name: str, to: str, *, is_key: bool = False, is_optional: bool = False, has_index: bool = False
) -> Column[int]:
    """Give a column that names a row of another table."""
    return Column(
        name,
        BIG,
        ForeignKey(f"{to}.id"),
        primary_key=is_key,
        nullable=is_optional,
        autoincrement=False,
        index=has_index or None,
    )

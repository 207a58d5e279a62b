"""Leases, and an outbox that hands out the messages of one account at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING, LEASED = sa.text("state = 0"), sa.text("state = 1")
BEFORE = {
    "ix_outbox_waiting": (["priority", "id", "not_before", "address_id"], WAITING),
    "ix_outbox_not_before": (["not_before"], WAITING),
    "ix_outbox_leased": (["lease_until"], LEASED),
}
AFTER = {
    "ix_outbox_waiting": (["via", "priority", "id", "not_before", "address_id"], WAITING),
    "ix_outbox_not_before": (["via", "not_before"], WAITING),
    "ix_outbox_leased": (["via"], LEASED),
}


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("tenure", BIG, server_default="0", nullable=False),
        sa.Column("beat", BIG, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        sqlite_with_rowid=False,
    )
    _drop(BEFORE)
    # Each change is one that SQLite makes in place: a copied table would forget which numbers it has given away.
    op.execute("ALTER TABLE outbox RENAME COLUMN lease_until TO tenure")
    op.add_column("outbox", sa.Column("via", sa.Text(), server_default="", nullable=False))
    channel = "(SELECT channel || ':' || account FROM address WHERE address.id = outbox.address_id)"
    op.execute(f"UPDATE outbox SET tenure = 0, via = {channel}")  # noqa: S608 - our own words
    _create(AFTER)


def downgrade() -> None:
    _drop(AFTER)
    op.execute("UPDATE outbox SET tenure = 0")
    op.execute("ALTER TABLE outbox DROP COLUMN via")
    op.execute("ALTER TABLE outbox RENAME COLUMN tenure TO lease_until")
    _create(BEFORE)
    op.drop_table("lease")


def _drop(indexes: dict[str, tuple[list[str], sa.TextClause]]) -> None:
    for name in indexes:
        op.drop_index(name, table_name="outbox")


def _create(indexes: dict[str, tuple[list[str], sa.TextClause]]) -> None:
    for name, (columns, where) in indexes.items():
        op.create_index(name, "outbox", columns, sqlite_where=where, postgresql_where=where)

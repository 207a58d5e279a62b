"""What a channel reports later about messages that it took: delivered, read, failed, and what they are charged as."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENTS = ("delivered_at", "read_at")


def upgrade() -> None:
    for name in MOMENTS:
        op.add_column("outbox", sa.Column(name, BIG, nullable=True))
    op.add_column("outbox", sa.Column("error_code", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "charge",
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("messages", BIG, nullable=False),
        sa.Column("billable", BIG, nullable=False),
        sa.PrimaryKeyConstraint("via", "month", "category", "market", name=op.f("pk_charge")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("charge")
    for name in (*MOMENTS, "error_code"):
        op.execute(f"ALTER TABLE outbox DROP COLUMN {name}")

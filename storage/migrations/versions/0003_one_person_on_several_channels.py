"""What a chat says about its person: phone, when they wrote last, whether they opted out; codes that link two chats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HAS_PHONE = sa.text("phone <> ''")
TEXTS = (("person", "preferred_channel"), ("address", "phone"), ("outbox", "chosen_because"))
MOMENTS = (("address", "heard_at"), ("address", "opted_out_at"), ("address", "linked_at"))


def upgrade() -> None:
    for table, name in TEXTS:
        op.add_column(table, sa.Column(name, sa.Text(), server_default="", nullable=False))
    for table, name in MOMENTS:
        op.add_column(table, sa.Column(name, BIG, nullable=True))
    op.create_index("ix_address_phone", "address", ["phone"], sqlite_where=HAS_PHONE, postgresql_where=HAS_PHONE)
    op.create_table(
        "link_code",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("address_id", BIG, nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.Column("used_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_link_code_address_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_code_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_link_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_link_code_code_hash")),
    )
    op.create_index("ix_link_code_address_id", "link_code", ["address_id"])


def downgrade() -> None:
    op.drop_table("link_code")
    op.drop_index("ix_address_phone", table_name="address")
    for table, name in (*MOMENTS, *TEXTS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")

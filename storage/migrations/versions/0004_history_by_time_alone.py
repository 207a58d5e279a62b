"""The history loses an index that nothing reads: it cost every answer more the longer the history was."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_history_assignment_id_key", table_name="history")


def downgrade() -> None:
    op.create_index("ix_history_assignment_id_key", "history", ["assignment_id", "key"])

"""Messages that go at once leave the index of those that go later; PostgreSQL keeps room beside rows that change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WAITING = "state = 0"
LATER = "state = 0 AND not_before > 0"
ROOM = {"assignment": 60, "session": 60, "sheet": 80}


def upgrade() -> None:
    _index(LATER)
    for table, filled in ROOM.items():
        _say_on_postgresql(f"ALTER TABLE {table} SET (fillfactor = {filled})")


def downgrade() -> None:
    _index(WAITING)
    for table in ROOM:
        _say_on_postgresql(f"ALTER TABLE {table} RESET (fillfactor)")


def _index(rows: str) -> None:
    op.drop_index("ix_outbox_not_before", table_name="outbox")
    where = sa.text(rows)
    op.create_index("ix_outbox_not_before", "outbox", ["via", "not_before"], sqlite_where=where, postgresql_where=where)


def _say_on_postgresql(statement: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(statement)

"""A cycle's calendar, what people are told without having asked, and broadcasts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ADDED = {
    "outbox": (
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("edits", BIG, nullable=True),
    ),
    "assignment": (sa.Column("windows", sa.Text(), server_default="", nullable=False),),
}
TABLES = (
    "stage",
    "extension",
    "window_change",
    "told_window",
    "planned",
    "daily_contact",
    "snooze",
    "subscription",
    "told_summary",
    "broadcast",
    "letter",
)
TAKEN_OVER = (
    """
    INSERT INTO stage (cycle_id, district_id, form, key, due_at, closes_at)
    SELECT cycle_id, district_id, '', 'evaluasi_mandiri', max(due_at), max(due_at)
    FROM deadline GROUP BY cycle_id, district_id
    """,
    """
    INSERT INTO stage (cycle_id, district_id, form, key, due_at, closes_at)
    SELECT own.cycle_id, own.district_id, own.form, 'evaluasi_mandiri', own.due_at, own.due_at
    FROM deadline own
    JOIN stage usual ON usual.cycle_id = own.cycle_id AND usual.district_id = own.district_id AND usual.form = ''
    WHERE coalesce(own.due_at, 0) <> coalesce(usual.due_at, 0)
    """,
    """
    UPDATE assignment SET windows = '[["evaluasi_mandiri",null,' || coalesce(CAST(due_at AS TEXT), 'null') || ','
    || coalesce(CAST(due_at AS TEXT), 'null') || ',0]]'
    """,
)
GIVEN_BACK = (
    """
    INSERT INTO deadline (cycle_id, district_id, form, due_at)
    SELECT DISTINCT asked.cycle_id, here.district_id, asked.form, coalesce(own.closes_at, usual.closes_at)
    FROM assignment asked
    JOIN region here ON here.id = asked.region_id
    LEFT JOIN stage usual ON usual.cycle_id = asked.cycle_id AND usual.district_id = here.district_id
    AND usual.form = '' AND usual.key = 'evaluasi_mandiri'
    LEFT JOIN stage own ON own.cycle_id = asked.cycle_id AND own.district_id = here.district_id
    AND own.form = asked.form AND own.key = 'evaluasi_mandiri'
    """,
    """
    UPDATE assignment SET due_at = (
        SELECT deadline.due_at FROM deadline
        JOIN region ON region.district_id = deadline.district_id
        WHERE region.id = assignment.region_id AND deadline.cycle_id = assignment.cycle_id
        AND deadline.form = assignment.form
    )
    """,
)


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column)
    op.execute("""UPDATE job SET body = '{"what":"file",' || substr(body, 2)""")  # there were no others
    _add_calendar()
    _take_deadlines_over()
    _add_planning()
    _add_broadcasts()
    _add_letters()


def _add_calendar() -> None:
    op.create_table(
        "stage",
        *_references("stage", cycle_id="cycle", district_id="region"),
        _text("form"),
        _text("key"),
        *(sa.Column(name, BIG, nullable=True) for name in ("opens_at", "due_at", "closes_at")),
        sa.PrimaryKeyConstraint("cycle_id", "district_id", "form", "key", name=op.f("pk_stage")),
    )
    op.create_table(
        "extension",
        *_references("extension", cycle_id="cycle", post_id="post"),
        _text("form"),
        _text("stage"),
        _number("until"),
        _text("reason", default=""),
        *_references("extension", is_optional=True, granted_by="person"),
        _number("granted_at"),
        sa.PrimaryKeyConstraint("cycle_id", "post_id", "form", "stage", name=op.f("pk_extension")),
    )
    op.create_table(
        "window_change",
        *_references("window_change", assignment_id="assignment"),
        _text("before"),
        _number("at"),
        *_references("window_change", is_optional=True, changed_by="person"),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_window_change")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "told_window",
        *_references("told_window", person_id="person", assignment_id="assignment"),
        _text("windows"),
        _number("outbox_id"),
        sa.PrimaryKeyConstraint("person_id", "assignment_id", name=op.f("pk_told_window")),
        sqlite_with_rowid=False,
    )


def _take_deadlines_over() -> None:
    """A form's deadline becomes the end of the self-assessment: that of most, or its own where it differs."""
    for statement in TAKEN_OVER:
        op.execute(statement)
    op.drop_table("deadline")
    op.execute("ALTER TABLE assignment DROP COLUMN due_at")


def _add_planning() -> None:
    op.create_table(
        "planned",
        _text("key"),
        _number("at"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_planned")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "daily_contact",
        *_references("daily_contact", person_id="person"),
        _number("day"),
        _number("outbox_id"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_daily_contact")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snooze",
        *_references("snooze", person_id="person"),
        _number("until"),
        _number("asked_at"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_snooze")),
    )
    op.create_table(
        "subscription",
        *_references("subscription", person_id="person"),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("is_always", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_slot", "subscription", ["slot"])
    op.create_table(
        "told_summary",
        *_references("told_summary", person_id="person", post_id="post"),
        _number("outbox_id"),
        _text("figures"),
        _text("before"),
        sa.PrimaryKeyConstraint("person_id", "post_id", name=op.f("pk_told_summary")),
        sqlite_with_rowid=False,
    )


def _add_broadcasts() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", BIG, nullable=False),
        *_references("broadcast", district_id="region", author_id="person"),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        _text("text"),
        _text("file", default=""),
        _text("audience"),
        _number("confirmed_at"),
        _number("starts_at"),
        sa.Column("listed_to", BIG, server_default="0", nullable=False),
        *(sa.Column(name, BIG, nullable=True) for name in ("listed_at", "ended_at", "shown_by")),
        _text("shown", default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_broadcast_district_id", "broadcast", ["district_id"])
    under_way = sa.text("ended_at IS NULL")
    op.create_index("ix_broadcast_under_way", "broadcast", ["id"], sqlite_where=under_way, postgresql_where=under_way)
    op.create_table(
        "recipient",
        *_references("recipient", broadcast_id="broadcast", person_id="person", post_id="post"),
        sa.Column("outbox_id", BIG, nullable=True),
        _text("left_out", default=""),
        sa.PrimaryKeyConstraint("broadcast_id", "person_id", name=op.f("pk_recipient")),
        sqlite_with_rowid=False,
    )
    for name in ("outbox_id", "person_id"):
        op.create_index(f"ix_recipient_{name}", "recipient", [name])


def _add_letters() -> None:
    op.create_table(
        "letter",
        _text("code"),
        *_references("letter", sender_id="person", reader_id="person"),
        _text("text"),
        _number("sent_at"),
        _text("dedupe"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_letter")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_letter_reader_id", "letter", ["reader_id"])


def _references(table: str, *, is_optional: bool = False, **to: str) -> list[Any]:
    columns = [sa.Column(name, BIG, autoincrement=False, nullable=is_optional) for name in to]
    keys = [
        sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}")) for name, other in to.items()
    ]
    return [*columns, *keys]


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, BIG, nullable=False)


def downgrade() -> None:
    op.execute("""DELETE FROM job WHERE body NOT LIKE '{"what":"file"%'""")
    op.execute("""UPDATE job SET body = '{' || substr(body, 16)""")
    _give_deadlines_back()
    for table in ("recipient", *reversed(TABLES)):
        op.drop_table(table)
    for table, columns in ADDED.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")


def _give_deadlines_back() -> None:
    """One end for each form: that of the self-assessment."""
    op.create_table(
        "deadline",
        *_references("deadline", cycle_id="cycle", district_id="region"),
        _text("form"),
        sa.Column("due_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("cycle_id", "district_id", "form", name=op.f("pk_deadline")),
    )
    op.add_column("assignment", sa.Column("due_at", BIG, nullable=True))
    for statement in GIVEN_BACK:
        op.execute(statement)

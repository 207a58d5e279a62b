"""The migrations lead from nothing to the tables that the program knows."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from storage.database import connect, migrate
from storage.errors import StorageError
from storage.migrations.running import configuration
from storage.outbox import Sender
from storage.store import Store
from storage.tables import METADATA
from tests.databases import PostgresqlDatabases
from tests.storage.forms import NOW, make_library
from tests.storage.people import MUCH_ROOM


def url_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, METADATA))


def definitions(connection: Connection) -> list[str]:
    """Give what SQLite keeps of tables and indexes; the order of constraints in a table does not matter."""
    found = connection.execute(text("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND sql IS NOT NULL"))
    return sorted(str(sorted(re.sub(r'[\s"(),]+', " ", sql).split())) for (sql,) in found)


async def test_migrating_an_empty_database_makes_the_tables_of_the_models(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "new.sqlite3"

    await migrate(url_of(file))

    with create_engine(f"sqlite:///{file}").connect() as connection:
        assert differences(connection) == []
    with create_engine("sqlite://").connect() as made, create_engine(f"sqlite:///{file}").connect() as migrated:
        METADATA.create_all(made)
        assert definitions(migrated) == definitions(made)


ASKED_OF_POSTGRESQL = (
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1",
    "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL AND relkind = 'r' ORDER BY 1",
)


async def test_on_postgresql_too_with_the_same_indexes_and_room_in_the_pages(
    postgresql_databases: PostgresqlDatabases,
) -> None:
    migrated, made = postgresql_databases.blank(), postgresql_databases.blank()
    await migrate(migrated)
    found = []
    for url in (migrated, made):
        engine = connect(url)
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)  # what is there already stays
            assert await connection.run_sync(differences) == []
            found.append([list(await connection.execute(text(each))) for each in ASKED_OF_POSTGRESQL])
        await engine.dispose()
        postgresql_databases.drop(url)

    assert found[0] == found[1]
    assert {row.relname for row in found[0][1]} >= {"assignment", "session", "sheet"}


async def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "twice.sqlite3"
    await migrate(url_of(file))
    before = file.read_bytes()

    await migrate(url_of(file))

    assert file.read_bytes() == before


OLD_MESSAGE = """
INSERT INTO person (id, language) VALUES (1, 'id');
INSERT INTO address (id, channel, account, "user", person_id) VALUES (1, 'telegram', '77', 'a', 1);
INSERT INTO outbox (id, address_id, priority, state, body, not_after, created_at, lease_until)
VALUES (1, 1, 0, 1, '{"text":"halo"}', 9999999999999, 1, 1767225600000)
"""


async def test_a_message_that_was_under_way_before_the_upgrade_is_sent_again(database_url: str) -> None:
    engine = connect(database_url)
    async with engine.connect() as connection:
        await connection.run_sync(lambda there: command.downgrade(configuration(there), "0001"))
        for statement in OLD_MESSAGE.split(";"):
            await connection.exec_driver_sql(statement)
        await connection.commit()
    await migrate(database_url)
    outbox, sender = Store(engine, make_library()).outbox, Sender("telegram:77", 1)

    await outbox.sweep(NOW, sender=sender)
    (row,) = await outbox.claim(NOW, sender=sender, room=MUCH_ROOM)

    await engine.dispose()
    assert (row.message.text, row.is_uncertain) == ("halo", True)


async def test_a_database_of_a_newer_program_is_refused_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "newer.sqlite3"
    await migrate(url_of(file))
    with create_engine(f"sqlite:///{file}").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StorageError, match=r"9999.*newer program"):
        await migrate(url_of(file))


async def test_the_settings_of_a_connection_keep_an_acknowledged_answer_through_a_power_cut(tmp_path: Path) -> None:
    engine = connect(url_of(tmp_path / "settings.sqlite3"))
    names = ("journal_mode", "synchronous", "foreign_keys")

    async with engine.connect() as connection:
        found = [await connection.scalar(text(f"PRAGMA {name}")) for name in names]
    await engine.dispose()

    assert found == ["wal", 2, 1]


def test_an_address_of_another_database_is_refused() -> None:
    with pytest.raises(StorageError, match="mysql"):
        connect("mysql://somewhere/db")


def test_the_tables_can_be_written_down_for_postgresql() -> None:
    written = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in METADATA.sorted_tables]  # type: ignore[no-untyped-call]

    assert any("BIGSERIAL" in each for each in written)


async def test_nobody_else_on_the_machine_can_read_a_new_database(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "private.sqlite3"

    await migrate(f"sqlite+aiosqlite:///{file}")

    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)

"""What the doctor finds on a machine, and what it says to do."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfoNotFoundError

import pytest

from bot.diagnosis import Finding, diagnose
from bot.machine import _is_behind_closed_door
from bot.settings import Settings
from storage.backups.folder import Backup, BackupFolder
from storage.database import migrate
from tests.bot.clocks import NOON, JumpingClock
from tests.telegram_server import TelegramServer


class Room(NamedTuple):
    """What shutil says of a disk."""

    free: int


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def look(what: str, settings: Settings | None = None, *, at: datetime = NOON) -> Finding:
    """Let the doctor look at one thing."""
    (finding,) = await diagnose(settings or Settings(web_port=0), [what], JumpingClock(at))
    return finding


def with_bot(**others: object) -> Settings:
    return Settings.model_validate({"telegram_token": "1:testing", "web_port": 0, **others})


async def test_folders_are_made_and_can_be_written_to(tmp_path: Path) -> None:
    found = await look("folders")

    assert found.is_well
    assert (tmp_path / "var" / "backup").is_dir()


async def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "files").write_text("in the way", "utf-8")

    found = await look("folders")

    assert not found.is_well
    assert "var/files" in found.said
    assert "Give it to the user" in found.said


async def test_a_disk_that_is_nearly_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Room(100 * 1024 * 1024))

    found = await look("folders")

    assert not found.is_well
    assert "100 are left" in found.said


async def test_secrets_that_others_can_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.machine._is_behind_closed_door", lambda _path: False)
    env = tmp_path / ".env"
    env.write_text("JEMPUTBOLA_DISTRICT=16.02", "utf-8")
    env.chmod(0o644)
    before = await look("secrecy")

    env.chmod(0o600)
    after = await look("secrecy")

    assert (before.is_well, "chmod 600 .env" in before.said) == (False, True)
    assert after.is_well


def test_what_lies_behind_a_closed_door_need_not_be_closed_itself(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "deep").mkdir(parents=True)
    closed.chmod(0o700)

    assert _is_behind_closed_door(closed / "deep" / "file")


async def test_a_new_installation_is_closed_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.machine._is_behind_closed_door", lambda _path: False)
    settings = Settings(web_port=0)
    await migrate(settings.database_url)
    BackupFolder(settings.backup_folder).begin(NOON)

    assert (await look("folders")).is_well
    assert (await look("secrecy")).is_well


async def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    settings = Settings(web_port=0)
    await migrate(settings.database_url)
    later = NOON + timedelta(days=1)
    os.utime(tmp_path / "var" / "jemputbola.db", (later.timestamp(), later.timestamp()))
    for beside in (tmp_path / "var").glob("jemputbola.db-*"):
        beside.unlink()

    found = await look("clock", settings)

    assert not found.is_well
    assert "set back" in found.said
    assert (await look("clock", settings, at=later)).is_well


async def test_a_machine_without_time_zones_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise ZoneInfoNotFoundError

    monkeypatch.setattr("bot.machine.ZoneInfo", missing)

    assert "tzdata" in (await look("clock")).said


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


async def test_the_clock_is_compared_with_telegrams(server: TelegramServer) -> None:
    settings = with_bot(telegram_base_url=server.url)
    now = datetime.now(UTC)  # noqa: TID251 - the server's own

    right = await look("clock", settings, at=now)
    wrong = await look("clock", settings, at=now - timedelta(minutes=5))

    assert (right.is_well, right.said.endswith("as Telegram's")) == (True, True)
    assert (wrong.is_well, "slow" in wrong.said) == (False, True)


async def test_a_telegram_that_is_away_gives_no_date() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

    found = await look("clock", with_bot(telegram_base_url=url))

    assert (found.is_well, "not compared" in found.said) == (True, True)


async def test_a_port_that_is_free_taken_or_impossible_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        in_use = await look("port", Settings(web_port=taken.getsockname()[1]))
    free = await look("port")
    impossible = await look("port", Settings(web_host="203.0.113.7", web_port=0))

    assert (in_use.is_well, "in use" in in_use.said) == (True, True)
    assert (free.is_well, "free" in free.said) == (True, True)
    assert (impossible.is_well, "JEMPUTBOLA_WEB_HOST" in impossible.said) == (False, True)


def back_up(at: datetime) -> None:
    folder = BackupFolder(Settings(web_port=0).backup_folder)
    folder.finish(folder.begin(at), Backup(at, "0001", "database.sqlite3", "", ()))


async def test_a_program_that_talks_to_people_needs_a_backup() -> None:
    settings = with_bot()
    before = await look("backups", settings)

    await migrate(settings.database_url)

    assert (before.is_well, (await look("backups", settings)).is_well) == (True, False)


async def test_an_old_backup_is_told() -> None:
    back_up(NOON - timedelta(days=3))
    old = await look("backups")
    back_up(NOON - timedelta(hours=6))
    fresh = await look("backups")

    assert (old.is_well, "2026-03-09" in old.said) == (False, True)
    assert (fresh.is_well, fresh.said) == (True, "the newest is 6 hours old")


async def test_the_database_is_looked_at_and_left_alone(tmp_path: Path) -> None:
    settings = Settings(web_port=0)
    before = await look("database", settings)
    is_made = (tmp_path / "var" / "jemputbola.db").exists()
    await migrate(settings.database_url)
    after = await look("database", settings)

    assert (before.is_well, "first start makes" in before.said, is_made) == (True, True, False)
    assert (after.is_well, "0 messages wait" in after.said) == (True, True)


@pytest.mark.parametrize(("version", "said"), [("9999", "newer program"), ("0000", "next start brings")])
async def test_tables_of_another_version_are_told(version: str, said: str, tmp_path: Path) -> None:
    settings = Settings(web_port=0)
    await migrate(settings.database_url)
    with sqlite3.connect(tmp_path / "var" / "jemputbola.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))

    assert said in (await look("database", settings)).said


async def test_failed_events_are_told(tmp_path: Path) -> None:
    settings = Settings(web_port=0)
    await migrate(settings.database_url)
    with sqlite3.connect(tmp_path / "var" / "jemputbola.db") as connection:
        connection.execute("INSERT INTO failed_event (event_key, envelope, error, at) VALUES ('x', '{}', 'x', 1)")

    found = await look("database", settings)

    assert (found.is_well, "jemputbola failed list" in found.said) == (False, True)

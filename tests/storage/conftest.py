"""A store over a real SQLite file, and one with a district on its roster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import connect, migrate
from storage.store import Store
from tests.storage.forms import DUE, make_library
from tests.storage.people import KAUR


def open_store(file: Path) -> Store:
    return Store(connect(f"sqlite+aiosqlite:///{file}"), make_library())


async def fill(folder: Path) -> None:
    await migrate(f"sqlite+aiosqlite:///{folder}/empty.sqlite3")
    (folder / "kaur.sqlite3").write_bytes((folder / "empty.sqlite3").read_bytes())
    store = open_store(folder / "kaur.sqlite3")
    await store.roster.add_district(KAUR, 2026, DUE)
    await store.close()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty database and one with Kabupaten Kaur, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("templates")
    asyncio.run(fill(folder))
    return folder


@pytest.fixture
async def store(templates: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A store with nothing in it."""
    file = tmp_path / "kept.sqlite3"
    file.write_bytes((templates / "empty.sqlite3").read_bytes())
    opened = open_store(file)
    yield opened
    await opened.close()


@pytest.fixture
async def kaur(templates: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A store with Kabupaten Kaur on its roster: 15 kecamatan, 195 villages."""
    file = tmp_path / "kaur.sqlite3"
    file.write_bytes((templates / "kaur.sqlite3").read_bytes())
    opened = open_store(file)
    yield opened
    await opened.close()

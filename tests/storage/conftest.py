"""A store over a real database, and one with a district on its roster; each on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from storage.database import connect
from storage.store import Store
from tests.databases import Databases, Template
from tests.storage.forms import DUE, NOW, make_library
from tests.storage.people import KAUR


def open_store(url: str) -> Store:
    return Store(connect(url), make_library())


async def add_kaur(url: str) -> None:
    store = open_store(url)
    await store.roster.add_district(KAUR, 2026, DUE, at=NOW)
    await store.close()


WITH_KAUR = Template("kaur", add_kaur)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store with nothing in it."""
    opened = open_store(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def kaur_url(databases: Databases) -> Iterator[str]:
    """The address of a database with Kabupaten Kaur on its roster: 15 kecamatan, 195 villages."""
    url = databases.new(WITH_KAUR)
    yield url
    databases.drop(url)


@pytest.fixture
async def kaur(kaur_url: str) -> AsyncIterator[Store]:
    """A store over that database."""
    opened = open_store(kaur_url)
    yield opened
    await opened.close()

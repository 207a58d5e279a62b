"""Opening what is kept, for the length of one command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.composition import load_library, open_store
from bot.settings import Settings
from storage.database import migrate
from storage.store import Store


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Open the database, with its tables up to date, and close it."""
    library = load_library(settings)
    await migrate(settings.database_url)
    store = open_store(settings, library)
    try:
        yield store
    finally:
        await store.close()

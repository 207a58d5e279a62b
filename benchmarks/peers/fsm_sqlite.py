"""A durable storage for aiogram, of the kind that its documentation asks for: SQLite with ``synchronous=FULL``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import aiosqlite
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

CREATE = """
CREATE TABLE IF NOT EXISTS fsm (bot INTEGER, chat INTEGER, user INTEGER, state TEXT, data TEXT NOT NULL DEFAULT '{}',
PRIMARY KEY (bot, chat, user)) WITHOUT ROWID
"""
WHERE = "WHERE bot = ? AND chat = ? AND user = ?"
SET_STATE = (
    "INSERT INTO fsm (bot, chat, user, state) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state"
)
SET_DATA = "INSERT INTO fsm (bot, chat, user, data) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data"
LEVELS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


class SqliteStorage(BaseStorage):
    """One row a person. What is set is kept when ``commit`` returns; people who wait at the same time share a sync."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, file: Path) -> Self:
        """Open or make the file."""
        connection = await aiosqlite.connect(file)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", CREATE):
            await connection.execute(statement)
        return cls(connection)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Keep a person's state."""
        named = state.state if isinstance(state, State) else state
        await self._connection.execute(SET_STATE, (*_key(key), named))

    async def get_state(self, key: StorageKey) -> str | None:
        """Give a person's state."""
        found = await self._one("state", key)
        return None if found is None else str(found)

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep a person's data."""
        await self._connection.execute(SET_DATA, (*_key(key), json.dumps(data)))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """Give a person's data."""
        found = await self._one("data", key)
        return json.loads(found) if found else {}

    async def commit(self) -> None:
        """Sync what everybody has set so far."""
        await self._connection.commit()

    async def durability(self) -> str:
        """Ask the connection how it syncs."""
        async with self._connection.execute("PRAGMA synchronous") as cursor:
            level = await cursor.fetchone()
        return f"synchronous={LEVELS[level[0]]}" if level and level[0] >= 2 else ""

    async def close(self) -> None:
        """Close the file."""
        await self._connection.close()

    async def _one(self, column: str, key: StorageKey) -> Any:
        async with self._connection.execute(f"SELECT {column} FROM fsm {WHERE}", _key(key)) as cursor:  # noqa: S608
            row = await cursor.fetchone()
        return row[0] if row else None


def _key(key: StorageKey) -> tuple[int, int, int]:
    return key.bot_id, key.chat_id, key.user_id

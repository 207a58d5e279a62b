"""What is said when the database is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database, connect
from storage.errors import StorageError


async def test_a_server_that_is_gone_is_told_in_words(tmp_path: Path) -> None:
    engine = connect(f"postgresql+asyncpg://somebody@/answers?host={tmp_path}")

    with pytest.raises(StorageError) as gone:
        async with Database(engine).reading("Looking"):
            raise AssertionError("nobody is there")

    assert "Looking: the database was expected to take part" in str(gone.value)
    assert "FileNotFoundError: No such file or directory" in str(gone.value)
    assert "then try again" in str(gone.value)

"""One short rehearsal, looked at by several tests."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from bot.rehearsal.play import Played, Script, play
from bot.settings import Settings

SCRIPT = Script("16.07", date(2026, 4, 6), days=18, people=4, seed="3")


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play it once; whoever changes what happened has to copy it."""
    folder = tmp_path_factory.mktemp("rehearsal")
    settings = Settings(_env_file=None, cache_folder=folder / "cache")
    return asyncio.run(play(SCRIPT, settings, folder))

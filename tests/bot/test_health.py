"""Alive is not yet ready: what a supervisor and a load balancer are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.composition import assemble, load_library, open_store
from bot.health import Health
from bot.metrics import exposition
from bot.settings import Settings
from storage import schema
from storage.database import migrate
from storage.errors import StorageError


class Watched:
    """A program that runs its turns, and what its pages say of it."""

    def __init__(self, health: Health, stopping: asyncio.Event) -> None:
        self.health = health
        self.stopping = stopping


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/health.db",
        cache_folder=tmp_path / "cache",
        simulator_folder=tmp_path / "simulator",
        files_folder=tmp_path / "files",
    )
    await migrate(settings.database_url)
    store = open_store(settings, load_library(settings))
    program = assemble(settings, store)
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(program.pipeline.run())
        intake = [tasks.create_task(each.run(program.pipeline.submit)) for each in program.channels]
        await asyncio.sleep(0)
        yield Watched(Health(program, stopping), stopping)
        intake[0].cancel()
        program.pipeline.stop()
    await store.close()


async def test_a_running_program_is_alive_and_ready(watched: Watched) -> None:
    live, ready = await watched.health.live(), await watched.health.ready()

    assert not any(live.values())
    assert not any(ready.values())


async def test_a_program_that_was_asked_to_stop_is_alive_but_not_ready(watched: Watched) -> None:
    watched.stopping.set()

    live, ready = await watched.health.live(), await watched.health.ready()

    assert not any(live.values())
    assert ready["running"] == "the program is stopping"


async def test_tables_of_another_version_are_not_ready(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health.newest_version", lambda: "9999")

    ready = await watched.health.ready()

    assert not ready["database"]
    assert "version" in ready["migrations"]


async def test_a_database_that_is_away_makes_it_unready_but_not_dead(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> object:
        raise StorageError("away")

    monkeypatch.setattr("storage.store.Store.version", away)
    monkeypatch.setattr("storage.figures.FigureReader.read", away)
    await watched.health.measure()

    live, ready = await watched.health.live(), await watched.health.ready()

    assert not any(live.values())
    assert (bool(ready["database"]), bool(ready["migrations"]), ready["running"]) == (True, True, "")
    assert b"jemputbola_database_up 0.0" in exposition()


async def test_the_figures_of_the_database_are_shown(watched: Watched) -> None:
    await watched.health.measure()

    shown = exposition()

    assert b"jemputbola_database_up 1.0" in shown
    assert b'jemputbola_outbox_due{priority="reply"} 0.0' in shown


def test_the_newest_version_is_that_of_the_migrations() -> None:
    from alembic.script import ScriptDirectory

    from storage.migrations.running import configuration

    assert ScriptDirectory.from_config(configuration()).get_current_head() == schema.newest_version()

"""The whole program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 30


class Running:
    """The program, started with nothing configured but a free port."""

    def __init__(self, folder: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JEMPUTBOLA_")}
        environment |= {"JEMPUTBOLA_WEB_PORT": "0", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from bot.cli import main; main()", "run"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.greeting = self._process.stdout.readline()
        self.address = self.greeting.rstrip().removesuffix("/").rpartition(" ")[2]

    def stop(self) -> tuple[int, str]:
        """Ask it to stop; give its exit code and what it logged."""
        self._process.terminate()
        _, logged = self._process.communicate(timeout=STOP_SECONDS)
        return self._process.returncode, logged


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.stop()


def test_with_nothing_configured_the_simulator_is_served_and_stops_gracefully(program: Running, tmp_path: Path) -> None:
    page = httpx.get(program.address)
    alive = httpx.get(f"{program.address}/healthz")
    ready = httpx.get(f"{program.address}/readyz")
    exit_code, logged = program.stop()

    assert page.status_code == 200
    assert alive.json() == {"ok": True, "pipeline": True}
    assert ready.json() == {
        "ok": True,
        "running": True,
        "database": True,
        "migrations": True,
        "leases": True,
        "channel simulator local": True,
    }
    assert (exit_code, "Traceback" in logged) == (0, False)
    assert {each.name for each in tmp_path.iterdir()} == {"var"}


def test_an_empty_database_gets_a_district_to_try(program: Running) -> None:
    found = httpx.get(f"{program.address}/api/posts", params={"kind": "village_head", "words": "sungai rebo"})

    assert [post["region"] for post in found.json()["posts"]]
    assert found.json()["posts"][0]["district"] == "Kabupaten Banyuasin"

"""The throw-away server leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.databases import Server

ROOT = Path(__file__).parents[2]
KEEP_ONE = """
import sys
from tests.databases import throw_away_server
with throw_away_server() as server:
    print(server.url("postgres"), flush=True)
    sys.stdin.read()
"""


def test_a_server_and_its_folder_end_with_a_process_that_was_killed(postgresql_server: Server) -> None:
    """``postgresql_server`` says whether there is a PostgreSQL here at all."""
    with subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", KEEP_ONE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        folder = Path(str(make_url(process.stdout.readline().strip()).query["host"]))
        was_there = (folder / "data").is_dir()
        process.send_signal(signal.SIGKILL)
        process.stdout.read()  # the server's guardian holds it open as long as it lives

    assert was_there
    assert not folder.exists()

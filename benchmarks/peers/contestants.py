"""Who takes part, and where each of them keeps what it is told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.peers.jemput_bola import fill
from tests.databases import Databases, PostgresqlDatabases, SqliteDatabases, Template, throw_away_server


class Contestant(NamedTuple):
    """One row of the tables."""

    name: str
    opens: str
    """Module and function that open its bot."""
    kind: str
    """Of the place where it keeps what it is told: ``folder``, ``sqlite`` or ``postgresql``."""
    processes: int = 1
    """That share one place; each serves a part of the people."""


CONTESTANTS = (
    Contestant("python-telegram-bot, memory", "conversation_handler:in_memory", "folder"),
    Contestant("aiogram, memory", "fsm:in_memory", "folder"),
    Contestant("aiogram, SQLite", "fsm:on_sqlite", "folder"),
    Contestant("aiogram-dialog, memory", "windows:in_memory", "folder"),
    Contestant("ours, SQLite", "jemput_bola:opened", "sqlite"),
    Contestant("ours, PostgreSQL", "jemput_bola:opened", "postgresql"),
    Contestant("ours, PostgreSQL, 2 processes", "jemput_bola:opened", "postgresql", processes=2),
)
PICKLED = Contestant("python-telegram-bot, pickle", "conversation_handler:pickled", "folder")
"""As quick as in memory, where everything is but for a file that is written once a minute: it is killed only."""

NewPlace = Callable[[str], str]
"""Gives a fresh place of a kind; in ours everybody is registered, and was asked the first question."""


@contextmanager
def places(people: int) -> Iterator[NewPlace]:
    """Prepare fresh places for so many people; all of them are removed at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jemputbola-peers-")))
        server = stack.enter_context(throw_away_server(is_durable=True, parent=folder.parent))
        databases: dict[str, Databases] = {"sqlite": SqliteDatabases(folder), "postgresql": PostgresqlDatabases(server)}
        registered = Template(f"with_{people}_people", lambda url: fill(url, people))

        def new(kind: str) -> str:
            if kind == "folder":
                return tempfile.mkdtemp(dir=folder)
            return databases[kind].new(registered)

        yield new

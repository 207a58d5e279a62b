"""Running the program and looking after its database."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from bot.settings import Settings
from bot.whatsapp_number import WEBHOOK_PATH

Result = TypeVar("Result")


def in_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, with uvloop where there is one."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@click.command()
def run() -> None:
    """Run the bot until Ctrl+C.

    With nothing configured it keeps everything in var/ and serves the simulator, a phone on a web page.
    """
    gc.disable()  # what is imported and loaded lives as long as the program, which enables it again
    settings = Settings()
    from bot import running
    from bot.logging import configure_logging

    configure_logging(level=settings.log_level, style=settings.log_format)
    in_loop(running.run(settings, lambda address: click.echo(_greeting(settings, address))))


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this version (``run`` does it by itself)."""
    from storage.database import migrate

    in_loop(migrate(Settings().database_url))
    click.echo("The database is up to date.")


@db.command()
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """Copy the SQLite database at the address SOURCE to the empty PostgreSQL database at TARGET. Stop the bot first.

    Every table is compared row by row before anything is kept. Leave a password out of the address: PGPASSWORD or
    ~/.pgpass give it without showing it.

    \b
    jemputbola db copy sqlite+aiosqlite:///var/jemputbola.db postgresql://jemputbola@db.example/jemputbola
    """  # noqa: D301 - click wants the character itself
    from bot.exclusive import only_one
    from storage.copying import copy_database, refuse_other_kinds

    refuse_other_kinds(source, target)
    with only_one(source), click.progressbar(length=1, label="Copying and comparing") as bar:

        def watch(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        copied = in_loop(copy_database(source, target, watch))
    for each in copied:
        click.echo(f"{each.table:<16} {each.rows:>12,} rows, the same on both sides")
    click.echo("Copied. Set JEMPUTBOLA_DATABASE_URL to the new address; the folder of evidence stays where it is.")


@click.command()
def doctor() -> None:
    """Look whether everything is in order, and say what to do where it is not."""
    from bot.diagnosis import diagnose

    findings = in_loop(diagnose(Settings()))
    for finding in findings:
        click.echo(f"{'ok ' if finding.is_well else 'BAD'} {finding.what}: {finding.said}")
    if not all(finding.is_well for finding in findings):
        raise SystemExit(1)


def _greeting(settings: Settings, address: str) -> str:
    what = "simulator" if settings.has_simulator else "health"
    where = f"{address}/" if settings.has_simulator else f"{address}/healthz"
    lines = [f"Jemput Bola is running; {what}: {where}"]
    lines += [f"Telegram bot {bot.id}: {bot.updates}." for bot in settings.bots]
    lines += [f"WhatsApp number {number.id}: Meta brings messages to {WEBHOOK_PATH}." for number in settings.numbers]
    return "\n".join([*lines, "Ctrl+C stops it."])

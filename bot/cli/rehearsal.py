"""Playing a cycle through before it begins."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.cli.service import in_loop
from bot.settings import Settings

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing of a rehearsal is to last, and memory is quicker than a disk
MOST_SHOWN = 40
"""Findings; more say the same."""


@click.command()
@click.argument("district")
@click.option("--days", type=click.IntRange(7, 400), default=60, show_default=True, help="How long the cycle is.")
@click.option(
    "--people", type=click.IntRange(1, 2000), default=334, show_default=True, help="Village heads and camats."
)
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), help="First day, such as 2026-03-02; by default today.")
@click.option("--seed", default="1", show_default=True, help="Other people and mishaps for another word.")
@click.option("--mishaps/--calm", "has_mishaps", default=True, help="Whether things go wrong on purpose; they do.")
def rehearse(district: str, start: datetime | None, **wish: Any) -> None:
    """Play a cycle of DISTRICT (16.07) with made-up people, and show day by day what would go out to whom.

    It uses forms, calendar and rules as they are set up here, on a database of its own: nothing is sent, nothing of
    yours is read or changed. In between programs are killed, channels fail and updates come twice; at the end it is
    looked whether anything was lost, doubled or sent at a wrong hour. Exit code 1: something was.
    """
    from bot.clock import SystemClock
    from bot.rehearsal.checking import check
    from bot.rehearsal.play import Script, play
    from bot.rehearsal.table import day_by_day, totals
    from conversations.hours import day_there

    settings = Settings()
    first_day = start.date() if start else day_there(SystemClock().now(), district)
    script = Script(district, first_day, **wish)
    with tempfile.TemporaryDirectory(prefix="jemputbola-rehearsal-", dir=_quick_folder()) as folder:
        played = in_loop(play(script, settings, Path(folder)))
    for line in (*day_by_day(played), "", *totals(played)):
        click.echo(line)
    findings = check(played)
    for finding in findings[:MOST_SHOWN]:
        click.echo(f"WRONG {finding}")
    click.echo(
        f"{len(findings)} things were wrong." if findings else "Nothing was lost, doubled or sent at a wrong hour."
    )
    if findings:
        raise SystemExit(1)


def _quick_folder() -> Path | None:
    return IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None

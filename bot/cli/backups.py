"""Backups: making them while the bot runs, and putting one back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from bot.cli.service import in_loop
from bot.clock import SystemClock
from bot.exclusive import only_one
from bot.settings import Settings

MOST_NAMED = 10


@click.command()
@click.option("--keep", type=click.IntRange(min=1), help="Delete all but so many of the newest backups.")
def backup(keep: int | None) -> None:
    """Copy database and evidence into a new folder below JEMPUTBOLA_BACKUP_FOLDER; the bot may be running.

    Evidence is copied once, however many backups there are. Settings (.env) are not part of it.
    """
    from storage.backups import BackupFolder, back_up

    settings = Settings()
    folder = BackupFolder(settings.backup_folder)
    made = in_loop(back_up(settings.database_url, settings.files_folder, folder, SystemClock().now()))
    click.echo(f"Backup: {made.place}, with {len(made.backup.evidence)} evidence files.")
    if keep:
        click.echo(f"{folder.prune(keep)} older ones deleted.")
    if made.backup.missing:
        raise click.ClickException(_lost(made.backup.missing, settings.files_folder))


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the database aside that is there now.")
def restore(folder: Path, *, replace: bool) -> None:
    """Put the backup in FOLDER back, such as var/backup/2026-03-12T02-00-00Z. Stop the bot first.

    What was answered since the backup is lost. Reminders and broadcasts that were waiting then are marked as
    perhaps sent, and not repeated.
    """
    from storage import backups

    settings = Settings()
    with only_one(settings.database_url):
        found = in_loop(
            backups.restore(
                folder, settings.database_url, settings.files_folder, at=SystemClock().now(), may_replace=replace
            )
        )
    click.echo(
        f"Restored: the database as of {found.backup.at:%Y-%m-%d %H:%M:%S} UTC, {found.files} evidence files added."
    )
    if found.aside:
        click.echo(f"The database that was there is kept beside it: {found.aside}.")
    if found.uncertain:
        click.echo(f"{found.uncertain} reminders and broadcasts were waiting then; they count as perhaps sent.")


def _lost(missing: Sequence[str], files: Path) -> str:
    names = ", ".join(each[:12] for each in missing[:MOST_NAMED])
    return (
        f"Everything is in the backup but {len(missing)} evidence files that the database names and that are not whole "
        f"in {files}: {names}. Look for them in older backups."
    )

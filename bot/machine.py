"""What the machine gives to the program, for the doctor: room, permissions, a clock, a port, and backups."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx

from bot.clock import Clock
from bot.settings import Settings
from bot.web import listen
from storage.backups.folder import BackupFolder
from storage.database import file_of

ZONE = "Asia/Jakarta"
MEBIBYTE = 1024 * 1024
LEAST_FREE_MIB = 500
"""Below that, a night's backup or a busy day may fill the disk."""
MOST_WRONG = timedelta(seconds=30)
"""Of the clock: rate limits and deadlines count in seconds and minutes."""
OLDEST_BACKUP = timedelta(hours=30)
"""A nightly one, with room for a late night."""
PATIENCE_SECONDS = 5
PRIVATE = stat.S_IRWXG | stat.S_IRWXO
"""What group and others may do."""


class NotInOrderError(Exception):
    """Something has to be done; the message says what was expected, what was found, and what to do."""


async def room(settings: Settings, _clock: Clock) -> str:
    """Look whether every folder can be written to, and how much room there is."""
    said = []
    for folder in _folders(settings):
        _try_writing(folder)
        free_mib = shutil.disk_usage(folder).free // MEBIBYTE
        if free_mib < LEAST_FREE_MIB:
            raise NotInOrderError(
                f"{folder}: {LEAST_FREE_MIB:,} MiB of free room were expected, {free_mib:,} are left. "
                "Make room, or move the folder to a larger disk: answers are refused when it is full."
            )
        said.append(f"{folder} ({free_mib // 1024:,} GiB free)")
    return "can be written to: " + ", ".join(said)


def _folders(settings: Settings) -> Iterator[Path]:
    database = file_of(settings.database_url)
    yield from [database.parent] if database else []
    yield from (settings.files_folder, settings.cache_folder, settings.backup_folder)
    yield from [settings.simulator_folder] if settings.has_simulator else []


def _try_writing(folder: Path) -> None:
    probe = folder / ".doctor"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise NotInOrderError(
            f"A folder that can be written to was expected at {folder}; the system says: {error.strerror}. "
            f"Give it to the user who runs the program (now number {os.geteuid()}), or name another one."
        ) from error


async def secrecy(settings: Settings, _clock: Clock) -> str:
    """Look whether other users of this machine can read secrets, answers or evidence."""
    database = file_of(settings.database_url)
    looked_at = [Path(".env"), settings.files_folder, settings.backup_folder, *([database] if database else [])]
    there = [path for path in looked_at if path.exists()]
    for path in there:
        if path.stat().st_mode & PRIVATE and not _is_behind_closed_door(path):
            mode = "700" if path.is_dir() else "600"
            raise NotInOrderError(
                f"{path} was expected to be closed to other users of this machine; it is open: chmod {mode} {path}"
            )
    return "closed to others: " + (", ".join(map(str, there)) or "nothing there yet")


def _is_behind_closed_door(path: Path) -> bool:
    """Tell whether others cannot even get to it."""
    doors = stat.S_IXGRP | stat.S_IXOTH
    return any(not folder.stat().st_mode & doors for folder in path.resolve().parents)


async def clock(settings: Settings, clock: Clock) -> str:
    """Compare the clock with what it said before, and with Telegram's."""
    now = clock.now()
    try:
        here = now.astimezone(ZoneInfo(ZONE))
    except ZoneInfoNotFoundError as error:
        raise NotInOrderError(f"The time zone {ZONE} was expected on this machine; install tzdata.") from error
    newest = max((_changed_at(path) for path in _kept(settings)), default=now)
    if newest - now > MOST_WRONG:
        raise NotInOrderError(
            f"A moment after {newest:%Y-%m-%d %H:%M} UTC was expected, when the database was written; the clock says "
            f"{now:%Y-%m-%d %H:%M}. It was set back: have it set by NTP (timedatectl set-ntp true)."
        )
    compared = await _compared_with_telegram(settings, clock) if settings.has_telegram else ""
    return f"{here:%Y-%m-%d %H:%M} in Jakarta{compared}"


def _kept(settings: Settings) -> Iterator[Path]:
    database = file_of(settings.database_url)
    paths = [database, database.with_name(f"{database.name}-wal")] if database else []
    return (path for path in paths if path.exists())


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


async def _compared_with_telegram(settings: Settings, clock: Clock) -> str:
    """Read the date of any answer; an address without a token in it tells nobody anything."""
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            answer = await client.get(settings.telegram_base_url)
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError):
        return ", not compared: Telegram gave no date"
    behind = theirs - clock.now()
    if abs(behind) > MOST_WRONG:
        raise NotInOrderError(
            f"The clock was expected to go with Telegram's; it is {abs(behind).total_seconds():.0f} seconds "
            f"{'slow' if behind > timedelta(0) else 'fast'}. Have it set by NTP (timedatectl set-ntp true)."
        )
    return ", as Telegram's"


async def port(settings: Settings, _clock: Clock) -> str:
    """Try whether the web pages can be served where the settings say."""
    where = f"{settings.web_host}:{settings.web_port}"
    try:
        with listen(settings.web_host, settings.web_port):
            return f"{where} is free"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"{where} is in use: by the running program, as it should be, or by another one; see below"
        raise NotInOrderError(
            f"An address of this machine and a port that may be opened were expected; {where} gives: {error.strerror}. "
            "Correct JEMPUTBOLA_WEB_HOST and JEMPUTBOLA_WEB_PORT."
        ) from error


async def backups(settings: Settings, clock: Clock) -> str:
    """Look how old the newest backup is."""
    newest = BackupFolder(settings.backup_folder).newest_at()
    if newest is None:
        advice = f"none in {settings.backup_folder}: have `jemputbola backup --keep 14` run every night"
        database = file_of(settings.database_url)
        if (settings.has_telegram or settings.has_whatsapp) and (database is None or database.exists()):
            raise NotInOrderError(f"A backup of the last night was expected; there is {advice}.")
        return advice
    age = clock.now() - newest
    if age > OLDEST_BACKUP:
        raise NotInOrderError(
            f"A backup of the last night was expected in {settings.backup_folder}; the newest is of "
            f"{newest:%Y-%m-%d %H:%M} UTC. Look at what should make it (jemputbola-backup.timer, cron)."
        )
    return f"the newest is {age.total_seconds() / 3600:.0f} hours old"

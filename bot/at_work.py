"""Who is at work already, on this database or with these bots: for the doctor, which must not take what is theirs."""

from __future__ import annotations

from datetime import timedelta

import httpx
import msgspec

from bot.channels.port import ChannelError
from bot.channels.telegram.api import TelegramApi
from bot.clock import SystemClock, pause
from bot.exclusive import holder_of
from bot.leadership import LOOK_EVERY
from bot.settings import Settings
from storage.database import Database, connect, file_of
from storage.leases import Leases
from storage.schema import newest_version, version_of

SEVERAL_BEATS = 2.5 * LOOK_EVERY
PROBE = timedelta(seconds=8)
"""Longer than another program waits after it was interrupted for the first time."""
PATIENCE_SECONDS = 5
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be called, not to be listened at
READINESS = msgspec.json.Decoder(dict[str, bool | str])


async def holder(database_url: str, lease: str) -> str:
    """Name the process that does what this lease is for; empty: none on this database does.

    Raises:
        StorageError: the database does not answer.
    """
    if found := holder_of(database_url):
        return found
    file = file_of(database_url)
    if file and not file.exists():
        return ""
    clock, engine = SystemClock(), connect(database_url)
    database = Database(engine)
    leases = Leases(database)
    try:
        if not await _has_our_tables(database):
            return ""
        (before,) = await leases.look([lease])
        await pause(clock, clock.now() + SEVERAL_BEATS)
        (after,) = await leases.look([lease])
    finally:
        await engine.dispose()
    return after.holder if after.beat > before.beat else ""


async def _has_our_tables(database: Database) -> bool:
    """Tell whether a program of this version has been here: only then there are leases to look at."""
    async with database.reading("Looking up the version of the tables") as connection:
        return await connection.run_sync(version_of) == newest_version()


async def look_for_rival(api: TelegramApi) -> None:
    """Ask for updates while nobody of ours does, without taking any: whoever else does so comes back and interrupts us.

    Raises:
        ChannelError: somebody does, or Telegram cannot be asked.
    """
    await api.get_updates(0, PROBE)


async def program(settings: Settings) -> str:
    """Ask the running program how it is.

    Raises:
        ChannelError: it is not ready, or something else answers in its place.
    """
    if not settings.web_port:
        return "not asked: its port is any free one (JEMPUTBOLA_WEB_PORT=0)"
    host = ANYWHERE.get(settings.web_host, settings.web_host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.web_port}/readyz"
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
            parts = READINESS.decode((await client.get(url)).content)
    except httpx.ConnectError:
        return f"not running here: nothing answers at {url}"
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise ChannelError(f"the running program was expected at {url}; there came {type(error).__name__}") from error
    wrong = [f"{name}: {said}" for name, said in parts.items() if name != "ok" and said is not True]
    if wrong:
        raise ChannelError("; ".join(wrong))
    return f"ready, at {url}"

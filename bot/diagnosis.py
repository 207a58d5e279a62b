"""What ``jemputbola doctor`` looks at: each finding says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot import at_work
from bot.channels.port import ChannelError
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.webhook_state import complaint
from bot.clock import SystemClock
from bot.composition import load_library, open_store
from bot.leadership import polling
from bot.settings import Settings
from bot.telegram_bot import TelegramBot
from indicators.problems import FormError
from storage.database import migrate
from storage.envelopes import via
from storage.errors import StorageError
from storage.outbox_states import OutboxState


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    said: str
    is_well: bool = True


async def diagnose(settings: Settings, parts: Iterable[str] = ()) -> list[Finding]:
    """Look at these parts, by default at all: forms, database, folders, channels, the running program.

    Nothing is changed but the tables' version.
    """
    findings = []
    for what in parts or LOOKS:
        try:
            findings.append(Finding(what, await LOOKS[what](settings)))
        except (FormError, StorageError, ChannelError, OSError) as error:
            findings.append(Finding(what, str(error), is_well=False))
    return findings


async def _forms(settings: Settings) -> str:
    library = load_library(settings)
    return ", ".join(f"{key} {form.version} ({len(form.rows)} rows)" for key, form in library.forms.items())


async def _database(settings: Settings) -> str:
    await migrate(settings.database_url)
    store = open_store(settings, load_library(settings))
    try:
        waiting = (await store.outbox.counts())[OutboxState.WAITING]
        broken = len(await store.failures.list())
    finally:
        await store.close()
    return f"{waiting} messages wait, {broken} events failed" + (" (see: jemputbola failed list)" * bool(broken))


async def _folder(settings: Settings) -> str:
    _try_writing(settings.files_folder)
    return f"{settings.files_folder} can be written to"


async def _telegram(settings: Settings) -> str:
    if not settings.has_telegram:
        return "off"
    said = await asyncio.gather(*(_bot(bot, settings) for bot in settings.bots))
    wrong = [each for each in said if not each.is_well]
    if wrong:
        raise ChannelError("; ".join(each.said for each in wrong))
    return "; ".join(each.said for each in said)


async def _bot(bot: TelegramBot, settings: Settings) -> Finding:
    """Ask Telegram who a bot is and where its updates go; and whether anybody else polls it."""
    from bot.channels.telegram.libraries import open_api

    api = open_api(bot, settings.telegram_base_url)
    try:
        name, state = await api.username(), await api.webhook()
        wrong = complaint(state, settings.webhook_url(bot), SystemClock().now())
        if wrong or bot.updates == "webhook":
            return Finding("telegram", f"@{name}: {wrong or 'webhook, in order'}", is_well=not wrong)
        return Finding("telegram", f"@{name}: polling, {await _poller(bot, settings, api)}")
    except ChannelError as error:
        if not error.is_taken:
            raise
        return Finding("telegram", f"bot {bot.id}: {error.reason}", is_well=False)
    finally:
        await api.close()


async def _poller(bot: TelegramBot, settings: Settings, api: TelegramApi) -> str:
    """Say who polls a bot; where nobody of ours does, make sure that nobody else does either."""
    if holder := await at_work.holder(settings.database_url, polling(via("telegram", bot.id))):
        return f"by {holder}"
    await at_work.look_for_rival(api)
    return "by nobody now"


async def _channels(settings: Settings) -> str:
    switches = {"Telegram": settings.has_telegram, "simulator": settings.has_simulator}
    names = [name for name, is_on in switches.items() if is_on]
    if not names:
        raise OSError("no channel is switched on: set JEMPUTBOLA_TELEGRAM_TOKEN or JEMPUTBOLA_SIMULATOR=true")
    return ", ".join(names)


def _try_writing(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = folder / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()


LOOKS: dict[str, Callable[[Settings], Awaitable[str]]] = {
    "forms": _forms,
    "database": _database,
    "evidence": _folder,
    "channels": _channels,
    "telegram": _telegram,
    "program": at_work.program,
}

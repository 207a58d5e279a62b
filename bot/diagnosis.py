"""What ``jemputbola doctor`` looks at: each finding says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bot import at_work, machine, whatsapp_look
from bot.channels.port import ChannelError
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.webhook_state import complaint
from bot.clock import Clock, SystemClock
from bot.composition import load_library, open_store
from bot.leadership import polling
from bot.machine import MEBIBYTE, NotInOrderError
from bot.settings import Settings
from bot.telegram_bot import TelegramBot
from indicators.problems import FormError
from storage.database import file_of
from storage.envelopes import via
from storage.errors import StorageError
from storage.schema import newest_version
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    said: str
    is_well: bool = True


async def diagnose(settings: Settings, parts: Iterable[str] = (), clock: Clock | None = None) -> list[Finding]:
    """Look at these parts, by default at all: the machine, forms, database, channels, the running program.

    Nothing is changed: tables that are older than the program stay as they are.
    """
    clock = clock or SystemClock()
    findings = []
    for what in parts or LOOKS:
        try:
            findings.append(Finding(what, await LOOKS[what](settings, clock)))
        except (FormError, StorageError, ChannelError, NotInOrderError, OSError) as error:
            findings.append(Finding(what, str(error), is_well=False))
    return findings


async def _forms(settings: Settings, _clock: Clock) -> str:
    library = load_library(settings)
    return ", ".join(f"{key} {form.version} ({len(form.rows)} rows)" for key, form in library.forms.items())


async def _database(settings: Settings, clock: Clock) -> str:
    file = file_of(settings.database_url)
    if file and not file.exists():
        return f"not there yet: the first start makes {file}"
    store = open_store(settings, load_library(settings))
    try:
        return await _tables(store, clock)
    finally:
        await store.close()


async def _tables(store: Store, clock: Clock) -> str:
    found, wanted = await store.version(), newest_version()
    if found > wanted:
        raise StorageError(
            f"Tables of version {wanted} were expected; these are of version {found}. Run the newer program that made "
            "them, or restore a backup from before (docs/upgrading.md)."
        )
    if found < wanted:
        return f"tables of version {found or 'none'}; the next start brings them to {wanted}"
    figures = await store.figures.read(clock.now())
    due = sum(queue.many for queue in figures.queues.values())
    failed = figures.failed_events
    if failed:
        raise StorageError(f"No failed events were expected; {failed} are kept. Look at them: jemputbola failed list")
    return f"version {found}, {figures.database_bytes // MEBIBYTE:,} MiB; {due} messages wait, none failed"


async def _telegram(settings: Settings, _clock: Clock) -> str:
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


async def _whatsapp(settings: Settings, _clock: Clock) -> str:
    return await whatsapp_look.numbers(settings) if settings.has_whatsapp else "off"


async def _channels(settings: Settings, _clock: Clock) -> str:
    switches = {
        "Telegram": settings.has_telegram,
        "WhatsApp": settings.has_whatsapp,
        "simulator": settings.has_simulator,
    }
    names = [name for name, is_on in switches.items() if is_on]
    if not names:
        raise OSError(
            "no channel is switched on: set JEMPUTBOLA_TELEGRAM_TOKEN, JEMPUTBOLA_WHATSAPP_NUMBER_ID or "
            "JEMPUTBOLA_SIMULATOR=true"
        )
    return ", ".join(names)


async def _program(settings: Settings, _clock: Clock) -> str:
    return await at_work.program(settings)


LOOKS: dict[str, Callable[[Settings, Clock], Awaitable[str]]] = {
    "folders": machine.room,
    "secrecy": machine.secrecy,
    "clock": machine.clock,
    "port": machine.port,
    "forms": _forms,
    "database": _database,
    "backups": machine.backups,
    "channels": _channels,
    "telegram": _telegram,
    "whatsapp": _whatsapp,
    "program": _program,
}

"""The Telegram bots: where Telegram brings their updates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import click

from bot.channels.port import ChannelError
from bot.channels.telegram.api import TelegramApi, WebhookState
from bot.channels.telegram.libraries import open_api
from bot.channels.telegram.webhook_state import complaint, remedy
from bot.cli.service import in_loop
from bot.clock import Clock, SystemClock, pause
from bot.settings import Settings
from bot.telegram_bot import TelegramBot

MOST_CONNECTIONS = 100
"""As many as Telegram opens: turns that arrive together share a transaction, so more at once is less work each."""
MOST_ATTEMPTS = 5
AND_NOW = {
    "polling": "",
    "webhook": " Nobody asks: switch the bot to polling in the settings, or set the webhook again.",
}
"""What to add, by how the settings have the bot take updates in, when its webhook is deleted."""
BOT = click.option("--bot", "number", default="", help="One bot only: its number, before the colon of its token.")


@click.group()
def telegram() -> None:
    """Look after the Telegram bots."""


@telegram.group()
def webhook() -> None:
    """Have Telegram bring updates, see how that goes, or end it."""


@webhook.command("set")
@BOT
@click.option(
    "--connections",
    type=click.IntRange(1, MOST_CONNECTIONS),
    default=MOST_CONNECTIONS,
    show_default=True,
    help="How many updates Telegram may bring at once.",
)
def set_(number: str, connections: int) -> None:
    """Have Telegram bring updates to JEMPUTBOLA_PUBLIC_URL, with the secret of the settings; what waits is kept."""
    settings = Settings()
    for bot in _chosen(settings, number, only_webhooks=True):
        in_loop(set_webhook(settings, bot, connections, SystemClock()))
        click.echo(f"Bot {bot.id}: Telegram brings updates to {settings.webhook_url(bot)}")


@webhook.command()
@BOT
def info(number: str) -> None:
    """Tell where Telegram brings updates, how many wait there, what failed last, and what to do."""
    settings = Settings()
    for bot in _chosen(settings, number):
        click.echo(in_loop(_told(settings, bot)))


@webhook.command()
@BOT
def delete(number: str) -> None:
    """Have Telegram keep updates until they are asked for (polling); what waits is kept."""
    settings = Settings()
    for bot in _chosen(settings, number):
        in_loop(_delete(settings, bot))
        click.echo(f"Bot {bot.id}: Telegram keeps the updates until they are asked for." + AND_NOW[bot.updates])


async def set_webhook(settings: Settings, bot: TelegramBot, connections: int, clock: Clock) -> None:
    """Have Telegram bring this bot's updates to its address of the settings.

    Raises:
        ChannelError: Telegram refused, or could not be reached.
    """
    async with _line(settings, bot) as api:
        secret, url = bot.webhook_secret.get_secret_value(), settings.webhook_url(bot)
        await _patiently(lambda: api.set_webhook(url, secret=secret, connections=connections), clock)


async def _delete(settings: Settings, bot: TelegramBot) -> None:
    async with _line(settings, bot) as api:
        await _patiently(api.delete_webhook, SystemClock())


async def _patiently(call: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Call, and wait as long as Telegram asks for: it takes one such call a second."""
    for _ in range(MOST_ATTEMPTS - 1):
        try:
            return await call()
        except ChannelError as error:
            if error.retry_after is None:
                raise
            await pause(clock, clock.now() + error.retry_after)
    return await call()


async def _told(settings: Settings, bot: TelegramBot) -> str:
    async with _line(settings, bot) as api:
        name, state = await api.username(), await api.webhook()
    wrong = complaint(state, settings.webhook_url(bot), SystemClock().now())
    return "\n  ".join([f"Bot {bot.id}, @{name}, {bot.updates}", *_facts(state), wrong or "In order."])


def _facts(state: WebhookState) -> list[str]:
    where = (
        f"Telegram brings updates to {state.url}" if state.url else "Telegram keeps updates until they are asked for"
    )
    facts = [where, f"Updates that wait: {state.waiting}"]
    if state.failed_at:
        facts.append(f"Last failure: {state.failed_at:%Y-%m-%d %H:%M} UTC, {state.failure!r}: {remedy(state.failure)}")
    return facts


def _chosen(settings: Settings, number: str, *, only_webhooks: bool = False) -> list[TelegramBot]:
    """Give the bots that are meant.

    Raises:
        ClickException: there are none.
    """
    bots = [bot for bot in settings.bots if bot.updates == "webhook" or not only_webhooks]
    chosen = [bot for bot in bots if number in ("", bot.id)]
    if not chosen:
        kind = "bot with updates by webhook (JEMPUTBOLA_TELEGRAM_UPDATES=webhook)" if only_webhooks else "Telegram bot"
        known = ", ".join(bot.id for bot in bots) or "none"
        raise click.ClickException(f"A {kind} was expected in the settings; there is {known}. See docs/telegram.md.")
    return chosen


@asynccontextmanager
async def _line(settings: Settings, bot: TelegramBot) -> AsyncIterator[TelegramApi]:
    api = open_api(bot, settings.telegram_base_url)
    try:
        yield api
    finally:
        await api.close()

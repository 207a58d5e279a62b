"""A webhook in front of something that takes events in, served over HTTP by the program's own web server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from bot.channels.port import Accept
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.ptb import PtbApi
from bot.channels.telegram.webhook import Webhook
from bot.channels.telegram.webhook_watch import WebhookWatch
from bot.clock import SystemClock
from bot.web import WebServer, address_of, listen, web_app
from tests.bot.telegram_channels import QUICK, telegram_channel
from tests.telegram_server import TelegramServer

SECRET = "a-secret-of-telegram"
PATH = "/telegram/1"


class Well:
    """Reports that all is well."""

    async def live(self) -> Mapping[str, str]:
        """Say nothing."""
        return {}

    async def ready(self) -> Mapping[str, str]:
        """Say nothing."""
        return {}

    async def measure(self) -> None:
        """Measure nothing."""


@dataclass
class Front:
    """A webhook that is being served."""

    url: str
    port: int
    webhook: Webhook
    client: httpx.AsyncClient
    stop: Callable[[], Awaitable[None]]
    """Take nothing in any more; the web server stays."""

    def bring_updates_of(self, server: TelegramServer, *, connections: int = 100, secret: str = SECRET) -> None:
        """Have Telegram bring the first bot's updates here."""
        server.do(server.world.set_webhook(self.url, secret=secret, connections=connections))


@asynccontextmanager
async def webhook_before(
    accept: Accept, server: TelegramServer, *, secret: str = SECRET, path: str = PATH
) -> AsyncIterator[Front]:
    """Serve a webhook of the first bot whose updates are handed to ``accept``."""
    with listen("127.0.0.1", 0) as listening:
        base = address_of(listening)
        api: TelegramApi = PtbApi(server.token, base_url=server.url)
        clock = SystemClock()
        watch = WebhookWatch(api, "1", f"{base}{path}", clock=clock, backoff=QUICK)
        webhook = Webhook("1", path=path, secret=SecretStr(secret), watch=watch.run, clock=clock)
        web = WebServer(web_app(Well(), [webhook.route]))
        channel = telegram_channel(api, intake=webhook)
        async with httpx.AsyncClient() as client, asyncio.TaskGroup() as tasks:
            pages = tasks.create_task(web.serve([listening]))
            taking = tasks.create_task(channel.run(accept))

            async def stop() -> None:
                taking.cancel()
                await asyncio.wait([taking])

            await asyncio.sleep(0)
            yield Front(f"{base}{path}", listening.getsockname()[1], webhook, client, stop)
            web.stop()
            await pages
            await stop()
        await channel.close()

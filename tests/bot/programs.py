"""The parts of the program that people meet, without those that keep it going for months."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.cli.stores import opened
from bot.composition import assemble
from bot.leadership import sending
from bot.settings import Settings
from bot.web import WebServer, web_app
from tests.bot.webhooks import Well


@asynccontextmanager
async def running(listening: socket.socket) -> AsyncIterator[None]:
    """Run the parts of the program that people meet."""
    settings = Settings()
    async with opened(settings) as store, asyncio.TaskGroup() as tasks:
        program = assemble(settings, store)
        web = WebServer(web_app(Well(), program.routes))
        sends = [program.leadership.while_held(sending(each.via), each.run) for each in program.delivery]
        inner = [tasks.create_task(each) for each in (program.pipeline.run(), program.leadership.run(), *sends)]
        doors = [tasks.create_task(each.run(program.pipeline.submit)) for each in program.channels]
        pages = tasks.create_task(web.serve([listening]))
        yield
        for door in doors:
            door.cancel()
        web.stop()
        await asyncio.wait([*doors, pages])
        for worker in program.delivery:
            worker.stop()
        program.leadership.retire()
        program.pipeline.stop()
        await asyncio.wait(inner)
        for channel in program.channels:
            await channel.close()

"""Events whose step failed: they were kept, and can be tried again after a repair."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from bot.channels.port import NotAcceptedError
from bot.cli.service import in_loop
from bot.clock import SystemClock
from bot.composition import DIALOG, load_library, open_store
from bot.logging import configure_logging
from bot.pipeline import Pipeline
from bot.settings import Settings
from storage.errors import StorageError
from storage.failures import Failure
from storage.store import Store
from storage.turns import Envelope


@click.group()
def failed() -> None:
    """Look after events whose step failed."""


@failed.command("list")
def list_() -> None:
    """List them, oldest first, with where the step broke."""
    for failure in in_loop(_list(Settings())):
        click.echo(f"{failure.id:>6}  {failure.at:%Y-%m-%d %H:%M}  {failure.error}")


@failed.command()
@click.argument("numbers", nargs=-1, type=int)
def retry(numbers: tuple[int, ...]) -> None:
    """Try events again: those with these NUMBERS, or all of them.

    What they lead to is delivered by the running bot.
    """
    settings = Settings()
    configure_logging(level=settings.log_level, style=settings.log_format)
    left = in_loop(_retry(settings, numbers))
    click.echo(f"{len(left)} failed events are left.")


async def _list(settings: Settings) -> list[Failure]:
    store = open_store(settings, load_library(settings))
    try:
        return await store.failures.list()
    finally:
        await store.close()


async def _retry(settings: Settings, numbers: tuple[int, ...]) -> list[Failure]:
    store = open_store(settings, load_library(settings))
    try:
        wanted = numbers or tuple(each.id for each in await store.failures.list())
        await _submit(store, [await store.failures.envelope(number) for number in wanted])
        return await store.failures.list()
    finally:
        await store.close()


async def _submit(store: Store, envelopes: Sequence[Envelope]) -> None:
    """Hand them to a pipeline of our own, in order; the running one sees nothing of it but the result.

    Raises:
        StorageError: the database took none of them; they stay as they were.
    """
    pipeline = Pipeline(store.begin_turns, DIALOG, SystemClock(), lambda _committed: None)
    refusal: NotAcceptedError | None = None
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(pipeline.run())
        try:
            await pipeline.submit(envelopes)
        except NotAcceptedError as error:
            refusal = error
        finally:
            pipeline.stop()
    if refusal:
        raise StorageError(
            f"Trying failed events again: the database was expected to take them, but {refusal}. "
            "They are kept as they were. Look at the log above and at `jemputbola doctor`, then try again."
        )

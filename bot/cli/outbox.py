"""Messages on their way: where they go and why, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.settings import Settings
from storage.outbox_records import MOST_LISTED, OutboxRecord
from storage.outbox_states import OutboxState
from storage.reaching import Because

WAITING_FOR_READER = "held"
STATES = {each.name.lower(): each for each in OutboxState}
BECAUSE = {
    "": "it answers what came from there",
    Because.PREFERRED: "the person wants it on this channel",
    Because.WROTE_LAST: "they wrote there last, and the chat is open",
    Because.FREE: "it costs nothing there, and where they wrote last is not open",
    Because.WINDOW: "they wrote there less than a day ago, and nothing is free",
    Because.TEMPLATE: "no chat of theirs is open: it goes as a template",
    Because.NAMED: "it is about this chat",
    Because.WAITS: "no chat of theirs was open and it has no template: it waited until they wrote, or still does",
    Because.NOTICE: "it tells them that something waits, as a template",
}


@click.group()
def outbox() -> None:
    """Look at messages on their way."""


@outbox.command("list")
@click.option(
    "--state", type=click.Choice([*STATES, WAITING_FOR_READER]), default=None, help="Only these; held: until heard."
)
@click.option("--most", type=click.IntRange(1, MOST_LISTED), default=50, show_default=True, help="How many.")
def list_(state: str | None, most: int) -> None:
    """List messages, newest first: number, moment, state, by what, why there."""
    for each in in_loop(_list(Settings(), state, most)):
        because = each.chosen_because or "reply"
        click.echo(f"{each.id:>8}  {each.created_at:%Y-%m-%d %H:%M}  {_state(each):<10}  {each.via}  {because}")


@outbox.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """Tell all that is kept of the message with this NUMBER but its text."""
    record = in_loop(_find(Settings(), number))
    if record is None:
        raise click.ClickException(
            f"The number of a message was expected; {number} is none, or it ended long ago. "
            "jemputbola outbox list shows the newest."
        )
    click.echo("\n".join(_lines(record)))


async def _list(settings: Settings, state: str | None, most: int) -> Sequence[OutboxRecord]:
    async with opened(settings) as store:
        if state == WAITING_FOR_READER:
            return await store.outbox_records.newest(waits_for_reader=True, most=most)
        return await store.outbox_records.newest(state=STATES[state] if state else None, most=most)


async def _find(settings: Settings, number: int) -> OutboxRecord | None:
    async with opened(settings) as store:
        return await store.outbox_records.find(number)


def _state(record: OutboxRecord) -> str:
    return WAITING_FOR_READER if record.waits_for_reader else record.state.name.lower()


def _lines(record: OutboxRecord) -> list[str]:
    told = {
        "by": f"{record.via}, chat {record.address}",
        "there because": BECAUSE.get(record.chosen_because, record.chosen_because),
        "priority": record.priority.name.lower(),
        "made": _moment(record.created_at),
        "not before": _moment(record.not_before),
        "attempts": str(record.attempts),
        "ended": _moment(record.done_at),
        "channel's id": record.message_id,
        "delivered": _moment(record.delivered_at),
        "read": _moment(record.read_at),
        "reported error": str(record.error_code or ""),
        "last trouble": record.reason,
    }
    return [f"Message {record.id}: {_state(record)}", *(f"  {what}: {said}" for what, said in told.items() if said)]


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""

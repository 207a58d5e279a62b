"""What the coordinator has looked through: approving rows, and giving them back to be completed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import click

from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.settings import Settings
from conversations.sheets import Returned
from storage.errors import StorageError
from storage.roster import Roster

MOST_REASON = 500
"""Characters: it is read in a chat."""


class Row(NamedTuple):
    """A row, as an administrator names it."""

    region: str
    form: str
    number: str


@click.command()
@click.argument("region")
@click.argument("form")
@click.argument("row")
@click.option("--take-back", is_flag=True, help="Take the approval back.")
def approve(region: str, form: str, row: str, *, take_back: bool) -> None:
    """Let a ROW (such as 26.6) of REGION's FORM (such as dekela) count in the verified figure.

    REGION is a code of the Kemendagri list. Changing the answer takes the approval back.
    """
    in_loop(_approve(Row(region, form, row), take_back=take_back))
    click.echo(f"Row {row}: {'no longer approved' if take_back else 'approved'}.")


@click.group()
def answers() -> None:
    """Look after what was answered."""


@answers.command("return")
@click.argument("region")
@click.argument("form")
@click.argument("row")
@click.option("--reason", required=True, help="What is missing, in words for whoever answers: they read it as it is.")
def return_(region: str, form: str, row: str, reason: str) -> None:
    """Give a ROW (such as 26.14) of REGION's FORM (such as dekela) back, to be completed.

    Its answers stay. Whoever answers is told about ten minutes later, of all rows that came back by then. A new answer
    or photo, or ``approve``, settles it.
    """
    words = " ".join(reason.split())
    if not 0 < len(words) <= MOST_REASON:
        problem = f"1 to {MOST_REASON} characters were expected; {len(words)} came. Shorten it."
        raise click.BadParameter(problem, param_hint="--reason")
    in_loop(_return(Row(region, form, row), words))
    click.echo(f"Row {row}: returned. Whoever answers for {region} is told.")


async def _approve(row: Row, *, take_back: bool) -> None:
    async with _assignment(row) as (roster, number):
        if take_back:
            await roster.take_approval_back(number, row.number)
        else:
            await roster.approve(number, row.number, by=None, at=SystemClock().now())


async def _return(row: Row, reason: str) -> None:
    at = SystemClock().now()
    async with _assignment(row) as (roster, number):
        await roster.return_row(number, row.number, Returned(reason, int(at.timestamp())), at=at)


@asynccontextmanager
async def _assignment(row: Row) -> AsyncIterator[tuple[Roster, int]]:
    async with opened(Settings()) as store:
        number = await store.roster.find_assignment(row.region, row.form)
        if number is None:
            raise StorageError(f"Something to be answered was expected; {row.form!r} is not asked of {row.region}.")
        yield store.roster, number

"""The WhatsApp numbers: their templates, and what their messages cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from fractions import Fraction

import click

from bot.channels.whatsapp.approval import Found, Standing, compare
from bot.channels.whatsapp.costs import Cost, cost, load_rates
from bot.channels.whatsapp.graph import GraphApi
from bot.channels.whatsapp.reports import JAKARTA
from bot.channels.whatsapp.templates import Templates, load_templates
from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.settings import Settings
from bot.whatsapp_number import WhatsAppNumber
from storage.charges import Charged


@click.group()
def whatsapp() -> None:
    """Look after the WhatsApp numbers."""


@whatsapp.group("templates")
def templates_() -> None:
    """Compare the templates of this program with Meta's, and submit what is missing."""


@templates_.command()
def check() -> None:
    """Tell how each template stands with Meta, and what to do; ends with 1 when one cannot be used."""
    settings, templates = Settings(), load_templates()
    are_usable = True
    for number in _accounts(settings):
        click.echo(f"WhatsApp Business Account {number.account}")
        for each in in_loop(_compared(settings, number, templates)):
            are_usable &= each.is_usable
            click.echo(f"  {each}")
    if not are_usable:
        raise SystemExit(1)


@templates_.command()
def submit() -> None:
    """Submit the templates that Meta does not have; it answers within minutes as a rule."""
    settings, templates = Settings(), load_templates()
    for number in _accounts(settings):
        submitted = in_loop(_submit(settings, number, templates))
        click.echo(f"WhatsApp Business Account {number.account}: {len(submitted)} submitted")
        for line in submitted:
            click.echo(f"  {line}")


@whatsapp.command()
@click.option("--month", type=click.DateTime(["%Y-%m"]), default=None, help="Such as 2026-03; the present one if not.")
def costs(month: datetime | None) -> None:
    """Tell how many messages of a month were delivered by each number, and estimate what they cost."""
    settings = Settings()
    rates = load_rates(settings.whatsapp_rates) if settings.whatsapp_rates else load_rates()
    of = month or SystemClock().now().astimezone(JAKARTA)
    found = cost(in_loop(_charges(settings, of.year * 100 + of.month)), rates)
    for via in dict.fromkeys(each.charged.via for each in found):
        click.echo(f"{via}, {of:%Y-%m}")
        click.echo("\n".join(_table([each for each in found if each.charged.via == via])))
    if not found:
        click.echo(f"No delivered messages were charged in {of:%Y-%m}, as far as Meta has reported.")
    checked = "" if rates.is_checked else "; NOT CHECKED: compare them with Meta's card of today (docs/whatsapp.md)"
    click.echo(f"Estimated by rates of {rates.as_of:%Y-%m-%d} from {rates.source}{checked}")


def _accounts(settings: Settings) -> Sequence[WhatsAppNumber]:
    """Give one number of each WhatsApp Business Account.

    Raises:
        ClickException: there is none.
    """
    found = {number.account: number for number in reversed(settings.numbers) if number.account}
    if not found:
        raise click.ClickException(
            "A WhatsApp number with the ID of its account was expected in the settings "
            "(JEMPUTBOLA_WHATSAPP_ACCOUNT); there is none. See docs/whatsapp.md."
        )
    return list(found.values())


async def _compared(settings: Settings, number: WhatsAppNumber, templates: Templates) -> Sequence[Found]:
    async with _line(settings, number) as api:
        return compare(templates, await api.templates(number.account))


async def _submit(settings: Settings, number: WhatsAppNumber, templates: Templates) -> Sequence[str]:
    async with _line(settings, number) as api:
        standing = compare(templates, await api.templates(number.account))
        submitted = []
        for each in standing:
            if each.standing is Standing.MISSING:
                status = await api.submit_template(number.account, templates.as_submitted(each.name, each.language))
                submitted.append(f"{each.name} [{each.language}]: {status.lower()}")
        return submitted


async def _charges(settings: Settings, month: int) -> Sequence[Charged]:
    async with opened(settings) as store:
        return await store.charges.of_month(month)


def _table(found: Sequence[Cost]) -> list[str]:
    lines = [f"  {'category':<16} {'country':<8} {'delivered':>10} {'billable':>10} {'to pay':>10} {'estimated':>16}"]
    for each in found:
        of = each.charged
        estimated = "no rate" if each.rupiah is None else _rupiah(each.rupiah)
        lines.append(
            f"  {of.category:<16} {of.market or '?':<8} {of.messages:>10,} {of.billable:>10,} {each.paid:>10,} "
            f"{estimated:>16}"
        )
    total = sum((each.rupiah for each in found if each.rupiah is not None), start=Fraction(0))
    return [*lines, f"  {'all':<25} {sum(each.charged.messages for each in found):>10,} {_rupiah(total):>38}"]


def _rupiah(amount: Fraction) -> str:
    """Write an amount as Indonesians do, in whole rupiah: ``Rp 8.250``."""
    return f"Rp {round(amount):,}".replace(",", ".")


@asynccontextmanager
async def _line(settings: Settings, number: WhatsAppNumber) -> AsyncIterator[GraphApi]:
    api = GraphApi(number, base_url=settings.whatsapp_base_url)
    try:
        yield api
    finally:
        await api.close()

"""Adding a kabupaten or kota, and inviting the people who hold its posts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from bot.cli.invitations import deep_link, write_invitations
from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.composition import load_library
from bot.settings import Settings
from conversations.hours import zone_of
from conversations.people import Role, Standing
from storage.districts import AddedDistrict
from storage.errors import StorageError

CODE = "Code of the Kemendagri list, such as 16.07 or 16.07.05.2004."


@click.group()
def district() -> None:
    """Look after the kabupaten and kota on the roster."""


@district.command()
@click.argument("code")
@click.option("--year", type=int, required=True, help="Year of the evaluation.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="Last day for answers, such as 2026-03-31.")
@click.option("--form", "forms", multiple=True, help="Ask this form too (drppa).")
def add(code: str, year: int, due: datetime | None, forms: tuple[str, ...]) -> None:
    """Add the kabupaten or kota with this CODE: regions, posts, and what everybody is asked.

    Doing it again changes only the end of the first stage for answers, and that only with --due.
    The rest of the calendar is for ``jemputbola calendar``.
    """
    added = in_loop(_add(code, year, due and _end_of(due, code), forms))
    click.echo(
        f"{added.name}: {added.subdistricts} kecamatan, {added.villages} desa/kelurahan, "
        f"{added.posts} posts, {added.assignments} questionnaires to be answered."
    )


@click.command()
@click.argument("region")
@click.option("--role", type=click.Choice([each.value for each in Role]), help="One post only, with --name.")
@click.option("--office", default="", help="Code of the office, for the role office.")
@click.option("--name", default="", help="Whom it is made out to.")
@click.option("--honorific", type=click.Choice(["Bapak", "Ibu"]), help="How to address them.")
@click.option("--standing", type=click.Choice([each.value for each in Standing]), default=Standing.DEFINITIVE.value)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="For a whole kabupaten: .xlsx.")
@click.option("--bot", default="", help="Number of the Telegram bot to which links lead; otherwise the first one.")
def invite(region: str, role: str | None, output: Path | None, **wish: str | None) -> None:
    """Make invitations: for one post (--role), or for all vacant posts of a kabupaten (--output).

    REGION is a code of the Kemendagri list. A code is shown once and kept nowhere; a new one for the
    whole kabupaten ends the older ones.
    """
    settings = Settings()
    if role:
        said = in_loop(_invite_one(settings, region, Role(role), wish))
    elif output:
        said = in_loop(_invite_all(settings, region, output, wish))
    else:
        raise click.UsageError("say --role for one post, or --output for a whole kabupaten")
    click.echo(said)


async def _add(code: str, year: int, due_at: datetime | None, forms: tuple[str, ...]) -> AddedDistrict:
    async with opened(Settings()) as store:
        return await store.roster.add_district(code, year, due_at, at=SystemClock().now(), forms=forms)


async def _invite_one(settings: Settings, region: str, role: Role, wish: dict[str, str | None]) -> str:
    now, bot = SystemClock().now(), await _bot(settings, wish["bot"] or "")
    async with opened(settings) as store:
        post = await store.roster.find_post(region, role, wish["office"] or "")
        if post is None:
            raise StorageError(f"A post on the roster was expected; {role} of {region} is none. Add its kabupaten.")
        code = await store.roster.issue_invitation(
            post,
            Standing(wish["standing"] or Standing.DEFINITIVE),
            at=now,
            name=wish["name"] or "",
            honorific=wish["honorific"] or "",
            expires_at=now + settings.invitation_life,
        )
    return f"{code}  {deep_link(bot, code)}" if bot else code


async def _invite_all(settings: Settings, district_code: str, output: Path, wish: dict[str, str | None]) -> str:
    now, bot = SystemClock().now(), await _bot(settings, wish["bot"] or "")
    async with opened(settings) as store:
        issued = await store.roster.invite_vacant(district_code, at=now, expires_at=now + settings.invitation_life)
    write_invitations(load_library(settings), issued, bot=bot, output=output)
    return f"{len(issued)} invitations for vacant posts: {output}"


async def _bot(settings: Settings, number: str) -> str:
    """Give the public name of the Telegram bot with this number, or of the first one; empty when there is none.

    Asked before anything is made, so that a code that is shown nowhere else is not lost.
    """
    bots = [bot for bot in settings.bots if number in ("", bot.id)]
    if number and not bots:
        known = ", ".join(bot.id for bot in settings.bots) or "none"
        raise click.ClickException(f"The number of a Telegram bot of the settings was expected: {known}.")
    if not bots:
        return ""
    from bot.channels.telegram.libraries import open_api

    api = open_api(bots[0], settings.telegram_base_url)
    try:
        return await api.username()
    finally:
        await api.close()


def _end_of(day: datetime, code: str) -> datetime:
    """Give the moment after the last one of this day where the region lies."""
    return day.replace(tzinfo=zone_of(code)) + timedelta(days=1)

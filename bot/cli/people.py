"""People and the posts they hold: the rare paths, for when the chat cannot help."""

from __future__ import annotations

import click

from bot.cli.service import in_loop
from bot.cli.stores import opened
from bot.clock import SystemClock
from bot.settings import Settings
from conversations.people import Person, Role
from storage.errors import StorageError

ROLE = click.Choice([each.value for each in Role])


@click.group()
def person() -> None:
    """Look after people and the posts they hold."""


@person.command("end-post")
@click.argument("region")
@click.argument("role", type=ROLE)
@click.option("--office", default="", help="Code of the office, for the role office.")
@click.option("--person", "number", type=int, help="Whose, when several people hold it.")
def end_post(region: str, role: str, office: str, number: int | None) -> None:
    """End somebody's post: ROLE in REGION (a code). The answers stay with the post."""
    ended = in_loop(_end_post(region, Role(role), office, number))
    click.echo(f"Person {ended.id} no longer holds it.")


@person.command("list")
@click.argument("region")
@click.argument("role", type=ROLE)
@click.option("--office", default="", help="Code of the office, for the role office.")
def list_(region: str, role: str, office: str) -> None:
    """List the people (number and name) who hold ROLE in REGION (a code)."""
    for each in in_loop(_holders(region, Role(role), office))[1]:
        click.echo(f"{each.id:>6}  {each.honorific} {each.name}")


@person.command()
@click.argument("number", type=int)
@click.confirmation_option(prompt="Their name and posts are deleted; answers stay. Go on?")
def forget(number: int) -> None:
    """Forget the person with this NUMBER, who asked for it outside the chat."""
    in_loop(_forget(number))
    click.echo(f"Person {number} is forgotten.")


async def _end_post(region: str, role: Role, office: str, number: int | None) -> Person:
    post, people = await _holders(region, role, office)
    wanted = [each for each in people if number in (None, each.id)]
    if len(wanted) != 1:
        known = ", ".join(str(each.id) for each in people) or "nobody"
        raise StorageError(f"One holder was expected; {known} holds it. Say whom with --person.")
    async with opened(Settings()) as store:
        await store.roster.end_holding(wanted[0].id, post, SystemClock().now())
    return wanted[0]


async def _holders(region: str, role: Role, office: str) -> tuple[int, tuple[Person, ...]]:
    async with opened(Settings()) as store:
        post = await store.roster.find_post(region, role, office)
        if post is None:
            raise StorageError(f"A post on the roster was expected; {role} of {region} is none. Add its kabupaten.")
        return post, await store.roster.holders(post)


async def _forget(number: int) -> None:
    async with opened(Settings()) as store:
        await store.roster.forget(number, SystemClock().now())

"""``make faults``: strike every kind of installation, again and again, and print what was done and what was found."""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from tests.databases import PostgresqlDatabases, SqliteDatabases, throw_away_server
from tests.faults.checking import Findings
from tests.faults.setups import SETUPS, Ground, Setup
from tests.faults.site import Strike, opened, play
from tests.faults.strikes import EVERYWHERE, KILLS, ON_POSTGRESQL, ON_SEVERAL, ON_SQLITE

PEOPLE = 12
NAMED: dict[str, Strike] = {
    each.__name__: each for each in (*KILLS, *ON_SEVERAL, *EVERYWHERE, *ON_SQLITE, *ON_POSTGRESQL)
}
FIGURES = ("events", "answers", "replies", "sent_again", "broadcast", "uncertain")


class Choices(NamedTuple):
    """What every setup is struck with."""

    kills: int
    seed: str
    named: Sequence[str]
    """Only these strikes; none: all that suit."""

    def strikes(self, setup: Setup) -> list[Strike]:
        """Give so many kills in turn, between them everything else that suits this setup."""
        if self.named:
            return [NAMED[self.named[place % len(self.named)]] for place in range(self.kills)]
        others = [*EVERYWHERE, *(ON_SQLITE if setup.database == "sqlite" else ON_POSTGRESQL)]
        kinds = [*KILLS, *(ON_SEVERAL if setup.processes > 1 else ())]
        strikes: list[Strike] = [kinds[place % len(kinds)] for place in range(self.kills)]
        every = max(len(strikes) // len(others), 1)
        for place, other in enumerate(others):
            strikes.insert(place * (every + 1), other)
        return strikes


@click.command()
@click.option("--kills", default=204, show_default=True, help="How often programs are killed, over all setups.")
@click.option("--at-once", default=2, show_default=True, help="How many setups are struck side by side.")
@click.option("--seed", default="", help="Repeat the choices of an earlier run.")
@click.option("--setup", "chosen", type=click.Choice([*map(str, SETUPS)]), multiple=True, help="Only this; repeatable.")
@click.option("--strike", "named", type=click.Choice([*NAMED]), multiple=True, help="Only this, as often as kills.")
def main(kills: int, at_once: int, seed: str, chosen: Collection[str], named: Sequence[str]) -> None:
    """Kill programs and break what is around them while people answer; end with 1 when anything was lost or doubled."""
    logging.getLogger("uvicorn.error").disabled = True  # the local Telegram would report each answer that it cuts
    seed = seed or secrets.token_hex(4)
    setups = [each for each in SETUPS if not chosen or str(each) in chosen]
    click.echo(f"Seed {seed}. Each line: setup, what was done how often, what was counted.")
    total, done = asyncio.run(_strike_all(setups, Choices(max(kills // len(setups), 1), seed, named), at_once))
    click.echo(f"All: {_words(done)}; {_figures(total)}; problems: {len(total.problems)}")
    if total.problems:
        raise SystemExit(1)


async def _strike_all(setups: Sequence[Setup], choices: Choices, at_once: int) -> tuple[Findings, Counter[str]]:
    """Strike every setup, each on ground of its own: a database server that crashes is nobody else's."""
    total, done = Findings(), Counter[str]()
    room = asyncio.Semaphore(at_once)

    async def strike(setup: Setup) -> None:
        nonlocal total
        async with room:
            with _ground(setup) as ground:
                found, injected = await _strike(ground, setup, choices)
        total += found
        done.update(injected)

    async with asyncio.TaskGroup() as tasks:
        for setup in setups:
            tasks.create_task(strike(setup))
    return total, done


@contextmanager
def _ground(setup: Setup) -> Iterator[Ground]:
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        if setup.database == "sqlite":
            yield Ground(SqliteDatabases(Path(folder)), cache)
            return
        with throw_away_server() as server, closing(PostgresqlDatabases(server)) as databases:
            yield Ground(databases, cache, server)


async def _strike(ground: Ground, setup: Setup, choices: Choices) -> tuple[Findings, Counter[str]]:
    """Strike one setup."""
    strikes = choices.strikes(setup)
    since = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with opened(ground, setup, Path(folder), people=PEOPLE, seed=f"{choices.seed} {setup}") as site:
            found = await play(site, strikes, lambda name: click.echo(".", nl=False))
            log = site.installation.log
    click.echo(f"\n{setup}: {_words(site.injected)}; {_figures(found)}; {time.monotonic() - since:.0f} s")
    for problem in found.problems:
        click.echo(f"  PROBLEM {problem}")
    if found.problems:
        click.echo(log)
    return found, site.injected


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {many}" for name, many in counts.items())


def _figures(found: Findings) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {getattr(found, name)}" for name in FIGURES)


if __name__ == "__main__":
    main()

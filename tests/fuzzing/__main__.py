"""``make fuzz``: every target for a while, and what was found. ``python -m tests.fuzzing --help`` has the rest."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.fuzzing.corpus import Kept, keep, kept
from tests.fuzzing.targets import NAMES, Target, target

GROWN = Path(".fuzzing")
"""Where inputs grow on a developer's machine, beside the checkout's own."""
LONGEST_SECONDS = 20
"""For one input; more is a finding."""
MOST_MEBIBYTES = 2048
MOST_INPUT_BYTES = 8 * 1024
MOST_REPLAY_SECONDS = 1.5
"""For the inputs of a target that broke nothing: replaying them is part of the tests, which have to stay quick."""
MOST_KEPT_BYTES = 400
EXECUTIONS = re.compile(r"stat::number_of_executed_units: (\d+)")
COVERED = re.compile(r"cov: (\d+)")

names = click.argument("wanted", metavar="[TARGET]...", nargs=-1, type=click.Choice(NAMES))


@click.group()
def main() -> None:
    """Fuzz what reads input from outside, with atheris (Linux only)."""
    if find_spec("atheris") is None:
        raise click.ClickException(
            "atheris is not installed: it exists for Linux and Python up to 3.13 only. "
            "Run this there; `make test` replays everything that was found, on any system."
        )


@main.command()
@names
@click.option("--seconds", default=60, show_default=True, help="For each target.")
def run(wanted: Sequence[str], seconds: int) -> None:
    """Run targets, all without a name; exit with 1 when a law was broken."""
    broken = [name for name in wanted or NAMES if not _fuzz(name, seconds)]
    if broken:
        raise click.ClickException(f"broken: {', '.join(broken)}; the inputs are in {GROWN}/TARGET/found/")


@main.command("try")
@click.argument("name", metavar="TARGET", type=click.Choice(NAMES))
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
def try_again(name: str, files: Sequence[Path]) -> None:
    """Hand single inputs in, and see what they raise."""
    for path in files:
        target(name).check(path.read_bytes())


@main.command("keep")
@names
def keep_smallest(wanted: Sequence[str]) -> None:
    """Keep the smallest of the grown inputs that together reach all of the code that was reached."""
    for name in wanted or NAMES:
        with TemporaryDirectory() as folder:
            grown, seeds, _ = _folders(name)
            _worker(name, "-merge=1", folder, str(grown), str(seeds))
            merged = sorted((path.read_bytes() for path in Path(folder).iterdir()), key=len)
        broke = [each for each in kept(name) if each.was]
        others = [each for each in merged if each not in {one.content for one in broke}]
        chosen = [Kept(content) for content in _quick(target(name), others)]
        keep(name, [*broke, *chosen])
        click.echo(f"{name}: {len(broke)} that broke a law, {len(chosen)} of {len(others)} others")


def _quick(tried: Target, inputs: Iterable[bytes]) -> Iterator[bytes]:
    """Give inputs until replaying them would take too long."""
    tried.check(b"")  # what is loaded once is loaded before the clock runs
    spent = 0.0
    for content in inputs:
        began = time.perf_counter()
        tried.check(content)
        spent += time.perf_counter() - began
        if spent > MOST_REPLAY_SECONDS or len(content) > MOST_KEPT_BYTES:
            return
        yield content


def _fuzz(name: str, seconds: int) -> bool:
    grown, seeds, found = _folders(name)
    before = set(found.iterdir())
    output = _worker(
        name,
        f"-max_total_time={seconds}",
        f"-timeout={LONGEST_SECONDS}",
        f"-rss_limit_mb={MOST_MEBIBYTES}",
        f"-max_len={MOST_INPUT_BYTES}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        str(grown),
        str(seeds),
    )
    inputs = sorted(set(found.iterdir()) - before)
    executions, covered = ((pattern.findall(output) or ["?"])[-1] for pattern in (EXECUTIONS, COVERED))
    click.echo(f"{name:14} {executions:>9} executions, {covered:>5} places reached, {len(inputs)} findings")
    if inputs or executions == "?":
        click.echo(output.partition("Uncaught Python exception")[2][:3000] or output[-3000:])
    return not inputs and executions != "?"


def _folders(name: str) -> tuple[Path, Path, Path]:
    """Give the folders of a target: what has grown, what it begins with (written anew), what broke a law."""
    grown, seeds, found = (GROWN / name / each for each in ("grown", "seeds", "found"))
    for folder in (grown, seeds, found):
        folder.mkdir(parents=True, exist_ok=True)
    _write(seeds, (*target(name).seeds(), *(each.content for each in kept(name))))
    return grown, seeds, found


def _write(folder: Path, inputs: Iterable[bytes]) -> None:
    for path in folder.iterdir():
        path.unlink()
    for content in inputs:
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)


def _worker(name: str, *options: str) -> str:
    command = [sys.executable, "-m", "tests.fuzzing.worker", name, *options]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - our own
    return done.stdout + done.stderr


if __name__ == "__main__":
    main()

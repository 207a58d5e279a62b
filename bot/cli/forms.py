"""Questionnaires: check one, read one, write one as a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from indicators.exporting import export_form
from indicators.loading import load_form
from indicators.reporting import check_form
from indicators.showing import show_form

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def form() -> None:
    """Look after questionnaires (XLSForms: .xlsx, .csv or .md)."""


@form.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Say whether a questionnaire can be used, and what to do where it cannot."""
    report = check_form(file)
    click.echo(report)
    if report.problems:
        raise SystemExit(1)


@form.command()
@click.argument("file", type=FILE)
@click.option("--language", default="id", show_default=True, help="Language of the texts: id or en.")
def show(file: Path, language: str) -> None:
    """Show a questionnaire as a person would meet it."""
    click.echo(show_form(load_form(file), language))


@form.command()
@click.argument("file", type=FILE)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path, out: Path) -> None:
    """Write a questionnaire as .xlsx, for Excel and KoBoToolbox."""
    export_form(file, out)
    click.echo(f"Written: {out}")

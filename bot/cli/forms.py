"""Questionnaires: check one, read one, write one as a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from bot.composition import INSTRUMENT
from bot.settings import Settings
from indicators.loading import load_form
from indicators.reporting import check_form
from indicators.showing import show_form


class FormPath(click.ParamType[Path]):
    """A file, or the key of a form of the instrument (``dekela``)."""

    name = "form"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Give the file."""
        given = Path(value)
        ours = (Settings().instrument_folder or INSTRUMENT) / f"{given.name}.md"
        for path in (given, ours):
            if path.is_file():
                return path
        return self.fail(f"expected a file, or a form of the instrument; {value} is neither", param, ctx)


FORM = FormPath()


@click.group("form")
def forms() -> None:
    """Look after questionnaires: files (.xlsx, .csv or .md), or those of the instrument (dekela)."""


@forms.command()
@click.argument("form", metavar="FORM", type=FORM)
def check(form: Path) -> None:
    """Say whether a questionnaire can be used, and what to do where it cannot."""
    report = check_form(form)
    click.echo(report)
    if report.problems:
        raise SystemExit(1)


@forms.command()
@click.argument("form", metavar="FORM", type=FORM)
@click.option("--language", default="id", show_default=True, help="Language of the texts: id or en.")
def show(form: Path, language: str) -> None:
    """Show a questionnaire as a person would meet it."""
    click.echo(show_form(load_form(form), language))


@forms.command()
@click.argument("form", metavar="FORM", type=FORM)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def export(form: Path, out: Path) -> None:
    """Write a questionnaire as .xlsx, for Excel and KoBoToolbox."""
    from indicators.exporting import export_form

    export_form(form, out)
    click.echo(f"Written: {out}")

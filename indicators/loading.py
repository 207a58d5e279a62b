"""Loading a questionnaire, and a whole year's instrument, from files."""

from __future__ import annotations

from pathlib import Path

from indicators.building import build_form
from indicators.form import Form
from indicators.problems import FormError
from indicators.source import read_source


def load_form(path: Path, cache: Path | None = None) -> Form:
    """Load an XLSForm (``.md``, ``.xlsx`` or ``.csv``), checked through and through.

    ``cache`` is a folder in which the program may keep what pyxform read; it is faster from the second time on.

    Raises:
        FormError: it cannot be used; carries all the problems that were found.
    """
    form, sheets = build_form(read_source(path, cache))
    if sheets.problems:
        raise FormError(path.name, sheets.problems)
    return form
